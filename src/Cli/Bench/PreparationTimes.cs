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

    /// <summary>The bytes of a picture that can be decoded.</summary>
    /// <exception cref="ImageException">It cannot be read or decoded.</exception>
    public static byte[] Read(string file)
    {
        ImageDecoder.DecodeFile(file);
        return File.ReadAllBytes(file);
    }

    /// <summary>Measures; without a picture's bytes on a random one of a camera's size, 640 x 480.</summary>
    /// <param name="preprocess">Of the model.</param>
    /// <param name="bytes">From <see cref="Read"/>.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static PreparationTimes Measure(Preprocess preprocess, byte[]? bytes, CancellationToken cancel)
    {
        const string Name = "the picture";
        double? decodeMs = null;
        RgbImage image;
        if (bytes is null)
        {
            image = new RgbImage(640, 480);
            new Random(1).NextBytes(image.Pixels);
        }
        else
        {
            image = ImageDecoder.Decode(bytes, Name);
            decodeMs = Median(() => ImageDecoder.Decode(bytes, Name), cancel);
        }

        var pipeline = new PreprocessPipeline(preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] floats = new float[pipeline.Length];
        double resizeMs = Median(() => pipeline.ToPixels(image, pixels), cancel);
        return new PreparationTimes(image.Width, image.Height, decodeMs, resizeMs, Median(() => pipeline.Normalise(pixels, floats), cancel));
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

    private static double Median(Action work, CancellationToken cancel)
    {
        // The compiler replaces its first code after 30 calls and a tenth of a second.
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < 2 * Repeats || Stopwatch.GetElapsedTime(begin).TotalMilliseconds < WarmUpMs; i++)
        {
            cancel.ThrowIfCancellationRequested();
            work();
        }

        double[] times = new double[Repeats];
        for (int i = 0; i < Repeats; i++)
        {
            cancel.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            work();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        Array.Sort(times);
        return times[Repeats / 2];
    }
}
