using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Export.Onnx;

/// <summary>Runs of one model on inputs that were prepared once. For one thread at a time; valid as long as its model.</summary>
internal sealed class OnnxRuns : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly OrtValue[][] _inputs;

    internal OnnxRuns(InferenceSession session, string input, IReadOnlyList<float[]> inputs, IReadOnlyList<long> shape, string output)
    {
        _session = session;
        _inputNames = [input];
        _outputNames = [output];
        _inputs = [.. inputs.Select(i => new[] { OrtValue.CreateTensorValueFromMemory(i, [.. shape]) })];
    }

    /// <summary>Computes the output of an input and forgets it.</summary>
    public void Run(int index) => _session.Run(_options, _inputNames, _inputs[index], _outputNames).Dispose();

    /// <summary>The output of an input.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime fails, or the output is no float tensor.</exception>
    public float[] Output(int index)
    {
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_options, _inputNames, _inputs[index], _outputNames);
            return results[0].GetTensorDataAsSpan<float>().ToArray();
        }
        catch (OnnxRuntimeException e)
        {
            throw new OnnxModelException($"ONNX Runtime fails on the model: {e.Message.TrimEnd('.')}.", e);
        }
    }

    public void Dispose()
    {
        foreach (OrtValue[] input in _inputs)
        {
            input[0].Dispose();
        }

        _options.Dispose();
    }
}
