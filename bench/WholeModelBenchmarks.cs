using BenchmarkDotNet.Attributes;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Bytes to logits of whole networks, random weights.</summary>
[MemoryDiagnoser]
public class WholeModelBenchmarks
{
    private EvitModel? _model;
    private Session? _session;
    private byte[] _pixels = [];
    private float[] _logits = [];

    [Params("binaryvit-nano", "binaryvit-32", "binaryvit-small")]
    public string Network { get; set; } = "";

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _model = RandomModels.Preset(Network);
        _session = _model.CreateSession(new SessionOptions { Threads = Threads });
        _pixels = new byte[_model.InputShape.Aggregate(1, (product, size) => product * size)];
        new Random(1).NextBytes(_pixels);
        _logits = new float[_model.Classes];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _session?.Dispose();
        _model?.Dispose();
    }

    [Benchmark]
    public void Run() => _session!.RunNhwc(_pixels, _logits);
}
