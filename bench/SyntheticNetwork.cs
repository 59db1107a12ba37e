using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Small networks around what is to be measured: a patch embedding, signs, then nodes of the benchmark's own, then a classifier of
/// the last node's tokens.</summary>
internal sealed class SyntheticNetwork(int grid, int channels)
{
    private readonly Random _random = new(1);
    private readonly Dictionary<string, StoredTensor> _tensors = [];
    private readonly List<GraphNode> _nodes = [];

    /// <summary>Random floats between -0.5 and 0.5 as a tensor.</summary>
    public string Floats(string name, params int[] shape)
    {
        float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => _random.NextSingle() - 0.5f)];
        _tensors[name] = TensorData.Of(name, values, shape);
        return name;
    }

    /// <summary>Random sign bits as a tensor.</summary>
    public string Bits(string name, int rows, int columns)
    {
        ulong[] words = [.. Enumerable.Range(0, rows * columns / 64).Select(_ => (ulong)_random.NextInt64(long.MinValue, long.MaxValue))];
        _tensors[name] = TensorData.Of(name, words, rows, columns / 64);
        return name;
    }

    /// <summary>A tensor as it is.</summary>
    public string Tensor(StoredTensor tensor)
    {
        _tensors[tensor.Name] = tensor;
        return tensor.Name;
    }

    /// <summary>Adds a node; its output has its name.</summary>
    public string Node(Op op, string name, string[] inputs, Dictionary<string, string> tensors, params (string Name, int Value)[] attributes)
    {
        _nodes.Add(new GraphNode(op, name, inputs, name, tensors, attributes.ToDictionary(a => a.Name, a => a.Value)));
        return name;
    }

    /// <summary>The embedding; its output is <c>patches</c>.</summary>
    public string Patches() => Node(Op.Conv2d, "patches", ["image"], new() { ["weight"] = Floats("w", channels, 3, 2, 2) }, ("stride", 2), ("padding", 0));

    /// <summary>The finished model.</summary>
    /// <param name="last">Tokens of the same number of channels.</param>
    public EvitModel Build(string last)
    {
        Node(Op.MeanTokens, "mean", [last], []);
        Node(Op.Linear, "logits", ["mean"], new() { ["weight"] = Floats("head", 2, channels) });
        int side = 2 * grid;
        var graph = new ModelGraph("synthetic", "image", [3, side, side], "logits", _nodes);
        var preprocess = new Preprocess(side, side, side, Interpolation.Bilinear, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);
        return EvitModel.Load(EvitFile.Parse(EvitWriter.ToBytes(new LoweredModel(graph, _tensors), preprocess, ["a", "b"], "{}")));
    }
}
