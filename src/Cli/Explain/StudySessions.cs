using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What a thread of a <see cref="DataStudy"/> runs with.</summary>
internal sealed class StudySessions : IDisposable
{
    private readonly PreprocessPipeline _pipeline;
    private readonly Session _session;
    private readonly (Session Session, int Channels)[] _probes;
    private readonly float[] _logits;

    public StudySessions(EvitModel model, IReadOnlyList<EvitModel> probes)
    {
        _pipeline = new PreprocessPipeline(model.Preprocess);
        Pixels = new byte[_pipeline.Length];
        _session = model.CreateSession();
        _probes = [.. probes.Select(p => (p.CreateSession(), p.Classes))];
        _logits = new float[model.Classes];
    }

    /// <summary>The image as it was prepared last.</summary>
    public byte[] Pixels { get; }

    public void Prepare(RgbImage image) => _pipeline.ToPixels(image, Pixels);

    /// <summary>What the prepared image shows.</summary>
    public (int Class, double Probability) Predict() => Predict(Pixels);

    /// <summary>What pixels of the network's size show.</summary>
    public (int Class, double Probability) Predict(ReadOnlySpan<byte> pixels)
    {
        _session.RunNhwc(pixels, _logits);
        Prediction best = Prediction.Top(_logits, [.. _logits.Select(_ => "")], 1)[0];
        return (best.Index, best.Probability);
    }

    /// <summary>The means of each stage's channels for the prepared image.</summary>
    public float[][] Means() =>
    [
        .. _probes.Select(p =>
        {
            float[] means = new float[p.Channels];
            p.Session.RunNhwc(Pixels, means);
            return means;
        }),
    ];

    public void Dispose()
    {
        _session.Dispose();
        foreach ((Session session, int _) in _probes)
        {
            session.Dispose();
        }
    }
}
