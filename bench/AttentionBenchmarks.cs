using BenchmarkDotNet.Attributes;
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
        int channels = Heads * HeadSize;
        var network = new SyntheticNetwork(Grid, channels);
        string last = network.Patches();
        if (Attention)
        {
            network.Node(Op.ShiftSign, "signs", ["patches"], new() { ["shift"] = network.Floats("shift", channels) });
            network.Tensor(TensorData.Of("exp", [.. Enumerable.Range(0, HeadSize + 1).Select(m => (long)Math.Round(Math.Pow(2, 46) * Math.Exp(((2 * m) - (2 * HeadSize)) / Math.Sqrt(HeadSize))))], HeadSize + 1));
            network.Tensor(TensorData.Of("clip", [.. Enumerable.Repeat(2f / (Grid * Grid), Heads)], Heads));
            last = network.Node(Op.BinaryAttention, "attention", ["signs", "signs", "signs"],
                new() { ["exp"] = "exp", ["clip"] = "clip", ["scale"] = network.Floats("scale", channels), ["offset"] = network.Floats("offset", channels) }, ("heads", Heads));
        }
        _model = network.Build(last);
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
    public void Run() => _session!.RunNchw(_input, _logits);
}
