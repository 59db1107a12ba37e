using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>A latency report: what was measured, on what, and whether it may be quoted. The first result is the headline; the clock is read after
/// the measurement.</summary>
internal sealed record BenchReport(
    EvitFile File, string Kernel, BoardInfo Board, CpuClock Clock, IReadOnlyList<LatencyResult> Results, LatencyPlan Plan, bool Quick, ColdStart Cold)
{
    /// <summary>Where the time goes; null where it was not asked for.</summary>
    public StepProfile? Profile { get; init; }

    public required PreparationTimes Preparation { get; init; }

    /// <summary>The rules that fail; none means VALID.</summary>
    public IReadOnlyList<string> Reasons => [.. Results.SelectMany(r => ValidityRules.Failures(r, Clock, Quick)
        .Select(reason => Results.Count > 1 ? $"{Threaded(r.Threads)}: {reason}" : reason))];

    public void Print(Printer printer)
    {
        var table = new TextTable(null, ">threads", ">speed-up", ">n", ">p50 ms", ">p90 ms", ">p99 ms", ">mean ms", ">sd", ">max ms", ">images/s");
        foreach (LatencyResult r in Results)
        {
            LatencyStatistics l = r.Latency;
            table.Add(Quantity.Count(r.Threads), $"{Quantity.Fixed(SpeedUp(r), 2)}x", Quantity.Count(l.Count), Ms(l.P50), Ms(l.P90), Ms(l.P99), Ms(l.Mean), Ms(l.Deviation), Ms(l.Maximum), Quantity.Fixed(l.PerSecond, 1));
        }
        printer.Data(table);
        Preparation.Print(printer);
        Cold.Print(printer);
        printer.Data($"warm-up {string.Join(", ", Results.Select(r => r.WarmUp))} runs; allocated per run {Quantity.Fixed(Results.Max(r => r.AllocatedPerRun), 1)} B");
        Profile?.Print(printer);

        LatencyResult first = Results[0];
        IReadOnlyList<string> reasons = Reasons;
        string verdict = reasons.Count > 0 ? "INVALID" : Quick ? "VALID (indicative)" : "VALID";
        printer.Data($"{File.Graph.Name}  {Quantity.Bytes(File.Bytes)}  {Board.Model}, {Board.Cpu}  {Kernel}  {Threaded(first.Threads)}  "
            + $"p50 {Ms(first.Latency.P50)}  p90 {Ms(first.Latency.P90)}  p99 {Ms(first.Latency.P99)} ms  {verdict}");
        foreach (string reason in reasons)
        {
            printer.Data($"  not valid: {reason}");
        }
    }

    public JsonObject ToJson()
    {
        LatencyResult first = Results[0];
        IReadOnlyList<string> reasons = Reasons;
        JsonObject latency = first.Latency.ToJson(first.Threads, first.Seconds);
        latency["by_threads"] = new JsonArray([.. Results.Select(r =>
        {
            JsonObject one = r.Latency.ToJson(r.Threads, r.Seconds);
            one["speed_up"] = Quantity.Json(SpeedUp(r));
            one["over_time"] = LatencyOverTime.Json(r.OverTime);
            return (JsonNode)one;
        })]);
        JsonObject memory = Cold.Memory();
        memory["rss_peak_bytes"] = ProcessMemory.Read().PeakBytes;
        memory["allocated_bytes_per_run"] = Quantity.Json(Results.Max(r => r.AllocatedPerRun), 2);
        return new JsonObject
        {
            ["schema"] = 1,
            ["tool"] = new JsonObject { ["version"] = typeof(BenchReport).Assembly.GetName().Version?.ToString(3) },
            ["date"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            ["model"] = new JsonObject { ["name"] = File.Graph.Name, ["sha256"] = File.Sha256, ["bytes"] = File.Bytes },
            ["device"] = Machine.Json(Board, Clock),
            ["options"] = new JsonObject
            {
                ["threads"] = new JsonArray([.. Results.Select(r => (JsonNode)r.Threads)]),
                ["kernel"] = Kernel,
                ["duration_s"] = Plan.Duration.TotalSeconds,
                ["quick"] = Quick,
                ["warmup"] = first.WarmUp,
                ["measured"] = "bytes at the input's size to logits, one image after the other; decoding and resizing are not included",
            },
            ["cold"] = Cold.Times(),
            ["latency"] = latency,
            ["preprocess"] = Preparation.ToJson(),
            ["layers"] = Profile?.Json(),
            ["memory"] = memory,
            ["thermal"] = TelemetryJson.Thermal(Results),
            ["power"] = TelemetryJson.Power(Results),
            ["background_load"] = Quantity.Json(Results.Max(r => r.OthersLoad)),
            ["valid"] = reasons.Count == 0,
            ["indicative"] = Quick,
            ["reasons"] = new JsonArray([.. reasons.Select(r => (JsonNode)r)]),
        };
    }

    // Against the first thread count that was measured.
    private double SpeedUp(LatencyResult result) => Results[0].Latency.P50 / result.Latency.P50;

    internal static string Threaded(int count) => count == 1 ? "1 thread" : $"{count} threads";

    private static string Ms(double? value) => value is { } ms ? Quantity.Milliseconds(ms) : "-";
}
