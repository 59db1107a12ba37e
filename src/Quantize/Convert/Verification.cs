using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Measures a packed file with the packed runtime and holds it against the simulator that it came from.</summary>
internal sealed class Verification
{
    /// <summary>Of the images that 16-bit floats make both predict differently, so many are examined; with exact floats all are.</summary>
    private const int MostExamined = 32;

    private readonly BinaryViT _model;
    private readonly EvitFile _file;
    private readonly Device _device;
    private readonly IConvertProgress _progress;
    private readonly CancellationToken _cancel;

    internal Verification(BinaryViT model, EvitFile file, Device device, IConvertProgress progress, CancellationToken cancel)
    {
        (_model, _file, _device, _progress, _cancel) = (model, file, device, progress, cancel);
        model.eval();
    }

    /// <summary>What a set of images says.</summary>
    /// <param name="RightByClass">Images of each class that the packed file recognises.</param>
    internal sealed record Outcome(double PackedTop1, double SimulatorTop1, int Same, int Different, int[] RightByClass);

    internal void Layers(ParityCheck check, PixelSource source, IEnumerable<int> indices)
    {
        foreach (int index in indices)
        {
            _cancel.ThrowIfCancellationRequested();
            Batch one = BatchLoader.InOrder(source, [index], 1).First();
            Examine(check, one.Images, source);
        }
    }

    /// <summary>Lets a model with exact floats and one with rounded ones predict labelled images.</summary>
    internal static FloatTrial Trial(EvitFile exact, EvitFile rounded, PixelSource source, IReadOnlyList<int> indices, CancellationToken cancel)
    {
        using EvitModel exactModel = EvitModel.Load(exact), roundedModel = EvitModel.Load(rounded);
        var options = new SessionOptions { Threads = Math.Min(SessionOptions.MaxThreads, Environment.ProcessorCount) };
        using Session exactSession = exactModel.CreateSession(options), roundedSession = roundedModel.CreateSession(options);
        (int same, int exactRight, int roundedRight, int classes) = (0, 0, 0, exactModel.Classes);
        foreach (Batch batch in BatchLoader.InOrder(source, indices, TrainSettings.EvaluationImages(source.Preprocess.Height), pixels: true))
        {
            cancel.ThrowIfCancellationRequested();
            byte[] pixels = batch.Pixels!;
            float[] exactLogits = new float[batch.Count * classes], roundedLogits = new float[batch.Count * classes];
            exactSession.RunNhwc(pixels, exactLogits);
            roundedSession.RunNhwc(pixels, roundedLogits);
            for (int i = 0; i < batch.Count; i++)
            {
                int a = Best(exactLogits.AsSpan(i * classes, classes)), b = Best(roundedLogits.AsSpan(i * classes, classes));
                same += a == b ? 1 : 0;
                exactRight += a == batch.Labels[i] ? 1 : 0;
                roundedRight += b == batch.Labels[i] ? 1 : 0;
            }
        }
        return new FloatTrial(indices.Count, same, exactRight, roundedRight);
    }

    /// <summary>Runs all images through both. Where the predictions differ, the image is added to the check, which demands a tie as the reason;
    /// once the check has failed, no more are.</summary>
    internal Outcome EndToEnd(ParityCheck check, PixelSource source, IReadOnlyList<int> indices)
    {
        (int simulatorRight, int same, int done, int examined) = (0, 0, 0, 0);
        int[] packedRight = new int[source.Labels.Count];
        bool rounded = HalfFloats.GroupsOf(_file.Graph, _file.Tensors) != FloatGroups.None;
        using EvitModel packed = EvitModel.Load(_file);
        using Session session = packed.CreateSession(new SessionOptions { Threads = Math.Min(64, Environment.ProcessorCount) });
        int classes = packed.Classes;
        foreach (Batch batch in BatchLoader.InOrder(source, indices, TrainSettings.EvaluationImages(source.Preprocess.Height), pixels: true))
        {
            _cancel.ThrowIfCancellationRequested();
            float[] simulated = Simulate(batch, source);
            float[] logits = new float[simulated.Length];
            byte[] pixels = batch.Pixels!;
            session.RunNhwc(pixels, logits);
            for (int i = 0; i < batch.Count; i++)
            {
                int a = Best(simulated.AsSpan(i * classes, classes));
                int b = Best(logits.AsSpan(i * classes, classes));
                simulatorRight += a == batch.Labels[i] ? 1 : 0;
                packedRight[batch.Labels[i]] += b == batch.Labels[i] ? 1 : 0;
                same += a == b ? 1 : 0;
                bool examine = a != b && (!rounded || examined++ < MostExamined);
                if (examine && (check.Report is { Images: 0 } or { Passed: true }))
                {
                    Examine(check, batch.Images.AsSpan(i * source.ImageBytes, source.ImageBytes).ToArray(), source);
                }
            }
            _progress.Report(new StepProgress("check", done += batch.Count, indices.Count));
        }
        double n = Math.Max(1, indices.Count);
        return new Outcome(100 * packedRight.Sum() / n, 100 * simulatorRight / n, same, indices.Count - same, packedRight);
    }

    /// <summary>Makes sure that a check has passed.</summary>
    /// <exception cref="ConvertException">It has failed (<see cref="ConvertException.CheckFailed"/>).</exception>
    internal static void Require(ParityReport report, string path)
    {
        if (!report.Passed)
        {
            throw new ConvertException(
                $"The packed model does not compute what was trained, so it is not written. This is a fault of the exporter or the runtime, not of the data; please report it with {path}.\n{report}",
                ConvertException.CheckFailed);
        }
    }

    private void Examine(ParityCheck check, float[] image, PixelSource source)
    {
        var taps = new RecordedTaps();
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        _model.Taps.Sink = taps;
        try
        {
            Tensor input = torch.tensor(image, [1, 3, source.Preprocess.Height, source.Preprocess.Width]).to(_device);
            float[] logits = ModelTensors.ToArray(_model.call(input));
            check.AddImage(image, taps, logits);
        }
        finally
        {
            _model.Taps.Sink = null;
        }
    }

    private float[] Simulate(Batch batch, PixelSource source)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        return ModelTensors.ToArray(_model.call(batch.ToTensor(source, _device)));
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
            {
                best = i;
            }
        }
        return best;
    }
}

/// <summary>Keeps all values of one image.</summary>
internal sealed class RecordedTaps : ITapSink, ISimulatorTaps
{
    private readonly Dictionary<string, float[]> _values = new(StringComparer.Ordinal);

    /// <summary>The values by name.</summary>
    public IReadOnlyDictionary<string, float[]> Values => _values;

    public void Tap(string name, Tensor value) => _values[name] = ModelTensors.ToArray(value);

    public bool TryGet(string name, out float[] values)
    {
        bool found = _values.TryGetValue(name, out float[]? known);
        values = known ?? [];
        return found;
    }
}
