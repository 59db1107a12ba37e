using BenchmarkDotNet.Attributes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Opening a model in a process that has done so before: reading and checking the file, then planning and packing its weights. What a
/// fresh process takes is 'edgevit bench --cold'.</summary>
internal class LoadBenchmarks
{
    private byte[] _bytes = [];
    private EvitFile? _file;

    [GlobalSetup]
    public void Setup()
    {
        _bytes = RandomModels.Bytes(BinaryViTPresets.Get("binaryvit-small"));
        _file = EvitFile.Parse(_bytes);
    }

    [Benchmark]
    public EvitFile Parse() => EvitFile.Parse(_bytes);

    [Benchmark]
    public long Plan()
    {
        using EvitModel model = EvitModel.Load(_file!);
        using Session session = model.CreateSession();
        return session.WeightBytes;
    }
}
