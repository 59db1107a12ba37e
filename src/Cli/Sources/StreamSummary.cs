using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>What a stream of pictures came to.</summary>
/// <param name="source">Its name on the command line.</param>
internal sealed class StreamSummary(string source)
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _first, _last;
    private double _decode, _prepare, _run;

    /// <summary>Pictures that were classified.</summary>
    public int Frames { get; private set; }

    /// <summary>Pictures that nobody had time for.</summary>
    public long Dropped { get; set; }

    /// <summary>Pictures that came damaged.</summary>
    public long Damaged { get; set; }

    /// <summary>Pictures in a second from the first to the last; null before there are two.</summary>
    public double? FramesPerSecond => Frames > 1 && _last > _first ? (Frames - 1) / Stopwatch.GetElapsedTime(_first, _last).TotalSeconds : null;

    public void Add(Classification found, double decodeMs)
    {
        _last = Stopwatch.GetTimestamp();
        _first = Frames == 0 ? _last : _first;
        Frames++;
        _decode += decodeMs;
        _prepare += found.PrepareMs;
        _run += found.RunMs;
    }

    /// <summary>The last line of a stream.</summary>
    /// <param name="printer">Takes the words, or with <c>--json</c> the object.</param>
    /// <param name="description">The source as it says what it is; null where there is nothing to say.</param>
    /// <param name="kernel">The kernel set.</param>
    public void Print(Printer printer, string? description, string kernel)
    {
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        int count = Math.Max(Frames, 1);
        printer.Object(new JsonObject
        {
            ["summary"] = new JsonObject
            {
                ["source"] = source,
                ["description"] = description,
                ["frames"] = Frames,
                ["seconds"] = Quantity.Json(seconds, 3),
                ["fps"] = Quantity.Json(FramesPerSecond, 3),
                ["dropped"] = Dropped,
                ["damaged"] = Damaged,
                ["mean"] = Frames == 0 ? null : new JsonObject { ["decode_ms"] = Quantity.Json(_decode / count), ["preprocess_ms"] = Quantity.Json(_prepare / count), ["inference_ms"] = Quantity.Json(_run / count) },
            },
            ["kernel"] = kernel,
        });
        string rate = FramesPerSecond is { } fps ? $", {Quantity.Fixed(fps, 1)} per second" : "";
        string lost = $"{(Dropped > 0 ? $", {Dropped} dropped" : "")}{(Damaged > 0 ? $", {Damaged} damaged" : "")}";
        string times = Frames == 0 ? "" : $"; decode {Quantity.Milliseconds(_decode / count)}, preprocess {Quantity.Milliseconds(_prepare / count)}, inference {Quantity.Milliseconds(_run / count)} ms on average";
        printer.Say($"{source}: {(Frames == 1 ? "1 frame" : $"{Frames} frames")} in {Quantity.Time(TimeSpan.FromSeconds(seconds))}{rate}{lost}{times}");
    }
}
