namespace EdgeVit.Runtime;

/// <summary>A model ready to run. Its weights are shared by all of its sessions; it is safe to use from several threads, and its sessions
/// go on when it is disposed before them.</summary>
public sealed class EvitModel : IDisposable
{
    private readonly ExecutionPlan?[] _plans = new ExecutionPlan?[KernelSets.Count];
    private readonly Lock _lock = new();
    private bool _disposed;

    private EvitModel(EvitFile file) => File = file;

    internal EvitFile File { get; }

    /// <summary>Number of logits.</summary>
    public int Classes => Labels.Count;

    /// <summary>Class names.</summary>
    public IReadOnlyList<string> Labels => File.Labels;

    /// <summary><c>[3, H, W]</c>.</summary>
    public IReadOnlyList<int> InputShape => File.Graph.InputShape;

    /// <summary>Where the model comes from: data, teacher, recipe, seed, accuracy, as a JSON object.</summary>
    public string Provenance => File.Provenance;

    /// <summary>From a decoded image to the input.</summary>
    public Preprocess Preprocess => File.Preprocess;

    /// <summary>Opens a model file.</summary>
    /// <exception cref="EvitFormatException">There is no such file, or it is not a valid model.</exception>
    public static EvitModel Open(string path) => Load(EvitFile.Read(path));

    /// <summary>Loads a model from a file's bytes, an embedded resource's for instance.</summary>
    /// <param name="file">Kept, not copied.</param>
    /// <exception cref="EvitFormatException">The bytes are not a valid model.</exception>
    public static EvitModel Load(ReadOnlyMemory<byte> file) => Load(EvitFile.Parse(file));

    /// <summary>Loads a model that was read before.</summary>
    internal static EvitModel Load(EvitFile file) => new EvitModel(file);

    /// <summary>A session: the memory and the threads to run with, for one caller at a time. The first session of a kernel set packs the
    /// weights.</summary>
    /// <exception cref="KernelNotSupportedException">The kernel set asked for does not run here.</exception>
    /// <exception cref="EvitFormatException">The network needs more memory than any should.</exception>
    public Session CreateSession(SessionOptions? options = null)
    {
        options ??= new SessionOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Threads, SessionOptions.MaxThreads, nameof(options));
        KernelChoice kernel = KernelSets.Resolve(options.Kernel);
        ExecutionPlan? plan;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            plan = _plans[(int)kernel] ??= ExecutionPlan.Build(File, KernelSets.Make(kernel));
            plan.Hold();
        }

        return new Session(this, kernel, plan, options.Threads);
    }

    /// <summary>What runs each node on this machine, by node name: <c>compiled</c> where its step gets machine code of its own, else the name of a
    /// kernel set. Nodes that are only looked through run nothing and are absent.</summary>
    /// <param name="kernel">The kernel set, or null for the one that a session gets.</param>
    /// <exception cref="KernelNotSupportedException">The kernel set asked for does not run here.</exception>
    /// <exception cref="EvitFormatException">The network needs more memory than any should.</exception>
    internal IReadOnlyDictionary<string, string> NodeKernels(KernelChoice? kernel = null)
    {
        var plan = ExecutionPlan.Build(File, KernelSets.Make(KernelSets.Resolve(kernel)));
        try
        {
            return plan.NodeKernels();
        }
        finally
        {
            plan.Release();
        }
    }

    /// <summary>Computes the file's self-test on a fresh session and compares the logits bit for bit.</summary>
    public SelfTestResult RunSelfTest(SessionOptions? options = null)
    {
        if (File.SelfTest is not { } test)
        {
            return new SelfTestResult(false, false, [], []);
        }

        using Session session = CreateSession(options);
        var logits = new float[Classes];
        session.RunNchw(SelfTest.Input(test.Seed, InputShape), logits);
        bool same = true;
        for (int i = 0; i < logits.Length; i++)
        {
            same &= BitConverter.SingleToUInt32Bits(logits[i]) == BitConverter.SingleToUInt32Bits(test.Logits[i]);
        }

        return new SelfTestResult(true, same, test.Logits, logits);
    }

    /// <summary>Gives up the packed weights; they are freed with the last session.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                foreach (ExecutionPlan? plan in _plans)
                {
                    plan?.Release();
                }
            }
        }
    }
}

/// <summary>The outcome of a self-test.</summary>
/// <param name="Present">The file has a self-test.</param>
/// <param name="Passed">Every logit has the stored bits.</param>
/// <param name="Expected">The stored logits.</param>
/// <param name="Found">The logits computed here.</param>
public sealed record SelfTestResult(bool Present, bool Passed, IReadOnlyList<float> Expected, IReadOnlyList<float> Found);
