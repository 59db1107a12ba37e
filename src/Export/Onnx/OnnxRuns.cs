using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Export.Onnx;

/// <summary>Runs of one model on inputs that were prepared once. For one thread at a time; valid as long as its model.</summary>
internal sealed class OnnxRuns : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OnnxModel _model;
    private readonly long[] _shape;
    private readonly RunOptions _options = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly OrtValue[][] _inputs;

    internal OnnxRuns(InferenceSession session, OnnxModel model, IReadOnlyList<float[]> inputs, IReadOnlyList<long> shape, IReadOnlyList<string> outputs)
    {
        (_session, _model, _shape) = (session, model, [.. shape]);
        _inputNames = [model.InputName];
        _outputNames = [.. outputs];
        _inputs = [.. inputs.Select(i => new[] { OnnxElements.Write(model.Input.Element, i, _shape) })];
    }

    /// <summary>Computes the outputs of an input and forgets them.</summary>
    public void Run(int index) => _session.Run(_options, _inputNames, _inputs[index], _outputNames).Dispose();

    /// <summary>The outputs of an input.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime fails, or an output is no tensor of numbers.</exception>
    public float[][] Outputs(int index)
    {
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_options, _inputNames, _inputs[index], _outputNames);
            return [.. results.Select((r, i) => r.IsTensor && OnnxElements.Known(r.GetTensorTypeAndShape().ElementDataType)
                ? OnnxElements.Read(r) : throw new OnnxModelException($"{_model.File.Name}: its output '{_outputNames[i]}' is no tensor of numbers. Export it with its logits as output."))];
        }
        catch (OnnxRuntimeException e)
        {
            throw OnnxFailure.Running(_model.File, _model.Input, _shape, e);
        }
    }

    /// <summary>The sizes of the outputs of an input.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime fails.</exception>
    public long[][] Shapes(int index)
    {
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_options, _inputNames, _inputs[index], _outputNames);
            return [.. results.Select(static r => r.GetTensorTypeAndShape().Shape)];
        }
        catch (OnnxRuntimeException e)
        {
            throw OnnxFailure.Running(_model.File, _model.Input, _shape, e);
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
