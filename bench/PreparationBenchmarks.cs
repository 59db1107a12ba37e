using BenchmarkDotNet.Attributes;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>From a decoded picture of a camera's size to the network's input: resize and crop as ImageNet's evaluation does, and
/// normalisation.</summary>
public class PreparationBenchmarks
{
    private readonly RgbImage _picture = new(640, 480);
    private PreprocessPipeline? _pipeline;
    private byte[] _pixels = [];
    private float[] _floats = [];

    [Params(Interpolation.Bilinear, Interpolation.Bicubic)]
    public Interpolation Interpolation { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        new Random(1).NextBytes(_picture.Pixels);
        _pipeline = new PreprocessPipeline(new Preprocess(224, 224, 256, Interpolation, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]));
        _pixels = new byte[_pipeline.Length];
        _floats = new float[_pipeline.Length];
    }

    [Benchmark]
    public void Resize() => _pipeline!.ToPixels(_picture, _pixels);

    [Benchmark]
    public void Normalise() => _pipeline!.Normalise(_pixels, _floats);
}
