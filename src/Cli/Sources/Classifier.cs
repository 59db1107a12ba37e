using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What a picture shows, and how long it took.</summary>
/// <param name="Best">The most probable classes.</param>
/// <param name="PrepareMs">Milliseconds for resizing and normalising.</param>
/// <param name="RunMs">Milliseconds for the network.</param>
internal sealed record Classification(IReadOnlyList<Prediction> Best, double PrepareMs, double RunMs)
{
    /// <summary>The first few classes on a line.</summary>
    public string Line => PredictionText.Line(Best);

    /// <summary>An object of the JSON output.</summary>
    /// <param name="source">Where the picture comes from.</param>
    /// <param name="decodeMs">Milliseconds for decoding it.</param>
    public JsonObject Json(string source, double decodeMs) => new()
    {
        ["source"] = source,
        ["top"] = PredictionText.Json(Best),
        ["timing"] = new JsonObject { ["decode_ms"] = Quantity.Json(decodeMs), ["preprocess_ms"] = Quantity.Json(PrepareMs), ["inference_ms"] = Quantity.Json(RunMs) },
    };
}

/// <summary>A model that is ready for one picture after another.</summary>
/// <param name="model">Gives labels and preprocessing.</param>
/// <param name="session">Runs.</param>
/// <param name="top">How many classes are wanted.</param>
internal sealed class Classifier(EvitModel model, Session session, int top)
{
    private readonly PreprocessPipeline _pipeline = new(model.Preprocess);
    private readonly byte[] _pixels = new byte[new PreprocessPipeline(model.Preprocess).Length];
    private readonly float[] _logits = new float[model.Classes];

    /// <summary>How many classes are wanted.</summary>
    public int Top => top;

    public IReadOnlyList<string> Labels => model.Labels;

    public string KernelName => session.KernelName;

    /// <summary>Of the last picture.</summary>
    public ReadOnlySpan<float> Logits => _logits;

    public Classification Classify(RgbImage image)
    {
        long start = Stopwatch.GetTimestamp();
        _pipeline.ToPixels(image, _pixels);
        long prepared = Stopwatch.GetTimestamp();
        session.RunNhwc(_pixels, _logits);
        long ran = Stopwatch.GetTimestamp();
        return new Classification(Prediction.Top(_logits, model.Labels, top), Milliseconds(start, prepared), Milliseconds(prepared, ran));
    }

    public static double Milliseconds(long start, long end) => Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;
}
