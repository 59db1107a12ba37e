using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Classifies pictures, one after the other; one that cannot be decoded is named, and the rest goes on.</summary>
internal static class ImageRun
{
    public static int Run(Classifier classifier, IReadOnlyList<string> files, BadSources bad, Printer printer)
    {
        using var interruption = new Interruption();
        var results = new JsonArray();
        bool single = files.Count + bad.Count == 1;
        if (!single && !printer.Json)
        {
            printer.BeginLines();
        }

        foreach (string file in files)
        {
            interruption.Token.ThrowIfCancellationRequested();
            try
            {
                Classify(classifier, file, single, results, printer, interruption.Token);
            }
            catch (ImageException e) when (bad.GoesOn && !single && IsOfPicture(e))
            {
                bad.Add(file, e.Message, printer);
            }
        }

        printer.Object(new JsonObject { ["results"] = results, ["skipped"] = bad.Count, ["bad"] = bad.Json(), ["kernel"] = classifier.KernelName });
        return bad.Finish(results.Count, "images", printer);
    }

    /// <summary>Whether an error is one of this picture, and not of all.</summary>
    private static bool IsOfPicture(ImageException e) => !e.CodecMissing && e.Image != ImageDecoder.MaxPixelsVariable;

    private static void Classify(Classifier classifier, string file, bool single, JsonArray results, Printer printer, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        (RgbImage image, string? warning) = PictureSource.Decode(file, cancellation);
        double decodeMs = Classifier.Milliseconds(start, Stopwatch.GetTimestamp());
        if (warning is not null)
        {
            printer.Warn($"{(file == ImageInputs.StandardInput ? "standard input" : OneLine.Of(file))}: {warning}");
        }

        Classification found = classifier.Classify(image);
        results.Add((JsonNode)found.Json(file, decodeMs));
        if (single)
        {
            printer.Data(PredictionText.Table(found.Best));
            printer.Say($"{OneLine.Of(file)}: decode {Quantity.Milliseconds(decodeMs)}, preprocess {Quantity.Milliseconds(found.PrepareMs)}, inference {Quantity.Milliseconds(found.RunMs)} ms (a first run includes compilation; see 'edgevit bench')");
        }
        else
        {
            printer.Data($"{OneLine.Of(file)}  {found.Line}  {Quantity.Milliseconds(found.RunMs)} ms");
        }
    }
}
