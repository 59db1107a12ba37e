using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Long measurements, window by window.</summary>
public sealed class SustainedTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(10, 1)]
    [InlineData(300, 30)]
    [InlineData(600, 60)]
    [InlineData(1800, 60)]
    public void AWindowIsAMinuteOrATenth(double seconds, double window) => Assert.Equal(window, SustainedWindows.Length(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void HeatShowsInTheWindows()
    {
        // Two seconds of 10 ms, then two seconds of 20 ms in which the board is hot, slow and throttled.
        double[] runs = [.. Enumerable.Repeat(10.0, 200), .. Enumerable.Repeat(20.0, 100)];
        TelemetrySample Sample(double seconds, double celsius, double mhz, uint bits) => new(seconds,
            [new(SensorKind.Temperature, "cpu-thermal", celsius), new(SensorKind.Clock, "cpu0", mhz), new(SensorKind.Throttle, "firmware", bits)]);
        IReadOnlyList<SustainedWindow> windows = SustainedWindows.Of(
            runs, 1, [Sample(0, 50, 2400, 0), Sample(0.5, 55, 2400, 0), Sample(1.5, 60, 2300, 0), Sample(2.5, 84, 1500, 0x4), Sample(3.5, 85, 1200, 0x50000), Sample(9, 99, 100, 0x4)]);
        Assert.Equal(4, windows.Count);
        Assert.Equal(runs.Length, windows.Sum(w => w.Latency.Count));
        Assert.Equal([10.0, 10, 20, 20], windows.Select(w => w.Latency.P50));
        Assert.Equal([55.0, 60, 84, 99], windows.Select(w => w.Celsius));
        Assert.Equal([2400.0, 2300, 1500, 100], windows.Select(w => w.MHz));
        // Bits from 16 on are of before; what is sampled after the last run counts to the last window.
        Assert.Equal([false, false, true, true], windows.Select(w => w.Throttled));
        Assert.Equal(1, SustainedWindows.Change(windows));
        Assert.Equal(1, SustainedWindows.Spread(windows));
    }

    /// <summary>A counter of an Orin's supply; one that only counts slows nothing down.</summary>
    [Fact]
    public void AnOverloadShowsInItsWindow()
    {
        TelemetrySample Sample(double seconds, double events, string name = "oc3 peak current") => new(seconds, [new(SensorKind.OverCurrent, name, events)]);
        double[] runs = [.. Enumerable.Repeat(10.0, 300)];
        Assert.Equal([false, true, false], SustainedWindows.Of(runs, 1, [Sample(0.1, 7), Sample(0.9, 7), Sample(1.1, 9), Sample(1.9, 9), Sample(2.5, 9)]).Select(w => w.Throttled));
        Assert.All(SustainedWindows.Of(runs, 1, [Sample(0.1, 7, "oc1, only counted"), Sample(1.1, 9, "oc1, only counted")]), w => Assert.Null(w.Throttled));
    }

    [Theory]
    [InlineData(140, 1, 140)]
    [InlineData(160, 2, 60)]
    [InlineData(30, 1, 30)]
    public void AShortRestBelongsToTheWindowBefore(int runs, int windows, int last)
    {
        IReadOnlyList<SustainedWindow> found = SustainedWindows.Of([.. Enumerable.Repeat(10.0, runs)], 1, []);
        Assert.Equal((windows, last), (found.Count, found[^1].Latency.Count));
        Assert.All(found, w => Assert.Null(w.Throttled));
    }

    [Fact]
    public void SlowingDownIsAResultAndNoFault()
    {
        double[] runs = [.. Enumerable.Repeat(5.0, 800), .. Enumerable.Repeat(9.0, 800)];
        var hot = new LatencyResult(1, new LatencyStatistics(runs), 60, 60, 0, 0.01, [], true, 0);
        Assert.Equal(2, ValidityRules.Failures(hot, new CpuClock("performance", 2400, 2400), quick: false).Count);
        Assert.Empty(ValidityRules.Failures(hot with { Windows = SustainedWindows.Of(runs, 1, []) }, new CpuClock("performance", 2400, 2400), quick: false));

        // What it says to do can be done: --duration goes not with --sustained.
        Assert.Contains("use --sustained 60s", Assert.Single(ValidityRules.Failures(
            hot with { Seconds = 5, Windows = SustainedWindows.Of(runs, 1, []) }, new CpuClock("performance", 2400, 2400), quick: false)), StringComparison.Ordinal);

        // Noise within the windows is one.
        double[] noise = [.. Enumerable.Range(0, 1600).Select(i => i % 3 == 0 ? 9.0 : 5)];
        Assert.Contains("in a usual window", Assert.Single(ValidityRules.Failures(
            hot with { Windows = SustainedWindows.Of(noise, 1, []) }, new CpuClock("performance", 2400, 2400), quick: false)), StringComparison.Ordinal);
    }

    [Fact]
    public void ALongMeasurementHasItsWindows()
    {
        using var folder = new TestFolder();
        Outcome bench = EdgeVitProcess.Run("bench", model.Path, "--sustained", "2s", "--idle", "100ms", "--out", folder["r.json"], "--out", folder["r.md"]).Expect(0);
        Assert.Contains("Sustained, 1 thread", bench.Output, StringComparison.Ordinal);
        Assert.Matches(@"the last window is \d+\.\d % (faster|slower) than the first", bench.Output);
        JsonObject json = ResultSchema.Check(JsonNode.Parse(File.ReadAllText(folder["r.json"]))!.AsObject());
        Assert.Equal(0.5, (double)json["sustained"]!["window_s"]!);
        JsonArray windows = Assert.Single(json["sustained"]!["by_threads"]!.AsArray())!["windows"]!.AsArray();
        Assert.InRange(windows.Count, 1, 5);
        Assert.Equal((int)json["latency"]!["n"]!, windows.Sum(w => (int)w!["n"]!));
        Assert.True((bool)json["options"]!["sustained"]!);
        Assert.Contains("### Sustained", File.ReadAllText(folder["r.md"]), StringComparison.Ordinal);

        EdgeVitProcess.Run("bench", model.Path, "--sustained", "2s", "--quick").Fails(2, "--sustained", "leave out");
        EdgeVitProcess.Run("bench", model.Path, "--sustained", "soon").Fails(2, "--sustained is 'soon'");
    }
}
