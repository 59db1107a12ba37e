using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What a picture costs before the network sees it, each part apart: medians in milliseconds. Decoding is null where no file was given;
/// normalising bytes to floats is part of the latencies, too.</summary>
internal sealed record PreparationTimes(int Width, int Height, double? DecodeMs, double ResizeMs, double NormaliseMs)
{
    private const int Repeats = 25;
    private const double WarmUpMs = 400;

    /// <summary>Measures; without a file on a random picture of a camera's size, 640 x 480.</summary>
    public static PreparationTimes Measure(Preprocess preprocess, string? file)
    {
        double? decodeMs = null;
        RgbImage image;
        if (file is null)
        {
            image = new RgbImage(640, 480);
            new Random(1).NextBytes(image.Pixels);
        }
        else
        {
            image = ImageDecoder.DecodeFile(file);
            byte[] bytes = File.ReadAllBytes(file);
            decodeMs = Median(() => ImageDecoder.Decode(bytes, file));
        }
        var pipeline = new PreprocessPipeline(preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] floats = new float[pipeline.Length];
        double resizeMs = Median(() => pipeline.ToPixels(image, pixels));
        return new PreparationTimes(image.Width, image.Height, decodeMs, resizeMs, Median(() => pipeline.Normalise(pixels, floats)));
    }

    public void Print(Printer printer) => printer.Data(
        $"before the network, {(DecodeMs is null ? "random picture" : "picture")} of {Width} x {Height}: "
        + $"{(DecodeMs is { } decode ? $"decode {Quantity.Milliseconds(decode)}, " : "")}resize {Quantity.Milliseconds(ResizeMs)}, "
        + $"normalise {Quantity.Milliseconds(NormaliseMs)} ms (the last is part of the latencies)");

    public JsonObject ToJson() => new()
    {
        ["picture"] = $"{Width} x {Height}",
        ["decode_ms"] = Quantity.Json(DecodeMs),
        ["resize_ms"] = Quantity.Json(ResizeMs),
        ["normalise_ms"] = Quantity.Json(NormaliseMs),
    };

    private static double Median(Action work)
    {
        // The compiler replaces its first code after 30 calls and a tenth of a second.
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < 2 * Repeats || Stopwatch.GetElapsedTime(begin).TotalMilliseconds < WarmUpMs; i++)
        {
            work();
        }

        double[] times = new double[Repeats];
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        Array.Sort(times);
        return times[Repeats / 2];
    }
}
