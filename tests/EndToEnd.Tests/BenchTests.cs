using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;

namespace EdgeVit.EndToEnd.Tests;

public sealed class BenchTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void Measures_and_says_whether_the_result_is_valid()
    {
        JsonObject json = EdgeVitProcess.Run("bench", model.Path, "--duration", "300ms", "--threads", "1,2", "--profile", "--json").Expect(0).Json;
        JsonNode latency = json["latency"]!;
        Assert.True((int)latency["n"]! >= 64);
        Assert.InRange((double)latency["p50"]!, 0.0001, (double)latency["p90"]!);
        Assert.True((double)latency["mean"]! > 0);
        Assert.Equal([1, 2], latency["by_threads"]!.AsArray().Select(t => (int)t!["threads"]!));
        Assert.True((double)json["cold"]!["load_ms"]! > 0);
        Assert.True((double)json["cold"]!["first_ms"]! > 0);
        Assert.Equal(new FileInfo(model.Path).Length, (long)json["memory"]!["file_bytes"]!);
        Assert.True((long)json["memory"]!["rss_peak_bytes"]! > 1_000_000);
        Assert.Equal((bool)json["valid"]!, json["reasons"]!.AsArray().Count == 0);
        Assert.Contains(json["reasons"]!.AsArray(), r => ((string)r!).Contains("60 s", StringComparison.Ordinal));
        Assert.NotEmpty(json["layers"]!.AsArray());
        Assert.Equal("unattributed", (string)json["layers"]!.AsArray().Last()!["name"]!);
    }

    [Fact]
    public void A_person_gets_a_headline()
    {
        string output = EdgeVitProcess.Run("bench", model.Path, "--quick", "--duration", "200ms").Expect(0).Output;
        Assert.Contains("p50", output, StringComparison.Ordinal);
        Assert.Contains("VALID", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Percentiles_are_nearest_ranks_and_withheld_from_few_samples()
    {
        var many = new LatencyStatistics([.. Enumerable.Range(1, 1000).Select(i => (double)i)]);
        Assert.Equal((500, 900, 990), (many.P50, many.P90, many.P99));
        Assert.Equal(500.5, many.Mean);
        Assert.Equal(1000, many.Histogram().Sum(b => b.Count));

        var few = new LatencyStatistics([3, 1, 2]);
        Assert.Equal(2, few.P50);
        Assert.Null(few.P90);
        Assert.Null(few.P99);
    }

    [Fact]
    public void Every_broken_rule_is_named_with_its_remedy()
    {
        var clock = new CpuClock("performance", 2400, 2400);
        LatencyResult good = Result([.. Enumerable.Repeat(5.0, 2000)], seconds: 61, load: 0.01, throttled: false);
        Assert.Empty(ValidityRules.Failures(good, clock, quick: false));

        LatencyResult bad = Result([.. Enumerable.Repeat(1.0, 80), .. Enumerable.Repeat(9.0, 20)], seconds: 10, load: 0.5, throttled: true);
        IReadOnlyList<string> reasons = ValidityRules.Failures(bad, clock with { Governor = null }, quick: false);
        Assert.Equal(6, reasons.Count);
        Assert.All(reasons, r => Assert.Contains(":", r, StringComparison.Ordinal));
        Assert.Equal(4, ValidityRules.Failures(bad, clock with { Governor = null }, quick: true).Count);
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("10s", 10)]
    [InlineData("1.5m", 90)]
    [InlineData("250ms", 0.25)]
    public void Durations_are_read(string text, double seconds) => Assert.Equal(seconds, BenchVerb.ParseDuration(text).TotalSeconds);

    private static LatencyResult Result(double[] samples, double seconds, double load, bool throttled) =>
        new(1, new LatencyStatistics(samples), seconds, 60, 0, load, [], throttled, 0);
}
