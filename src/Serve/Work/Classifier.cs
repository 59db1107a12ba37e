using System.Diagnostics;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Serve;

/// <summary>From an image file to classes, with memory of its own: for one thread at a time.</summary>
internal sealed class Classifier : IDisposable
{
    private readonly EvitModel _model;
    private readonly Session _session;
    private readonly PreprocessPipeline _pipeline;
    private readonly long _maxPixels;
    private readonly DecodingMemory _memory;
    private readonly byte[] _pixels;
    private readonly float[] _logits;

    public Classifier(EvitModel model, SessionOptions options, long maxPixels, DecodingMemory memory)
    {
        _model = model;
        _session = model.CreateSession(options);
        _pipeline = new PreprocessPipeline(model.Preprocess);
        _maxPixels = maxPixels;
        _memory = memory;
        _pixels = new byte[_pipeline.Length];
        _logits = new float[model.Classes];
        Probe();
    }

    public string KernelName => _session.KernelName;

    /// <summary>Runs the network on a grey image: that it comes back is the sign of life.</summary>
    public void Probe()
    {
        Array.Fill(_pixels, (byte)128);
        _session.RunNhwc(_pixels, _logits);
    }

    /// <summary>Classifies an image file of so many pixels.</summary>
    /// <exception cref="ImageException">It is none, or damaged.</exception>
    public Classification Classify(ReadOnlySpan<byte> file, long pixels, int top, double queueMs)
    {
        long start = Stopwatch.GetTimestamp();
        long decoded, prepared;
        string? warning;
        _memory.Enter(pixels);
        try
        {
            RgbImage image = ImageDecoder.Decode(file, ImageCheck.Name, _maxPixels, out warning);
            decoded = Stopwatch.GetTimestamp();
            _pipeline.ToPixels(image, _pixels);
            prepared = Stopwatch.GetTimestamp();
        }
        finally
        {
            _memory.Leave(pixels);
        }

        _session.RunNhwc(_pixels, _logits);
        long ran = Stopwatch.GetTimestamp();
        return new Classification(
            Prediction.Top(_logits, _model.Labels, top), queueMs, Milliseconds(start, decoded), Milliseconds(decoded, prepared), Milliseconds(prepared, ran), warning);
    }

    public void Dispose() => _session.Dispose();

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
