using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Classifies the pictures of a folder, and each that comes, until it is stopped.</summary>
internal static class WatchRun
{
    /// <summary>Runs until Ctrl+C, which is its normal end; with a number of pictures, until they have come.</summary>
    public static int Run(Classifier classifier, string folder, int? most, Printer printer, Interruption interruption)
    {
        printer.BeginLines();
        var summary = new StreamSummary(folder);
        using var watch = new FolderWatch(folder);
        printer.Say($"{folder}: watching; Ctrl+C ends it");
        bool stopped = false;
        try
        {
            while (summary.Frames < (most ?? int.MaxValue))
            {
                Classify(classifier, watch.Next(interruption.Token), watch, summary, printer);
            }
        }
        catch (OperationCanceledException)
        {
            stopped = true;
        }

        summary.Print(printer, null, classifier.KernelName);
        return stopped && most is not null ? ExitCode.Interrupted : ExitCode.Ok;
    }

    private static void Classify(Classifier classifier, string path, FolderWatch watch, StreamSummary summary, Printer printer)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        long start = Stopwatch.GetTimestamp();
        RgbImage image;
        string? warning;
        try
        {
            image = ImageDecoder.DecodeFile(path, out warning);
        }
        catch (ImageException e)
        {
            // One that was taken away before it was read is nobody's any more.
            if (File.Exists(path) && !watch.PutBack(path))
            {
                summary.Damaged++;
                printer.Object(new JsonObject { ["source"] = path, ["time"] = time, ["error"] = e.Message });
                printer.Warn($"left out: {e.Message}");
            }

            return;
        }

        if (warning is not null && watch.PutBack(path))
        {
            return;
        }

        double decodeMs = Classifier.Milliseconds(start, Stopwatch.GetTimestamp());
        if (warning is not null)
        {
            printer.Warn($"{path}: {warning}");
        }

        Classification found = classifier.Classify(image);
        summary.Add(found, decodeMs);
        JsonObject json = found.Json(path, decodeMs);
        json.Insert(1, "sequence", summary.Frames - 1);
        json.Insert(2, "time", time);
        printer.Object(json);
        printer.Data($"{path}  {found.Line}  {Quantity.Milliseconds(found.RunMs)} ms");
    }
}
