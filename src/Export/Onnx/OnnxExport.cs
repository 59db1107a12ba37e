using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>A model as an ONNX graph of standard float operators. Input <c>image</c> <c>[n, 3, H, W]</c>, normalised, n free; output <c>logits</c>
/// <c>[n, classes]</c>; every value in between carries the name that it has in the <c>.evit</c> graph, tokens as <c>[n, N, C]</c>, signs as floats of
/// -1 and +1.</summary>
/// <remarks>
/// <para>Signs are the result of a comparison, <c>Where(x + shift &gt;= 0, 1, -1)</c>, so that <c>sign(0) = +1</c>; ONNX's <c>Sign</c> gives 0.
/// A binary product is a float product of such signs: an integer below 2^24, exact in any order of summation.</para>
/// <para>Attention is that of the packed model in 32-bit floats, see <see cref="OnnxAttention"/>. Its bits are the runtime's.</para>
/// <para>What may differ is the last place of float reductions (the first convolution, pools, means, the classifier), which other runtimes sum in
/// other orders and without fused multiply-adds. A sign whose argument lies within that rounding of zero is a tie, and may fall on either
/// side.</para>
/// </remarks>
internal sealed class OnnxExport
{
    private readonly OnnxGraph _graph;
    private readonly EvitFile _file;
    private readonly HashSet<string> _once = new(StringComparer.Ordinal);

    private OnnxExport(EvitFile file, int opset)
    {
        _file = file;
        _graph = new OnnxGraph(file.Graph.Name, opset);
    }

    public const string OutputName = "logits";

    public const string InputName = "image";

    /// <summary>The ONNX file's bytes. With <paramref name="everyValue"/> every value is an output, to be compared one by one; the certificate, a
    /// JSON object, goes into the metadata.</summary>
    /// <exception cref="NotSupportedException">The model has an op that has no translation.</exception>
    public static byte[] Write(EvitFile file, int opset = OnnxGraph.DefaultOpset, bool everyValue = false, string? certificate = null) =>
        new OnnxExport(file, opset).Build(everyValue, certificate);

    private byte[] Build(bool everyValue, string? certificate)
    {
        ModelGraph graph = _file.Graph;
        IReadOnlyList<int> image = graph.InputShape;
        _graph.Input(InputName, OnnxType.Float, -1, image[0], image[1], image[2]);
        foreach (GraphNode node in graph.Nodes)
        {
            OnnxOps.Translate(new OnnxNode(this, node));
        }

        int classes = _file.Shapes[graph.OutputName].Channels;
        _graph.Named("Reshape", OutputName, [Value(graph.OutputName), Sizes(-1, classes)]);
        _graph.Output(OutputName, OnnxType.Float, -1, classes);
        if (everyValue)
        {
            foreach (GraphNode node in graph.Nodes.Where(n => n.Output != graph.OutputName))
            {
                _graph.Output(Value(node.Output), OnnxType.Float, -1, _file.Shapes[node.Output].Tokens, _file.Shapes[node.Output].Channels);
            }
        }
        var metadata = new Dictionary<string, string>
        {
            ["edgevit.source_sha256"] = _file.Sha256,
            ["edgevit.labels"] = MetadataJson.WriteLabels(_file.Labels),
            ["edgevit.preprocess"] = MetadataJson.WritePreprocess(_file.Preprocess),
            ["edgevit.provenance"] = _file.Provenance,
        };
        if (certificate is not null)
        {
            metadata["edgevit.certificate"] = certificate;
        }

        return _graph.ToBytes($"{graph.Name}, exported by EdgeVit. Signs are floats of -1 and +1.", metadata);
    }

    internal OnnxGraph Graph => _graph;

    internal EvitFile File => _file;

    /// <summary>The name of a value: the graph's own, but for the logits, which get another shape under it.</summary>
    internal string Value(string name) => name == _file.Graph.InputName ? InputName : name == _file.Graph.OutputName ? $"{OutputName}.tokens" : name == OutputName || name == InputName ? $"{name}.value" : name;

    /// <summary>Sizes for a Reshape or a Slice, stored once.</summary>
    internal string Sizes(params long[] sizes) => Once($"shape.{string.Join('x', sizes)}", n => _graph.Constant(n, sizes, sizes.Length));

    /// <summary>A constant that several nodes use, made by the first.</summary>
    internal string Once(string name, Func<string, string> make) => _once.Add(name) ? make(name) : name;
}
