using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Classifies pictures, one after the other.</summary>
internal static class ImageRun
{
    public static int Run(Classifier classifier, IReadOnlyList<string> files, bool skipBad, Printer printer)
    {
        using var interruption = new Interruption();
        var results = new JsonArray();
        int skipped = 0;
        foreach (string file in files)
        {
            interruption.Token.ThrowIfCancellationRequested();
            try
            {
                Classify(classifier, file, files.Count == 1, results, printer, interruption.Token);
            }
            catch (ImageException e) when (skipBad)
            {
                skipped++;
                printer.Warn($"left out: {e.Message}");
            }
        }

        printer.Object(new JsonObject { ["results"] = results, ["skipped"] = skipped, ["kernel"] = classifier.KernelName });
        if (skipped > 0)
        {
            printer.Say($"{skipped} of {files.Count} images left out");
        }

        return results.Count > 0 ? ExitCode.Ok : throw new UserException("none of the images could be decoded.");
    }

    private static void Classify(Classifier classifier, string file, bool single, JsonArray results, Printer printer, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        string name = file == ImageInputs.StandardInput ? "standard input" : file;
        // A wait for who writes into a pipe must end at Ctrl+C.
        (RgbImage image, string? warning) = MayWait(file) ? Task.Run(() => Decode(file, name), cancellation).WaitAsync(cancellation).GetAwaiter().GetResult() : Decode(file, name);
        double decodeMs = Classifier.Milliseconds(start, Stopwatch.GetTimestamp());
        if (warning is not null)
        {
            printer.Warn($"{name}: {warning}");
        }

        Classification found = classifier.Classify(image);
        results.Add((JsonNode)found.Json(file, decodeMs));
        if (single)
        {
            printer.Data(PredictionText.Table(found.Best));
            printer.Say($"{file}: decode {Quantity.Milliseconds(decodeMs)}, preprocess {Quantity.Milliseconds(found.PrepareMs)}, inference {Quantity.Milliseconds(found.RunMs)} ms (a first run includes compilation; see 'edgevit bench')");
        }
        else
        {
            printer.Data($"{file}  {found.Line}  {Quantity.Milliseconds(found.RunMs)} ms");
        }
    }

    private static (RgbImage Image, string? Warning) Decode(string file, string name)
    {
        RgbImage image = file == ImageInputs.StandardInput ? ImageDecoder.Decode(ReadStandardInput(), name, out string? warning) : ImageDecoder.DecodeFile(file, out warning);
        return (image, warning);
    }

    /// <summary>Whether a source may be a pipe, which has no length.</summary>
    private static bool MayWait(string file) => file == ImageInputs.StandardInput || new FileInfo(file) is { Exists: true, Length: 0 };

    private static byte[] ReadStandardInput()
    {
        using Stream input = Console.OpenStandardInput();
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        return bytes.ToArray();
    }
}
