using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Classifies clips, or the faces in them: one score for each, what is seen when, and where folders name classes how many are right.</summary>
internal sealed class ClipRun(Classifier classifier, Printer printer)
{
    /// <summary>What was seen of a clip.</summary>
    /// <param name="Path">Its file.</param>
    /// <param name="Info">What it is.</param>
    /// <param name="Seen">The pictures that were classified, at least one.</param>
    /// <param name="Taken">Pictures that were taken, those without a face among them.</param>
    /// <param name="Times">When each that was taken is shown.</param>
    /// <param name="Score">Of the whole clip.</param>
    /// <param name="TotalMs">Milliseconds for everything.</param>
    private sealed record Looked(string Path, ClipInfo Info, List<Seen> Seen, int Taken, IReadOnlyList<double> Times, ClipScore Score, double TotalMs)
    {
        public double InferenceMs => Seen.Sum(static s => s.Best.RunMs);
    }

    /// <summary>A picture that was classified.</summary>
    /// <param name="Number">Which of those that were taken.</param>
    /// <param name="Best">What it shows.</param>
    /// <param name="Face">Where its face is; null where the whole picture was classified.</param>
    private readonly record struct Seen(int Number, Classification Best, JsonArray? Face);

    /// <summary>Pictures of a clip unless a number is given.</summary>
    private const int UsualFrames = 16;

    public int Run(IReadOnlyList<string> clips, SourceWishes wishes, BadSources bad)
    {
        using var interruption = new Interruption();
        int? positive = Positive(wishes.Clips.Positive);
        using ClipFaces? faces = ClipFaces.Open(wishes.Clips, clips);
        var table = new ClipTable(classifier.Labels, positive);
        printer.BeginLines();
        int done = 0, frames = 0;
        bool single = clips.Count + bad.Count == 1;
        foreach (JsonNode? unread in bad.Json())
        {
            printer.Object(unread!.DeepClone().AsObject());
        }

        foreach (string clip in clips)
        {
            interruption.Token.ThrowIfCancellationRequested();
            try
            {
                frames += Classify(clip, wishes, single, faces, table, positive, interruption.Token);
                done++;
            }
            catch (UserException e) when (bad.GoesOn && !single && e.ExitCode == ExitCode.Failure)
            {
                printer.Object(new JsonObject { ["source"] = clip, ["error"] = e.Message });
                bad.Add(clip, e.Message, printer);
            }
        }

        var summary = new JsonObject { ["clips"] = done, ["failed"] = bad.Count, ["frames"] = frames };
        if (table.Json() is { } classes)
        {
            summary["classes"] = classes;
        }

        printer.Object(new JsonObject { ["summary"] = summary, ["kernel"] = classifier.KernelName });
        table.Print(printer);
        return bad.Finish(done, "clips", printer);
    }

    private int? Positive(string? name) => name is null ? null
        : Enumerable.Range(0, classifier.Labels.Count).FirstOrDefault(i => classifier.Labels[i] == name, -1) is >= 0 and var found ? found
        : throw new UserException($"{FaceOptions.PositiveName} {name}: the model has no such class, it has {string.Join(", ", classifier.Labels.Take(20))}{(classifier.Labels.Count > 20 ? " ..." : "")}.", ExitCode.Usage);

    private int Classify(string path, SourceWishes wishes, bool single, ClipFaces? faces, ClipTable table, int? positive, CancellationToken cancellation)
    {
        var info = ClipInfo.Read(path, cancellation);
        int? label = table.Class(path);
        faces?.Begin(path, label is { } named ? classifier.Labels[named] : null);
        var frames = new ClipFrames(path, info, cancellation);
        Looked looked = Look(path, frames, info, wishes, faces);
        if (label is { } own)
        {
            table.Add(own, looked.Score.Scores);
        }

        printer.Object(Json(looked, positive, faces, frames.Complaint));
        Print(looked, single, positive is { } p ? $"score {Quantity.Fixed(looked.Score.Scores[p], 4)}  " : "");
        if (faces?.Counts is { Without: > 0 } or { Several: > 0 })
        {
            printer.Say($"{path}: {faces.Counts.Without} of {looked.Taken} pictures have no face; {faces.Counts.Several} have several, of which the largest counts");
        }

        int found = looked.Seen.Count;
        if (frames.Complaint is { } complaint)
        {
            printer.Warn($"{path}: ffmpeg: {complaint}. Pictures that could be read: {found}.");
        }

        printer.Say($"{path}: {(found == 1 ? "1 frame" : $"{found} frames")} of {(info.Seconds is { } s ? $"{Quantity.Fixed(s, 1)} s" : "unknown length")} in {Quantity.Fixed(looked.TotalMs / 1000, 1)} s, inference {Quantity.Milliseconds(looked.InferenceMs / found)} ms each");
        return found;
    }

    private Looked Look(string path, ClipFrames frames, ClipInfo info, SourceWishes wishes, ClipFaces? faces)
    {
        long start = Stopwatch.GetTimestamp();
        var score = new ClipScore(classifier.Labels, wishes.Clips.IsMost);
        var seen = new List<Seen>();
        int taken = 0;
        IReadOnlyList<double> times = frames.Read(wishes.Frames ?? (wishes.KeyFrames ? null : UsualFrames), wishes.KeyFrames, image =>
        {
            int number = taken++;
            JsonArray? box = null;
            if (faces is not null)
            {
                if (faces.Cut(image) is not { } cut)
                {
                    return;
                }

                (image, box) = cut;
            }

            seen.Add(new Seen(number, classifier.Classify(image), box));
            score.Add(classifier.Logits);
            printer.Live($"{path}: {seen.Count} frames");
        });
        return seen.Count > 0 ? new Looked(path, info, seen, taken, times, score, Classifier.Milliseconds(start, Stopwatch.GetTimestamp())) : throw new UserException(
            $"{path}: no face was found in {(taken == 1 ? "its one picture" : $"any of {taken} pictures")}; take more with {SourceOptions.FramesName}, or classify whole pictures without {FaceOptions.FacesName}.");
    }

    private JsonObject Json(Looked looked, int? positive, ClipFaces? faces, string? complaint)
    {
        ClipInfo info = looked.Info;
        var json = new JsonObject
        {
            ["source"] = looked.Path,
            ["top"] = PredictionText.Json(looked.Score.Top(classifier.Top)),
            ["clip"] = new JsonObject { ["seconds"] = Quantity.Json(info.Seconds, 3), ["width"] = info.Width, ["height"] = info.Height },
            ["frames"] = looked.Seen.Count,
            ["timeline"] = new JsonArray([.. looked.Seen.Select(f => (JsonNode)Moment(f, looked.Times[f.Number]))]),
            ["complaint"] = complaint,
            ["timing"] = new JsonObject { ["total_ms"] = Quantity.Json(looked.TotalMs), ["inference_ms"] = Quantity.Json(looked.InferenceMs) },
        };
        if (positive is { } p)
        {
            json["score"] = Quantity.Json(looked.Score.Scores[p], 6);
        }

        if (faces is not null)
        {
            json["faces"] = new JsonObject { ["with"] = looked.Seen.Count, ["without"] = faces.Counts.Without, ["several"] = faces.Counts.Several };
        }

        return json;
    }

    private static JsonObject Moment(Seen seen, double time)
    {
        var moment = new JsonObject { ["time"] = Quantity.Json(time, 3), ["top"] = PredictionText.Json(seen.Best.Best) };
        if (seen.Face is { } face)
        {
            moment["face"] = face;
        }

        return moment;
    }

    private void Print(Looked looked, bool single, string score)
    {
        IReadOnlyList<Prediction> top = looked.Score.Top(classifier.Top);
        if (!single)
        {
            printer.Data($"{looked.Path}  {score}{PredictionText.Line(top)}  {looked.Seen.Count} frames");
            return;
        }

        int width = Quantity.Fixed(looked.Info.Seconds ?? looked.Times[^1], 2).Length;
        foreach (Seen seen in looked.Seen)
        {
            printer.Data($"{Quantity.Fixed(looked.Times[seen.Number], 2).PadLeft(width)} s  {seen.Best.Line}");
        }

        printer.Data(PredictionText.Table(top));
        if (score.Length > 0)
        {
            printer.Data(score.TrimEnd());
        }
    }
}
