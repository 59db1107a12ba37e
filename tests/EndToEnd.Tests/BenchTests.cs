using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

public sealed class BenchTests(SmallModel model) : IClassFixture<SmallModel>
{
    /// <summary>A meter that does not answer is named in the result and stops nothing; a description that is none is a wrong command line.</summary>
    [Fact]
    public void AMeterIsAskedWhileMeasuring()
    {
        // Sensors are read at low priority: where others want every core, one run may pass between two readings.
        JsonNode thermal = Enumerable.Range(0, 4)
            .Select(_ => EdgeVitProcess.Run("bench", model.Path, "--duration", "1200ms", "--meter", "ina219:999:0x40:0.1", "--json").Expect(0).Json["thermal"]!)
            .First(t => (int)t["sampling"]![0]!["samples"]! > 2);
        JsonNode problem = Assert.Single(thermal["sensor_problems"]!.AsArray(), p => (string)p!["sensor"]! == "ina219:999:0x40:0.1")!;
        Assert.Equal("/dev/i2c-999 is not there", (string)problem["reason"]!);
        // At the start, every half second and at the end.
        JsonNode sampling = Assert.Single(thermal["sampling"]!.AsArray())!;
        Assert.InRange((int)sampling["samples"]!, 3, 6);
        Assert.Equal((int)sampling["samples"]!, thermal["series"]!.AsArray().Count);
        Assert.InRange((double)sampling["core_share"]!, 0.000001, 0.2);

        Assert.Contains("expected CHIP:BUS:ADDRESS:OHMS", EdgeVitProcess.Run("bench", model.Path, "--meter", "ina226").Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void MeasuresAndSaysWhetherTheResultIsValid()
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
        Assert.True((int)json["options"]!["warmup"]! > 0);
        Assert.Equal("unattributed", (string)json["layers"]!.AsArray().Last()!["name"]!);
    }

    [Fact]
    public void TheProfileAddsUpToTheRunAndTellsWorkAndCeilings()
    {
        JsonNode[] layers = [.. EdgeVitProcess.Run("bench", model.Path, "--duration", "100ms", "--profile", "--json").Expect(0).Json["layers"]!.AsArray()!];
        Assert.Equal(1.0, layers.Sum(l => (double)l["share"]!), 1e-3);
        JsonNode product = layers.First(l => ((string)l["kind"]!).StartsWith("BinaryLinear", StringComparison.Ordinal));
        Assert.Equal(3, ((string)product["shape"]!).Split(" x ").Length);
        Assert.True((double)product["binary_macs"]! > 0 && (double)product["float_ops"]! > 0 && (long)product["bytes"]! > 0);
        Assert.True((double)product["of_ceiling"]! > 0);
    }

    [Fact]
    public void TheColdStartAloneIsMeasured()
    {
        JsonObject json = EdgeVitProcess.Run("bench", model.Path, "--cold", "--json").Expect(0).Json;
        Assert.Equal((double)json["cold"]!["load_ms"]!, (double)json["cold"]!["open_ms"]! + (double)json["cold"]!["plan_ms"]!, 1e-3);
        Assert.True((long)json["memory"]!["weight_bytes"]! > 1000);
        Assert.Null(json["latency"]);
    }

    [Fact]
    public void EveryShapeIsTimedWithEveryKernelSet()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.OtherKernels);
        JsonObject json = EdgeVitProcess.Run("bench", model.Path, "--kernels", "--quick", "--json").Expect(0).Json;
        string[] sets = [.. KernelSets.Available.Select(KernelSets.Name)];
        Assert.Contains((string)json["pick"]!, sets);
        JsonArray shapes = json["shapes"]!.AsArray();
        Assert.Contains(shapes, s => ((string)s!["kind"]!).StartsWith("BinaryAttention", StringComparison.Ordinal));
        Assert.All(shapes, s => Assert.Equal(sets, s!["kernels"]!.AsObject().Select(k => k.Key)));
        Assert.Equal(json["misfits"]!.AsArray().Count == 0, (bool)json["passed"]!);
        Assert.InRange((double)json["mixed_ms"]!, 0, (double)json["picked_ms"]! + 1e-9);
        EdgeVitProcess.Run("bench", model.Path, "--assert").Fails(2, "--kernels");
    }

    [Fact]
    public void AChoiceThatIsTooSlowFailsTheCheckWhereThatIsAskedFor()
    {
        Assert.SkipUnless(KernelSets.Available.Count > 1, "this machine runs plain loops only");
        (string, string) plain = ("EDGEVIT_KERNEL", "scalar");
        Outcome failed = EdgeVitProcess.Run(["bench", model.Path, "--kernels", "--assert", "--quick", "--json"], null, plain).Expect(3);
        Assert.Equal("scalar", (string)failed.Json["pick"]!);
        Assert.False((bool)failed.Json["passed"]!);
        EdgeVitProcess.Run(["bench", model.Path, "--kernels", "--quick", "--json"], null, plain).Expect(0);
    }

    [Fact]
    public void AKernelChoiceThatIsTooSlowIsAMisfit()
    {
        var audit = new KernelAudit(["a", "b"], 0, [new AuditedShape("X", "1 x 2", 2, 0, [1.0, 0.95]), new AuditedShape("Y", "3 x 4", 1, 1e9, [1.2, 1.0]), new AuditedShape("Z", "tiny", 1, 0, [1e-5, 1e-6])]);
        Assert.Equal(["Y"], audit.Misfits.Select(s => s.Kind));
        Assert.Equal(1.0, audit.Shapes[1].Rate(1.0));
        var json = new JsonObject();
        audit.AddTo(json);
        Assert.False((bool)json["passed"]!);
    }

    [Theory]
    [InlineData(1, "1")]
    [InlineData(2, "1,2")]
    [InlineData(4, "1,2,3,4")]
    [InlineData(6, "1,2,4,6")]
    [InlineData(16, "1,2,4,8,16")]
    public void AllThreadsAreAFewCountsUpToTheCores(int cores, string counts) =>
        Assert.Equal(counts, string.Join(',', BenchVerb.ScalingCounts(cores)));

    [Fact]
    public void PreparingAPictureIsMeasuredApart()
    {
        using var folder = new TestFolder();
        JsonNode json = EdgeVitProcess.Run("bench", model.Path, "--quick", "--image", folder.File("a.png", Png.Random(300, 200, 4)), "--json").Expect(0).Json["preprocess"]!;
        Assert.Equal("300 x 200", (string)json["picture"]!);
        Assert.All((string[])["decode_ms", "resize_ms", "normalise_ms"], key => Assert.True((double)json[key]! > 0, key));
        Assert.Null(EdgeVitProcess.Run("bench", model.Path, "--quick", "--json").Expect(0).Json["preprocess"]!["decode_ms"]);
    }

    /// <summary>Each would measure for an hour.</summary>
    [Fact]
    public void WhatCannotBeMeasuredIsRefusedBeforeMeasuring()
    {
        EdgeVitProcess.Run("bench", model.Path, "--duration", "1h", "--image", "nothing.png").Fails(2, "--image nothing.png: no such file");
        EdgeVitProcess.Run("bench", model.Path, "--kernels", "--duration", "1h", "--against", "a.onnx").Fails(2, "--kernels measures something else; leave out --against");
        EdgeVitProcess.Run("bench", model.Path, "--cold", "--kernels").Fails(2, "--cold measures something else; leave out --kernels");
        EdgeVitProcess.Run("bench", model.Path, "--cold", "--sustained", "1h").Fails(2, "leave out --sustained");
    }

    [Fact]
    public void EachThreadCountIsMeasuredOnce() => Assert.Equal([2, 1], BenchVerb.ParseThreads("2,1,2,1"));

    [Fact]
    public void APersonGetsAHeadline()
    {
        string output = EdgeVitProcess.Run("bench", model.Path, "--quick").Expect(0).Output;
        Assert.Matches(@"p50 \d+\.\d+  p90 \d+\.\d+  p99 (-|\d+\.\d+) ms  (INVALID|VALID \(indicative\))", output);
    }

    [Fact]
    public void PercentilesAreNearestRanksAndWithheldFromFewSamples()
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
    public void EveryBrokenRuleIsNamedWithItsRemedy()
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
    public void DurationsAreRead(string text, double seconds) => Assert.Equal(seconds, Duration.Parse(text)!.Value.TotalSeconds);

    private static LatencyResult Result(double[] samples, double seconds, double load, bool throttled) =>
        new(1, new LatencyStatistics(samples), seconds, 60, 0, load, [], throttled, 0);
}
