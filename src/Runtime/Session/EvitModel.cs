namespace EdgeVit.Runtime;

/// <summary>A model ready to run. Its weights are shared by all of its sessions; it is safe to use from several threads. Dispose it after its
/// sessions.</summary>
public sealed class EvitModel : IDisposable
{
    private EvitModel(EvitFile file) => File = file;

    /// <summary>The file that it was loaded from.</summary>
    public EvitFile File { get; }

    /// <summary>Number of logits.</summary>
    public int Classes => Labels.Count;

    /// <summary>Class names.</summary>
    public IReadOnlyList<string> Labels => File.Labels;

    /// <summary><c>[3, H, W]</c>.</summary>
    public IReadOnlyList<int> InputShape => File.Graph.InputShape;

    /// <summary>From a decoded image to the input.</summary>
    public Preprocess Preprocess => File.Preprocess;

    /// <summary>Opens a model file.</summary>
    /// <exception cref="EvitFormatException">There is no such file, or it is not a valid model.</exception>
    public static EvitModel Open(string path) => Load(EvitFile.Read(path));

    /// <summary>Loads a model that was read before.</summary>
    public static EvitModel Load(EvitFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new EvitModel(file);
    }

    /// <summary>A session: the scratch memory and the threads to run with, for one caller at a time.</summary>
    /// <exception cref="KernelNotSupportedException">The kernel set asked for does not run here.</exception>
    public Session CreateSession(SessionOptions? options = null) => new(this, options ?? new SessionOptions());

    /// <summary>Computes the file's self-test on a fresh session and compares the logits bit for bit.</summary>
    public SelfTestResult RunSelfTest(SessionOptions? options = null)
    {
        if (File.SelfTest is not { } test)
        {
            return new SelfTestResult(false, false, [], []);
        }

        using Session session = CreateSession(options);
        var logits = new float[Classes];
        session.Run(SelfTest.Input(test.Seed, InputShape), logits);
        bool same = true;
        for (int i = 0; i < logits.Length; i++)
        {
            same &= BitConverter.SingleToUInt32Bits(logits[i]) == BitConverter.SingleToUInt32Bits(test.Logits[i]);
        }

        return new SelfTestResult(true, same, test.Logits, logits);
    }

    /// <summary>Frees the packed weights.</summary>
    public void Dispose()
    {
    }
}

/// <summary>The outcome of a self-test.</summary>
/// <param name="Present">The file has a self-test.</param>
/// <param name="Passed">Every logit has the stored bits.</param>
/// <param name="Expected">The stored logits.</param>
/// <param name="Found">The logits computed here.</param>
public sealed record SelfTestResult(bool Present, bool Passed, IReadOnlyList<float> Expected, IReadOnlyList<float> Found);
