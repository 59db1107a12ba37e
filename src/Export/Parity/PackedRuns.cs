using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The session whose logits a <see cref="ParityCheck"/> compares. It begins with the first image that it is asked for, and its packed
/// weights can be given up in between.</summary>
internal sealed class PackedRuns(EvitFile file, SessionOptions? options) : IDisposable
{
    private EvitModel? _model;
    private Session? _session;

    /// <summary>What the session that ran last ran with.</summary>
    public string KernelName { get; private set; } = "";

    /// <summary>The logits of one image, normalised, <c>[3, H, W]</c>.</summary>
    /// <exception cref="ArgumentException">It is of another size.</exception>
    public float[] Logits(ReadOnlySpan<float> input)
    {
        _model ??= EvitModel.Load(file);
        _session ??= _model.CreateSession(options);
        KernelName = _session.KernelName;
        return Run(_session, input);
    }

    /// <summary>The same by the plainest kernels.</summary>
    public float[] ScalarLogits(ReadOnlySpan<float> input)
    {
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession(new SessionOptions { Kernel = KernelChoice.Scalar });
        return Run(session, input);
    }

    /// <summary>Gives up the packed weights until the next image.</summary>
    public void Release()
    {
        _session?.Dispose();
        _model?.Dispose();
        (_session, _model) = (null, null);
    }

    public void Dispose() => Release();

    private float[] Run(Session session, ReadOnlySpan<float> input)
    {
        var logits = new float[file.Labels.Count];
        session.RunNchw(input, logits);
        return logits;
    }
}
