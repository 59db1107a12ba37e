using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Classifies clips: one score for each, and what is seen when.</summary>
internal sealed class ClipRun(Classifier classifier, Printer printer)
{
    /// <summary>Pictures of a clip unless a number is given.</summary>
    private const int UsualFrames = 16;

    public int Run(IReadOnlyList<string> clips, SourceWishes wishes, bool skipBad)
    {
        using var interruption = new Interruption();
        printer.BeginLines();
        int done = 0, failed = 0, frames = 0;
        foreach (string clip in clips)
        {
            interruption.Token.ThrowIfCancellationRequested();
            try
            {
                frames += Classify(clip, wishes, clips.Count == 1, interruption.Token);
                done++;
            }
            catch (UserException e) when (skipBad && e.ExitCode == ExitCode.Failure)
            {
                failed++;
                printer.Object(new JsonObject { ["source"] = clip, ["error"] = e.Message });
                printer.Warn($"left out: {e.Message}");
            }
        }

        printer.Object(new JsonObject { ["summary"] = new JsonObject { ["clips"] = done, ["failed"] = failed, ["frames"] = frames }, ["kernel"] = classifier.KernelName });
        if (failed > 0)
        {
            printer.Say($"{failed} of {clips.Count} clips left out");
        }

        return done > 0 ? ExitCode.Ok : throw new UserException("none of the clips could be read.");
    }

    private int Classify(string path, SourceWishes wishes, bool single, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        var info = ClipInfo.Read(path, cancellation);
        var score = new ClipScore(classifier.Labels);
        var found = new List<Classification>();
        int? wanted = wishes.Frames ?? (wishes.KeyFrames ? null : UsualFrames);
        var frames = new ClipFrames(path, info, cancellation);
        IReadOnlyList<double> times = frames.Read(wanted, wishes.KeyFrames, image =>
        {
            found.Add(classifier.Classify(image));
            score.Add(classifier.Logits);
            printer.Live($"{path}: {found.Count} frames");
        });
        IReadOnlyList<Prediction> top = score.Top(classifier.Top);
        double inferenceMs = found.Sum(f => f.RunMs), totalMs = Classifier.Milliseconds(start, Stopwatch.GetTimestamp());
        printer.Object(new JsonObject
        {
            ["source"] = path,
            ["top"] = PredictionText.Json(top),
            ["clip"] = new JsonObject { ["seconds"] = Quantity.Json(info.Seconds, 3), ["width"] = info.Width, ["height"] = info.Height },
            ["frames"] = found.Count,
            ["timeline"] = new JsonArray([.. found.Select((f, i) => (JsonNode)new JsonObject { ["time"] = Quantity.Json(times[i], 3), ["top"] = PredictionText.Json(f.Best) })]),
            ["complaint"] = frames.Complaint,
            ["timing"] = new JsonObject { ["total_ms"] = Quantity.Json(totalMs), ["inference_ms"] = Quantity.Json(inferenceMs) },
        });
        Print(path, info, single, found, times, top);
        if (frames.Complaint is { } complaint)
        {
            printer.Warn($"{path}: ffmpeg: {complaint}. Pictures that could be read: {found.Count}.");
        }

        printer.Say($"{path}: {(found.Count == 1 ? "1 frame" : $"{found.Count} frames")} of {(info.Seconds is { } s ? $"{Quantity.Fixed(s, 1)} s" : "unknown length")} in {Quantity.Fixed(totalMs / 1000, 1)} s, inference {Quantity.Milliseconds(inferenceMs / found.Count)} ms each");
        return found.Count;
    }

    private void Print(string path, ClipInfo info, bool single, List<Classification> found, IReadOnlyList<double> times, IReadOnlyList<Prediction> top)
    {
        if (!single)
        {
            printer.Data($"{path}  {PredictionText.Line(top)}  {found.Count} frames");
            return;
        }

        int width = Quantity.Fixed(info.Seconds ?? times[^1], 2).Length;
        for (int i = 0; i < found.Count; i++)
        {
            printer.Data($"{Quantity.Fixed(times[i], 2).PadLeft(width)} s  {found[i].Line}");
        }

        printer.Data(PredictionText.Table(top));
    }
}
