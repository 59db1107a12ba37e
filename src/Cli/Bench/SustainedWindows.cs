using System.Text.Json.Nodes;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>One stretch of a long measurement.</summary>
/// <param name="From">Its begin, seconds of runs.</param>
/// <param name="To">Its end.</param>
/// <param name="Latency">Of its runs.</param>
/// <param name="Celsius">The highest temperature in it; null where not measured.</param>
/// <param name="MHz">The lowest clock in it; null where not measured.</param>
/// <param name="Throttled">Whether the board said in it that it slows itself down; null where it cannot tell.</param>
internal sealed record SustainedWindow(double From, double To, LatencyStatistics Latency, double? Celsius, double? MHz, bool? Throttled);

/// <summary><c>bench --sustained</c>: a long measurement window by window, so that heat shows: latency, temperature, clock, throttling.</summary>
internal static class SustainedWindows
{
    private const double Longest = 60;
    private const double Shortest = 0.5;
    private const int LeastWindows = 10;

    /// <summary>How long a window is: a minute, or a tenth of a measurement below ten minutes; at least half a second.</summary>
    public static double Length(TimeSpan duration) => Math.Clamp(duration.TotalSeconds / LeastWindows, Shortest, Longest);

    /// <summary>Divides runs, which are in their order; a rest shorter than half a window belongs to the one before.</summary>
    public static IReadOnlyList<SustainedWindow> Of(ReadOnlySpan<double> milliseconds, double length, IReadOnlyList<TelemetrySample> telemetry)
    {
        List<(double From, double To, double[] Runs)> parts = [];
        double begin = 0, elapsed = 0;
        int first = 0;
        for (int i = 0; i < milliseconds.Length; i++)
        {
            elapsed += milliseconds[i] / 1000;
            if (elapsed >= begin + length)
            {
                parts.Add((begin, elapsed, milliseconds[first..(i + 1)].ToArray()));
                (begin, first) = (elapsed, i + 1);
            }
        }

        if (first < milliseconds.Length)
        {
            double[] rest = milliseconds[first..].ToArray();
            if (parts.Count > 0 && elapsed - begin < length / 2)
            {
                parts[^1] = (parts[^1].From, elapsed, [.. parts[^1].Runs, .. rest]);
            }
            else
            {
                parts.Add((begin, elapsed, rest));
            }
        }

        return [.. parts.Select((p, i) => Window(p.From, p.To, p.Runs, telemetry.LastOrDefault(s => s.Seconds < p.From), [.. telemetry.Where(s => s.Seconds >= p.From && (s.Seconds < p.To || i == parts.Count - 1))]))];
    }

    /// <summary>How much slower the last window is than the first: 0.1 is ten percent.</summary>
    public static double Change(IReadOnlyList<SustainedWindow> windows) => (windows[^1].Latency.P50 / windows[0].Latency.P50) - 1;

    /// <summary>The spread of a usual window, p90 to p50; null where no window has enough runs.</summary>
    public static double? Spread(IReadOnlyList<SustainedWindow> windows)
    {
        double[] spreads = [.. windows.Select(w => w.Latency.P90 / w.Latency.P50).OfType<double>().Order()];
        return spreads.Length > 0 ? spreads[spreads.Length / 2] : null;
    }

    public static void Print(Printer printer, LatencyResult result)
    {
        var table = new TextTable($"Sustained, {BenchReport.Threaded(result.Threads)}", ">from", ">to", ">n", ">p50 ms", ">p90 ms", ">C", ">MHz", "throttled");
        foreach (SustainedWindow w in result.Windows)
        {
            table.Add(Quantity.Time(TimeSpan.FromSeconds(w.From)), Quantity.Time(TimeSpan.FromSeconds(w.To)), Quantity.Count(w.Latency.Count),
                Quantity.Milliseconds(w.Latency.P50), w.Latency.P90 is { } p90 ? Quantity.Milliseconds(p90) : "-",
                w.Celsius is { } celsius ? Quantity.Fixed(celsius, 1) : "-", w.MHz is { } mhz ? Quantity.Fixed(mhz, 0) : "-",
                w.Throttled switch { true => "yes", false => "no", null => "-" });
        }

        printer.Data(table);
        double change = Change(result.Windows);
        printer.Data($"the last window is {Quantity.Percent(Math.Abs(change))} {(change < 0 ? "faster" : "slower")} than the first");
        if (result.Windows.FirstOrDefault(w => w.Throttled == true) is { } slowed)
        {
            printer.Data($"the board slowed itself down in {result.Windows.Count(w => w.Throttled == true)} of {result.Windows.Count} windows, first in that from {Quantity.Time(TimeSpan.FromSeconds(slowed.From))} on");
        }
    }

    public static JsonObject Json(double length, IReadOnlyList<LatencyResult> results) => new()
    {
        ["window_s"] = Quantity.Json(length, 3),
        ["by_threads"] = new JsonArray([.. results.Select(r => (JsonNode)new JsonObject
        {
            ["threads"] = r.Threads,
            ["change"] = Quantity.Json(Change(r.Windows), 6),
            ["throttled_windows"] = r.Windows.All(w => w.Throttled is null) ? null : r.Windows.Count(w => w.Throttled == true),
            ["windows"] = new JsonArray([.. r.Windows.Select(w => (JsonNode)new JsonObject
            {
                ["from_s"] = Quantity.Json(w.From, 3),
                ["to_s"] = Quantity.Json(w.To, 3),
                ["n"] = w.Latency.Count,
                ["p50"] = Quantity.Json(w.Latency.P50, 6),
                ["p90"] = Quantity.Json(w.Latency.P90, 6),
                ["celsius"] = Quantity.Json(w.Celsius, 2),
                ["mhz"] = Quantity.Json(w.MHz, 1),
                ["throttled"] = w.Throttled,
            })]),
        })]),
    };

    private static SustainedWindow Window(double from, double to, double[] runs, TelemetrySample? before, TelemetrySample[] telemetry) =>
        new(from, to, new LatencyStatistics(runs), telemetry.Max(s => s.Celsius), telemetry.Min(s => s.MHz), TelemetryLog.ThrottledIn(telemetry, before));
}
