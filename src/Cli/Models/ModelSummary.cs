using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>One line of the layer table: a node, or a module with all of its nodes.</summary>
/// <param name="Name">Module path.</param>
/// <param name="Kind">The op, or the count of nodes.</param>
/// <param name="Shape">Shape of the output.</param>
/// <param name="Bits">Bits of weights, as they are stored, and of the activations that they are multiplied with, such as <c>1/1</c> or <c>16/32</c>;
/// <c>-</c> where it multiplies no weights.</param>
/// <param name="Bytes">Bytes of its tensors in the file.</param>
/// <param name="BinaryMacs">Binary multiply-adds per image.</param>
/// <param name="FloatMacs">Float multiply-adds per image.</param>
/// <param name="ElementOps">Element-wise operations per image: additions, activations, signs, averages.</param>
/// <param name="Kernel">What runs it on this machine; <c>-</c> for what is only looked through.</param>
internal sealed record LayerLine(string Name, string Kind, string Shape, string Bits, long Bytes, double BinaryMacs, double FloatMacs, double ElementOps, string Kernel);

/// <summary>What of a model is not 1-bit.</summary>
/// <param name="Kind">The op.</param>
/// <param name="Nodes">How many nodes.</param>
/// <param name="Bytes">Bytes of their float tensors.</param>
/// <param name="FloatMacs">Float multiply-adds per image.</param>
/// <param name="ElementOps">Element-wise operations per image.</param>
/// <param name="Reason">Why it is not binary.</param>
internal sealed record FloatPart(string Kind, int Nodes, long Bytes, double FloatMacs, double ElementOps, string Reason);

/// <summary>The sizes and costs of a model: what <c>inspect</c> shows.</summary>
internal sealed class ModelSummary
{
    private static readonly Dictionary<Op, string> s_reasons = new()
    {
        [Op.Conv2d] = "the patch embedding sees pixels, not signs",
        [Op.Linear] = "the classifier decides by small differences; it is tiny",
        [Op.Position] = "added once per stage",
        [Op.Affine] = "batch norms and layer scales, folded",
        [Op.ShiftSign] = "thresholds that make the bits",
        [Op.BinaryLinear] = "scale and offset of each output of a 1-bit product",
        [Op.BinaryConv] = "scale and offset of each output of a 1-bit product",
        [Op.BinaryAttention] = "the softmax table and the scales of 1-bit attention",
        [Op.RPReLU] = "the activation works on real values",
        [Op.AvgPool2d] = "averages are real values",
        [Op.Add] = "shortcuts carry real values past the 1-bit products",
        [Op.ScaledSum] = "shortcuts and layer scales carry real values past the 1-bit products",
        [Op.GroupMeanChannels] = "averages are real values",
        [Op.MeanTokens] = "averages are real values",
        [Op.LayerNorm] = "divides by a deviation of real values",
        [Op.Gelu] = "the activation works on real values",
        [Op.SoftmaxAttention] = "attention of a float network",
        [Op.SpatialShift] = "the channels of neighbours, real values",
        [Op.PrependTokens] = "the class token",
    };

    private readonly IReadOnlyList<NodeFacts> _facts;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _kernels;

    /// <summary>Sums up a file.</summary>
    public ModelSummary(EvitFile file)
    {
        File = file;
        _kernels = new(() =>
        {
            using EvitModel model = EvitModel.Load(file);
            return model.NodeKernels();
        });
        _facts = GraphCost.Of(file.Graph, file.Tensors);
        BinaryWeights = _facts.Sum(f => f.WeightBits);
        long tensorBytes = _facts.Sum(f => f.Bytes);
        BinaryBytes = _facts.Sum(f => f.WeightBits > 0 ? TensorBytes(f.Node, StoredType.U64) : 0);
        FloatParameters = file.Tensors.Values.Sum(t => t.Type is StoredType.F32 or StoredType.F16 ? Elements(t) : 0);
        FloatBytes = tensorBytes - BinaryBytes;
        BinaryMacs = _facts.Sum(f => f.Cost.BinaryMacs);
        FloatMacs = _facts.Sum(f => f.Cost.FloatMacs);
        ElementOps = _facts.Sum(f => f.Cost.ElementOps);
    }

    /// <summary>The file.</summary>
    public EvitFile File { get; }

    /// <summary>Weights of one bit.</summary>
    public long BinaryWeights { get; }

    /// <summary>Numbers stored as floats.</summary>
    public long FloatParameters { get; }

    /// <summary>Bytes of the packed sign bits.</summary>
    public long BinaryBytes { get; }

    /// <summary>Bytes of everything else among the tensors.</summary>
    public long FloatBytes { get; }

    /// <summary>Binary multiply-adds per image.</summary>
    public double BinaryMacs { get; }

    /// <summary>Float multiply-adds per image.</summary>
    public double FloatMacs { get; }

    /// <summary>Element-wise operations per image.</summary>
    public double ElementOps { get; }

    /// <summary>Bytes of the same parameters as 32-bit floats.</summary>
    public long Fp32Bytes => 4 * (BinaryWeights + FloatParameters);

    /// <summary>Share of the multiply-adds that are binary, 0 to 1.</summary>
    public double BinaryShare => BinaryMacs + FloatMacs > 0 ? BinaryMacs / (BinaryMacs + FloatMacs) : 0;

    /// <summary>One line per node, in execution order.</summary>
    public IReadOnlyList<LayerLine> Nodes() => [.. _facts.Select(f => new LayerLine(
        f.Node.Name, f.Node.Op.ToString(), f.Shape.ToString(), Bits(f), f.Bytes, f.Cost.BinaryMacs, f.Cost.FloatMacs, f.Cost.ElementOps, Kernel(f)))];

    /// <summary>One line per module: a block, a down-sampling, the embeddings, the head.</summary>
    public IReadOnlyList<LayerLine> Modules() => [.. _facts.GroupBy(f => GraphModule.Of(f.Node.Name)).Select(g => new LayerLine(
        g.Key,
        $"{g.Count()} nodes",
        g.Last().Shape.ToString(),
        string.Join(' ', g.Select(Bits).Where(b => b != "-").Distinct()) is { Length: > 0 } bits ? bits : "-",
        g.Sum(f => f.Bytes),
        g.Sum(f => f.Cost.BinaryMacs),
        g.Sum(f => f.Cost.FloatMacs),
        g.Sum(f => f.Cost.ElementOps),
        string.Join(", ", g.Select(Kernel).Where(k => k != "-").Distinct())))];

    /// <summary>What stays float and why, the largest first.</summary>
    public IReadOnlyList<FloatPart> NotBinary() => [.. _facts.GroupBy(f => f.Node.Op)
        .Select(g => new FloatPart(
            g.Key.ToString(),
            g.Count(),
            g.Sum(f => f.Bytes - (f.WeightBits > 0 ? TensorBytes(f.Node, StoredType.U64) : 0)),
            g.Sum(f => f.Cost.FloatMacs),
            g.Sum(f => f.Cost.ElementOps),
            g.Key == Op.Linear && BinaryWeights == 0 ? "the products of a float network" : s_reasons.GetValueOrDefault(g.Key, "moves values without computing")))
        .OrderByDescending(p => p.FloatMacs + p.ElementOps)];

    private string Kernel(NodeFacts facts) => _kernels.Value.GetValueOrDefault(facts.Node.Name, "-");

    private string Bits(NodeFacts facts) => facts.Node.Op switch
    {
        Op.BinaryLinear or Op.BinaryConv => "1/1",
        Op.BinaryAttention => AttentionAttributes.Levels(facts.Node) == 1 ? "-/1" : "-/2",
        Op.SoftmaxAttention => "-/32",
        Op.Conv2d or Op.Linear => File.Tensors[facts.Node.Tensors["weight"]].Type == StoredType.F16 ? "16/32" : "32/32",
        _ => "-",
    };

    private long TensorBytes(GraphNode node, StoredType type) =>
        node.Tensors.Values.Select(t => File.Tensors[t]).Where(t => t.Type == type).Sum(t => (long)t.Bytes.Length);

    private static long Elements(StoredTensor tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);
}
