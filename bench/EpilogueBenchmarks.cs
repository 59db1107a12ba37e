using BenchmarkDotNet.Attributes;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>What follows a binary product in the same pass: nothing but its scale, the shortcut, RPReLU, or all with the next signs and a second
/// product. The differences between the rows are the costs.</summary>
public class EpilogueBenchmarks
{
    private const int Grid = 14;
    private const int Channels = 256;

    private EvitModel? _model;
    private Session? _session;
    private float[] _input = [];
    private readonly float[] _logits = new float[2];

    [Params("scale", "scale+add", "scale+add+rprelu", "scale+add+rprelu+sign+product")]
    public string Epilogue { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var network = new SyntheticNetwork(Grid, Channels);
        network.Patches();
        network.Node(Op.ShiftSign, "signs", ["patches"], new() { ["shift"] = network.Floats("shift", Channels) });
        string last = Product(network, "product", "signs");
        if (Epilogue.Contains("add", StringComparison.Ordinal))
        {
            last = network.Node(Op.Add, "sum", [last, "patches"], []);
        }

        if (Epilogue.Contains("rprelu", StringComparison.Ordinal))
        {
            last = network.Node(Op.RPReLU, "rprelu", [last], new() { ["shift"] = network.Floats("rs", Channels), ["slope"] = network.Floats("rl", Channels), ["offset"] = network.Floats("ro", Channels) });
        }

        if (Epilogue.Contains("sign", StringComparison.Ordinal))
        {
            last = Product(network, "second", network.Node(Op.ShiftSign, "next", [last], new() { ["shift"] = "shift" }));
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

    private static string Product(SyntheticNetwork network, string name, string input) => network.Node(Op.BinaryLinear, name, [input], new()
    {
        ["weight"] = network.Bits($"{name}.weight", Channels, Channels),
        ["scale"] = network.Floats($"{name}.scale", Channels),
        ["offset"] = network.Floats($"{name}.offset", Channels),
    });
}
