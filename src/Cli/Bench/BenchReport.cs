using System.Text.Json.Nodes;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>A latency report: what was measured, on what, and whether it may be quoted. The first result is the headline; the clock of
/// the head is read after the measurement.</summary>
internal sealed record BenchReport(
    ResultHead Head, string Kernel, IReadOnlyList<LatencyResult> Results, LatencyPlan Plan, bool Quick, ColdStart Cold)
{
    private const string Measured = "bytes at the input's size to logits, one image after the other; decoding and resizing are not included";

    /// <summary>Where the time goes; null where it was not asked for.</summary>
    public StepProfile? Profile { get; init; }

    public required PreparationTimes Preparation { get; init; }

    /// <summary>The machine directly before; null where it was not watched.</summary>
    public IdlePeriod? Idle { get; init; }

    /// <summary>Benches that ran at the same time.</summary>
    public IReadOnlyList<OtherBench> Others { get; init; } = [];

    /// <summary>The same pictures in ONNX Runtime; null where it was not asked for.</summary>
    public AgainstOnnx? Against { get; init; }

    /// <summary>The most memory that was ever resident, bytes, before ONNX Runtime was loaded.</summary>
    public long PeakBytes { get; init; } = ProcessMemory.Read().PeakBytes;

    /// <summary>The picture whose preparation was measured, and the meter in the supply; null where there was none.</summary>
    public (string? Image, string? Meter) Given { get; init; }

    /// <summary>The rules that fail; none means VALID.</summary>
    public IReadOnlyList<string> Reasons => [.. Results.SelectMany(r => ValidityRules.Failures(r, Head.Clock, Quick)
        .Select(reason => Results.Count > 1 ? $"{Threaded(r.Threads)}: {reason}" : reason)), .. ValidityRules.Disturbances(Idle?.OthersLoad, Others)];

    private Energy? Energy => Cli.Energy.Measured(Results, Idle);

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
        if (Energy is { } energy)
        {
            energy.Print(printer);
        }
        else
        {
            printer.Data($"energy: not measured ({Cli.Energy.Lack(Results)})");
        }

        foreach (LatencyResult sustained in Results.Where(r => r.Windows.Count > 0))
        {
            SustainedWindows.Print(printer, sustained);
        }

        Profile?.Print(printer);
        Against?.Print(printer);

        LatencyResult first = Results[0];
        IReadOnlyList<string> reasons = Reasons;
        string verdict = reasons.Count > 0 ? "INVALID" : Quick ? "VALID (indicative)" : "VALID";
        string accuracy = Head.Top1 is { } percent ? $"top-1 {Quantity.Fixed(percent, 1)} %  " : "";
        printer.Data($"{Head.File.Graph.Name}  {Quantity.Bytes(Head.File.Bytes)}  {accuracy}{Head.Board.Model}, {Head.Board.Cpu}  {Kernel}  {Threaded(first.Threads)}  "
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
            one["warmup"] = r.WarmUp;
            one["over_time"] = LatencyOverTime.Json(r.OverTime);
            return (JsonNode)one;
        })]);
        JsonObject memory = Cold.Memory();
        memory["rss_peak_bytes"] = PeakBytes;
        memory["allocated_bytes_per_run"] = Quantity.Json(Results.Max(r => r.AllocatedPerRun), 2);
        JsonObject json = Head.ToJson("latency");
        json["options"] = Options();
        json["cold"] = Cold.Times();
        json["latency"] = latency;
        json["preprocess"] = Preparation.ToJson();
        json["layers"] = Profile?.Json();
        json["memory"] = memory;
        json["thermal"] = TelemetryJson.Thermal(Results);
        json["power"] = TelemetryJson.Power(Results);
        json["energy"] = Energy?.ToJson();
        json["energy_missing"] = Energy is null ? Cli.Energy.Lack(Results) : null;
        json["sustained"] = Plan.Sustained ? SustainedWindows.Json(SustainedWindows.Length(Plan.Duration), Results) : null;
        json["against"] = Against?.ToJson();
        json["background_load"] = Quantity.Json(Results.Max(r => r.OthersLoad));
        json["background_load_before"] = Quantity.Json(Idle?.OthersLoad);
        json["other_benches"] = new JsonArray([.. Others.Select(o => (JsonNode)new JsonObject { ["pid"] = o.Process, ["model"] = o.Model })]);
        json["valid"] = reasons.Count == 0;
        json["indicative"] = Quick;
        json["reasons"] = new JsonArray([.. reasons.Select(r => (JsonNode)r)]);
        return json;
    }

    private JsonObject Options() => new()
    {
        ["threads"] = new JsonArray([.. Results.Select(r => (JsonNode)r.Threads)]),
        ["kernel"] = Kernel,
        ["duration_s"] = Plan.Duration.TotalSeconds,
        ["quick"] = Quick,
        ["sustained"] = Plan.Sustained,
        ["profile"] = Profile is not null,
        ["idle_s"] = Quantity.Json(Idle?.Seconds, 2),
        ["image"] = Given.Image is null ? null : Path.GetFullPath(Given.Image),
        ["meter"] = Given.Meter,
        ["warmup"] = Results[0].WarmUp,
        ["measured"] = Measured,
    };

    // Against the first thread count that was measured.
    private double SpeedUp(LatencyResult result) => Results[0].Latency.P50 / result.Latency.P50;

    internal static string Threaded(int count) => count == 1 ? "1 thread" : $"{count} threads";

    private static string Ms(double? value) => value is { } ms ? Quantity.Milliseconds(ms) : "-";
}
