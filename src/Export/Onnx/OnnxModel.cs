using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Export.Onnx;

/// <summary>An ONNX model that cannot be used; the message says which, why and what to do.</summary>
public sealed class OnnxModelException : Exception
{
    /// <summary>A complete message.</summary>
    public OnnxModelException(string message, Exception? innerException = null) : base(message, innerException) { }
}

/// <summary>A model with one image as input, in ONNX Runtime. Safe to run from one thread at a time.</summary>
internal sealed class OnnxModel : IDisposable
{
    public string InputName { get; }

    /// <summary>Its sizes; -1 for one that is free.</summary>
    public IReadOnlyList<int> InputShape { get; }

    /// <summary>Names of the outputs with their sizes.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> Outputs { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Why the model runs on the processor although a GPU was asked for; null where it runs as asked.</summary>
    public string? NoCuda { get; private init; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cuda">Number of the CUDA device that it shall run on; null for the processor, which also serves where ONNX Runtime cannot use
    /// that device (<see cref="NoCuda"/>).</param>
    /// <param name="threads">Threads of one operation, one operation after the other, with every optimisation; null for the library's own choice.</param>
    /// <exception cref="OnnxModelException">There is no such file, ONNX Runtime does not take it, or its input is no float image.</exception>
    public static OnnxModel Open(string path, int? cuda = null, int? threads = null)
    {
        try
        {
            // By path: tensors may lie in files beside it.
            return File.Exists(path) ? new OnnxModel(path, null, cuda, threads) : throw new OnnxModelException($"{path}: no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxModelException($"{path}: can't be read: {e.Message}", e);
        }
    }

    /// <summary>Loads a model from memory.</summary>
    /// <inheritdoc cref="Open"/>
    public static OnnxModel Load(byte[] bytes) => new("the ONNX model", bytes, null);

    private readonly InferenceSession _session;

    static OnnxModel() => OnnxLibrary.Register();

    private OnnxModel(string name, byte[]? bytes, int? cuda, int? threads = null)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
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
            _session = bytes is null ? new InferenceSession(name, options) : new InferenceSession(bytes, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new OnnxModelException($"{name}: ONNX Runtime does not take it: {e.Message.TrimEnd('.')}. Export it again, or name another file.", e);
        }
        if (_session.InputMetadata.Count != 1)
        {
            string inputs = string.Join(", ", _session.InputMetadata.Keys);
            int count = _session.InputMetadata.Count;
            _session.Dispose();
            throw new OnnxModelException($"{name}: it has {count} inputs ({inputs}), expected one: the image.");
        }
        (InputName, NodeMetadata input) = _session.InputMetadata.First();
        if (input.ElementType != typeof(float))
        {
            _session.Dispose();
            throw new OnnxModelException($"{name}: its input '{InputName}' is of {input.ElementType.Name}, expected 32-bit floats. Export it in fp32.");
        }
        InputShape = input.Dimensions;
        Outputs = [.. _session.OutputMetadata.Select(o => (o.Key, (IReadOnlyList<int>)o.Value.Dimensions))];
        Metadata = _session.ModelMetadata.CustomMetadataMap;
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
    /// <exception cref="OnnxModelException">ONNX Runtime fails, or an output is no float tensor.</exception>
    public float[][] Run(float[] input, IReadOnlyList<long> shape, params IReadOnlyList<string> outputs)
    {
        try
        {
            using var run = new RunOptions();
            using OrtValue image = OrtValue.CreateTensorValueFromMemory(input, [.. shape]);
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(run, [InputName], [image], outputs);
            return [.. results.Select(r => r.GetTensorDataAsSpan<float>().ToArray())];
        }
        catch (OnnxRuntimeException e)
        {
            throw new OnnxModelException($"ONNX Runtime fails on an input of [{string.Join(", ", shape)}]: {e.Message}", e);
        }
    }

    /// <summary>Prepares runs on inputs that stay where they are, for timing: nothing is copied but what the library itself copies.</summary>
    /// <param name="inputs">Each of the size that the shape says.</param>
    /// <param name="shape">Of one input.</param>
    /// <param name="output">The output to compute.</param>
    public OnnxRuns Prepare(IReadOnlyList<float[]> inputs, IReadOnlyList<long> shape, string output) => new(_session, InputName, inputs, shape, output);

    public void Dispose() => _session.Dispose();
}
