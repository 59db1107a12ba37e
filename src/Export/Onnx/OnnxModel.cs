using Microsoft.ML.OnnxRuntime;
using OneLine = EdgeVit.Runtime.OneLine;

namespace EdgeVit.Export.Onnx;

/// <summary>An ONNX model that cannot be used; the message says which, why and what to do.</summary>
public sealed class OnnxModelException : Exception
{
    /// <summary>A complete message; ends of lines in names of the file are shown as <c>\n</c>.</summary>
    public OnnxModelException(string message, Exception? innerException = null) : base(OneLine.Of(message), innerException) { }

    /// <summary>Whether the file is sound, and what was asked of it is not what it can do.</summary>
    internal bool IsUsage { get; init; }
}

/// <summary>A model with one image as input, in ONNX Runtime. Safe to run from one thread at a time.</summary>
internal sealed class OnnxModel : IDisposable
{
    /// <summary>What the file says about itself.</summary>
    public OnnxFile File { get; }

    public OnnxValue Input { get; }

    public string InputName => Input.Name;

    public IReadOnlyList<OnnxValue> Outputs { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Why the model runs on the processor although a GPU was asked for; null where it runs as asked.</summary>
    public string? NoCuda { get; private init; }

    /// <summary>The version of the format that ONNX Runtime took it as: the file's, or the newest that it knows where nothing but the number is newer.</summary>
    public long TakenIrVersion { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cuda">Number of the CUDA device that it shall run on; null for the processor, which also serves where ONNX Runtime cannot use
    /// that device (<see cref="NoCuda"/>).</param>
    /// <param name="threads">Threads of one operation, one operation after the other, with every optimisation; null for the library's own choice.</param>
    /// <param name="inner">A value inside the network that becomes an output after the file's own; null for none.</param>
    /// <exception cref="OnnxModelException">There is no such file, ONNX Runtime does not take it, or it has not one input.</exception>
    // By path: tensors may lie in files beside it.
    public static OnnxModel Open(string path, int? cuda = null, int? threads = null, string? inner = null)
    {
        OnnxFile file = OnnxFile.Read(path);
        return new OnnxModel(file, inner is null ? null : OnnxFeatures.WithOutput(path, inner), cuda, threads, Path.GetDirectoryName(Path.GetFullPath(path)));
    }

    /// <summary>Loads a model from memory.</summary>
    /// <inheritdoc cref="Open"/>
    public static OnnxModel Load(byte[] bytes) => new(OnnxFile.Parse("the ONNX model", new MemoryStream(bytes)), bytes, null);

    private readonly InferenceSession _session;

    static OnnxModel() => OnnxLibrary.Register();

    private OnnxModel(OnnxFile file, byte[]? bytes, int? cuda, int? threads = null, string? folder = null)
    {
        (File, TakenIrVersion) = (file, file.IrVersion);
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        if (bytes is not null && folder is not null)
        {
            options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder);
        }

        if (threads is { } most)
        {
            options.IntraOpNumThreads = most;
            options.InterOpNumThreads = 1;
            options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
        }

        if (cuda is { } device)
        {
            NoCuda = AddCuda(options, device);
        }

        try
        {
            _session = bytes is null ? new InferenceSession(file.Name, options) : new InferenceSession(bytes, options);
        }
        catch (OnnxRuntimeException e)
        {
            _session = OnnxFailure.NewestIr(e) is { } newest && Older(file, bytes, newest, options) is { } session ? session : throw OnnxFailure.Opening(file, e);
            TakenIrVersion = OnnxFailure.NewestIr(e)!.Value;
        }
        OnnxValue[] inputs = [.. _session.InputMetadata.Select(i => OnnxValue.Of(i.Key, i.Value))];
        if (inputs is not [var input])
        {
            _session.Dispose();
            throw new OnnxModelException($"{file.Name}: it has {inputs.Length} inputs ({string.Join(", ", inputs.Select(i => i.ToString()))}), expected one: the image. Export it with the image alone as input.");
        }
        Input = input;
        Outputs = [.. _session.OutputMetadata.Select(o => OnnxValue.Of(o.Key, o.Value))];
        Metadata = _session.ModelMetadata.CustomMetadataMap;
    }

    /// <summary>The model as one of an older version of the format, where it is one but for the number; else null.</summary>
    private static InferenceSession? Older(OnnxFile file, byte[]? bytes, int newest, SessionOptions options)
    {
        const byte VersionField = 8;
        try
        {
            byte[] copy = bytes is null ? System.IO.File.ReadAllBytes(file.Name) : [.. bytes];
            // The number stands first, in a byte of its own, in what every exporter writes.
            if (copy is not [VersionField, < 0x80 and var version, ..] || version != file.IrVersion)
            {
                return null;
            }

            copy[1] = (byte)newest;
            if (bytes is null)
            {
                options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", Path.GetDirectoryName(Path.GetFullPath(file.Name))!);
            }

            return new InferenceSession(copy, options);
        }
        catch (Exception e) when (e is OnnxRuntimeException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Lets a session run on a GPU, or says why it cannot.</summary>
    private static string? AddCuda(SessionOptions options, int device)
    {
        const string Provider = "CUDAExecutionProvider";
        if (!OrtEnv.Instance().GetAvailableProviders().Contains(Provider))
        {
            return "this build's ONNX Runtime has no CUDA; built with EdgeVitOnnxRuntimeGpu=true in the environment it takes the package that has";
        }

        try
        {
            options.AppendExecutionProvider_CUDA(device);
            return null;
        }
        catch (OnnxRuntimeException e)
        {
            return $"ONNX Runtime cannot use CUDA device {device}: {e.Message.Split('\n')[0].TrimEnd('.')}";
        }
    }

    /// <summary>Runs the model and returns the elements of the outputs that are wanted, in the order of their names.</summary>
    /// <param name="input">Elements as floats; made what the model takes.</param>
    /// <param name="shape">The input's sizes.</param>
    /// <param name="outputs">Names.</param>
    /// <exception cref="OnnxModelException">ONNX Runtime fails, or an output is no tensor of numbers.</exception>
    public float[][] Run(float[] input, IReadOnlyList<long> shape, params IReadOnlyList<string> outputs)
    {
        using OnnxRuns run = Prepare([input], shape, outputs);
        return run.Outputs(0);
    }

    /// <summary>Prepares runs on inputs that stay where they are, for timing: nothing is copied but what the library itself copies.</summary>
    /// <param name="inputs">Each of the size that the shape says.</param>
    /// <param name="shape">Of one input.</param>
    /// <param name="outputs">The outputs to compute.</param>
    public OnnxRuns Prepare(IReadOnlyList<float[]> inputs, IReadOnlyList<long> shape, params IReadOnlyList<string> outputs) => new(_session, this, inputs, shape, outputs);

    public void Dispose() => _session.Dispose();
}
