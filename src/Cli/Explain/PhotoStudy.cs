using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Explains one photo after the other.</summary>
internal sealed class PhotoStudy(EvitModel model, NetworkLayout layout, ExplainSettings settings, IReadOnlyList<int> asked)
{
    private readonly GraphInterpreter _interpreter = new(model.File.Graph, model.File.Tensors);
    private readonly PreprocessPipeline _pipeline = new(model.Preprocess);

    /// <summary>Explains a photo.</summary>
    /// <exception cref="UserException">The kernels' logits are not the interpreter's.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ExplainedPhoto Explain(PreparedPhoto photo, Action done, CancellationToken cancel)
    {
        float[] input = new float[_pipeline.Length], logits = new float[model.Classes];
        _pipeline.Normalise(photo.Pixels, input);
        string kernel;
        using (Session session = model.CreateSession())
        {
            session.RunNhwc(photo.Pixels, logits);
            kernel = session.KernelName;
        }

        var image = ExplainedImage.Of(model.File.Graph, _interpreter, layout, input);
        Check(photo.Source, image, logits, kernel);
        var occlusion = Occlusion.Of(model, photo.Pixels, settings.Grid, settings.Fill, settings.Threads, done, cancel);
        int[] classes =
        [
            .. Prediction.Top(logits, model.Labels, Math.Min(ExplainSettings.MostClasses, model.Classes)).Select(p => p.Index).Concat(asked).Distinct(),
        ];
        return new ExplainedPhoto(photo, kernel, logits, image, occlusion, classes) { Height = model.InputShape[1], Width = model.InputShape[2] };
    }

    /// <summary>What is drawn is computed by the interpreter: it must be what the kernels compute.</summary>
    internal static void Check(string source, ExplainedImage image, ReadOnlySpan<float> logits, string kernel)
    {
        if (!image.HasLogits(logits))
        {
            throw new UserException(
                $"{source}: the logits of the kernels ({kernel}) are not those of the reference interpreter, bit for bit. Nothing was written. "
                + "Run 'edgevit doctor' on this model and report what it says.", ExitCode.CheckFailed);
        }
    }
}
