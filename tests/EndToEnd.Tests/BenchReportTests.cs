using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What a latency report says of measurements that are known.</summary>
public sealed class BenchReportTests(SmallModel model) : IClassFixture<SmallModel>
{
    private static readonly CpuClock s_steady = new("performance", 2400, 2400);
    private static readonly LatencyResult s_good = Result([.. Enumerable.Repeat(5.0, 2000)]);

    [Fact]
    public void AGoodMeasurementIsValid()
    {
        BenchReport report = Report([s_good], quick: false);
        Assert.Empty(report.Reasons);
        Assert.EndsWith("  VALID", Headline(report), StringComparison.Ordinal);
        JsonObject json = report.ToJson();
        Assert.True((bool)json["valid"]!);
        Assert.False((bool)json["indicative"]!);
        Assert.Empty(json["reasons"]!.AsArray());
    }

    [Fact]
    public void AQuickOneIsIndicative()
    {
        BenchReport report = Report([Result([.. Enumerable.Repeat(5.0, 64)], seconds: 3)], quick: true);
        Assert.EndsWith("  VALID (indicative)", Headline(report), StringComparison.Ordinal);
        Assert.True((bool)report.ToJson()["valid"]!);
        Assert.True((bool)report.ToJson()["indicative"]!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneThatBreaksARuleIsNotAndSaysWhy(bool quick)
    {
        BenchReport report = Report([s_good with { OthersLoad = 0.25 }], quick);
        string reason = Assert.Single(report.Reasons);
        Assert.Contains("25 %", reason, StringComparison.Ordinal);
        Assert.EndsWith("  INVALID", Headline(report), StringComparison.Ordinal);
        Assert.Contains($"  not valid: {reason}", Lines(report));
        JsonObject json = report.ToJson();
        Assert.False((bool)json["valid"]!);
        Assert.Equal(reason, (string)json["reasons"]!.AsArray().Single()!);
    }

    [Fact]
    public void EveryThreadCountMustBeValid()
    {
        BenchReport report = Report([s_good, s_good with { Threads = 4, Throttled = true }], quick: false);
        Assert.StartsWith("4 threads: the board slowed itself down", Assert.Single(report.Reasons), StringComparison.Ordinal);
        Assert.True((bool)report.ToJson()["thermal"]!["throttled"]!);
    }

    [Fact]
    public void FiguresAreThoseOfTheMeasurement()
    {
        // 4 ms with one thread, 1.6 with four: 2.5 times as fast.
        LatencyResult one = Result([.. Enumerable.Repeat(4.0, 1000)]) with { WarmUp = 80, AllocatedPerRun = 2 };
        LatencyResult four = Result([.. Enumerable.Repeat(1.6, 1000)]) with { Threads = 4, WarmUp = 120, AllocatedPerRun = 1, OthersLoad = 0.05 };
        BenchReport report = Report([one, four], quick: false);
        JsonObject json = report.ToJson();
        JsonNode latency = json["latency"]!;
        Assert.Equal((1, 4.0, 250.0), ((int)latency["threads"]!, (double)latency["p50"]!, (double)latency["images_per_second"]!));
        JsonArray threads = latency["by_threads"]!.AsArray();
        Assert.Equal([1.0, 2.5], threads.Select(t => (double)t!["speed_up"]!));
        Assert.Equal([250.0, 625.0], threads.Select(t => (double)t!["images_per_second"]!));
        Assert.Equal((80, 60.0), ((int)json["options"]!["warmup"]!, (double)json["options"]!["duration_s"]!));
        Assert.Equal(2, (double)json["memory"]!["allocated_bytes_per_run"]!);
        Assert.Equal(0.05, (double)json["background_load"]!);
        Assert.Equal((10.0, 30.0, 5.0), ((double)json["cold"]!["open_ms"]!, (double)json["cold"]!["load_ms"]!, (double)json["cold"]!["first_ms"]!));

        string[] lines = Lines(report);
        Assert.Equal(["threads", "speed-up", "n", "p50", "ms", "p90", "ms", "p99", "ms", "mean", "ms", "sd", "max", "ms", "images/s"], Words(lines[0]));
        Assert.Equal(["1", "1.00x", "1000", "4.000", "4.000", "4.000", "4.000", "0.0000", "4.000", "250.0"], Words(lines[1]));
        Assert.Equal(["4", "2.50x", "1000", "1.600", "1.600", "1.600", "1.600", "0.0000", "1.600", "625.0"], Words(lines[2]));
        Assert.Contains("warm-up 80, 120 runs; allocated per run 2.0 B", lines);
        Assert.Contains(lines, l => l.StartsWith("cold: 35.00 ms from the file to the first logits: open 10.00, plan 20.00, first inference 5.000", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatTheSensorsSaidIsInTheResult()
    {
        TelemetrySample Sample(double seconds, double celsius, double watts) => new(seconds,
        [
            new(SensorKind.Temperature, "cpu-thermal", celsius), new(SensorKind.Clock, "cpu0", 1500), new(SensorKind.Clock, "cpu1", 2400), new(SensorKind.Clock, "arm, measured", 2399.5),
            new(SensorKind.Power, "pmic, estimate of the board", watts) { Scope = PowerScope.Board, Estimate = true },
            new(SensorKind.UnderVoltage, "rpi_volt", 1), new(SensorKind.Throttle, "firmware", 0x50005), new(SensorKind.OverCurrent, "none", null, "no hwmon soctherm_oc"),
        ]);
        LatencyResult result = s_good with
        {
            Telemetry = [Sample(0, 50, 4), Sample(0.5, 51.25, 6)],
            SamplingCost = new TelemetryCost(0.004, 0.008, 0.03),
            SensorProblems = [("rp1_adc", "it is gone")],
        };
        JsonObject json = Report([result], quick: false).ToJson();
        JsonNode last = json["thermal"]!["series"]!.AsArray()[1]!;
        Assert.Equal((51.25, 2399.5, 6.0, true, 0x50005u), ((double)last["celsius"]!, (double)last["mhz"]!, (double)last["watts"]!, (bool)last["under_voltage"]!, (uint)last["throttle"]!));
        Assert.Equal([1500.0, 2400], last["mhz_cores"]!.AsArray().Select(m => (double)m!));
        Assert.Equal((5.0, 6.0, "board", true, 2), ((double)json["power"]!["mean_w"]!, (double)json["power"]!["most_w"]!, (string)json["power"]!["scope"]!, (bool)json["power"]!["estimate"]!, (int)json["power"]!["samples"]!));
        JsonNode missing = Assert.Single(json["thermal"]!["not_measured"]!.AsArray())!;
        Assert.Equal(("over_current_events", "no hwmon soctherm_oc"), ((string)missing["kind"]!, (string)missing["missing"]!));
        Assert.Equal("it is gone", (string)json["thermal"]!["sensor_problems"]![0]!["reason"]!);
        JsonNode cost = json["thermal"]!["sampling"]![0]!;
        Assert.Equal((2, 0.004, 0.008, 0.03), ((int)cost["samples"]!, (double)cost["cpu_s"]!, (double)cost["core_share"]!, (double)cost["longest_s"]!));

        Assert.Null(Report([s_good], quick: false).ToJson()["power"]);
    }

    [Fact]
    public void TheBordersOfTheRules()
    {
        Assert.Empty(Failures(Result([.. Enumerable.Repeat(5.0, 1024)], seconds: 60)));
        Assert.Single(Failures(Result([.. Enumerable.Repeat(5.0, 1023)], seconds: 60)));
        Assert.Single(Failures(Result([.. Enumerable.Repeat(5.0, 1024)], seconds: 59.9)));
        // p90 of 1.5 times the median is too much.
        Assert.Empty(Failures(Result([.. Enumerable.Repeat(5.0, 800), .. Enumerable.Repeat(7.49, 400)])));
        Assert.Single(Failures(Result([.. Enumerable.Repeat(5.0, 800), .. Enumerable.Repeat(7.5, 400)])));
        Assert.Empty(Failures(s_good with { OthersLoad = 0.099 }));
        Assert.Single(Failures(s_good with { OthersLoad = 0.10 }));
        Assert.Single(Failures(s_good with { OthersLoad = null }));
        // A board that cannot tell whether it throttles may be quoted.
        Assert.Empty(Failures(s_good with { Throttled = null }));

        static IReadOnlyList<string> Failures(LatencyResult result) => ValidityRules.Failures(result, s_steady, quick: false);
    }

    private BenchReport Report(IReadOnlyList<LatencyResult> results, bool quick) => new(
        new ResultHead(EvitFile.Read(model.Path), model.Path, new BoardInfo(BoardKind.Pc, "Board", "Cpu", 4, "x86_64", true, [], 1_000_000_000, "Linux", "6"), s_steady), "scalar", results,
        quick ? LatencyPlan.Quick : LatencyPlan.Full, quick, new ColdStart(1000, OpenMs: 10, LoadMs: 30, FirstMs: 5, 2000, 3000, 4000, 5000))
    {
        Preparation = new PreparationTimes(640, 480, null, 1, 2),
    };

    private static LatencyResult Result(double[] samples, double seconds = 61) =>
        new(1, new LatencyStatistics(samples), seconds, WarmUp: 60, AllocatedPerRun: 0, OthersLoad: 0.01, [], Throttled: false, ArenaBytes: 0);

    private static string Headline(BenchReport report) => Lines(report).Single(l => l.StartsWith("test-net  ", StringComparison.Ordinal));

    private static string[] Lines(BenchReport report)
    {
        using var data = new StringWriter();
        using var words = new StringWriter();
        report.Print(new Printer(json: false, quiet: false, data, words));
        return data.ToString().Split('\n');
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
