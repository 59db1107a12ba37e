using BenchmarkDotNet.Attributes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Integer attention alone: a graph of a patch embedding, signs and attention, against the same graph without the two.
/// The difference is the attention.</summary>
public class AttentionBenchmarks
{
    private const int HeadSize = 64;

    private EvitModel? _model;
    private Session? _session;
    private float[] _input = [];
    private readonly float[] _logits = new float[2];

    [Params(1, 4)]
    public int Heads { get; set; }

    [Params(8, 14)]
    public int Grid { get; set; }

    [Params(false, true)]
    public bool Attention { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _model = EvitModel.Load(Build());
        _session = _model.CreateSession();
        _input = SelfTest.Input(1, _model.InputShape);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _session?.Dispose();
        _model?.Dispose();
    }

    [Benchmark]
    public void Run() => _session!.Run(_input, _logits);

    private EvitFile Build()
    {
        int channels = Heads * HeadSize, side = Grid * 2;
        var random = new Random(1);
        var tensors = new Dictionary<string, StoredTensor>();
        string Floats(string name, params int[] shape)
        {
            float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)];
            tensors[name] = TensorData.Of(name, values, shape);
            return name;
        }

        var nodes = new List<GraphNode>
        {
            Node(Op.Conv2d, "patches", ["image"], new() { ["weight"] = Floats("w", channels, 3, 2, 2) }, ("stride", 2), ("padding", 0)),
        };
        string last = "patches";
        if (Attention)
        {
            nodes.Add(Node(Op.ShiftSign, "signs", ["patches"], new() { ["shift"] = Floats("shift", channels) }));
            tensors["exp"] = TensorData.Of("exp", [.. Enumerable.Range(0, HeadSize + 1).Select(m => (long)Math.Round(Math.Pow(2, 46) * Math.Exp(((2 * m) - (2 * HeadSize)) / Math.Sqrt(HeadSize))))], HeadSize + 1);
            tensors["clip"] = TensorData.Of("clip", [.. Enumerable.Repeat(2f / (Grid * Grid), Heads)], Heads);
            nodes.Add(Node(Op.BinaryAttention, "attention", ["signs", "signs", "signs"],
                new() { ["exp"] = "exp", ["clip"] = "clip", ["scale"] = Floats("scale", channels), ["offset"] = Floats("offset", channels) }, ("heads", Heads)));
            last = "attention";
        }
        nodes.Add(Node(Op.MeanTokens, "mean", [last], []));
        nodes.Add(Node(Op.Linear, "logits", ["mean"], new() { ["weight"] = Floats("head", 2, channels) }));
        var graph = new ModelGraph("attention", "image", [3, side, side], "logits", nodes);
        var preprocess = new Preprocess(side, side, side, Interpolation.Bilinear, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);
        return EvitFile.Parse(EvitWriter.ToBytes(new LoweredModel(graph, tensors), preprocess, ["a", "b"], "{}"));
    }

    private static GraphNode Node(Op op, string name, string[] inputs, Dictionary<string, string> tensors, params (string Name, int Value)[] attributes) =>
        new(op, name, inputs, name, tensors, attributes.ToDictionary(a => a.Name, a => a.Value));
}
