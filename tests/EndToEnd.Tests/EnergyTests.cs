using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Energy per image: above what the machine uses at rest, by one sensor, or not at all.</summary>
public sealed class EnergyTests(SmallModel model) : IClassFixture<SmallModel>
{
    /// <summary>A meter that says two watts at rest and five while measuring.</summary>
    [Fact]
    public void EnergyAboveIdleIsWhatTheMeterSaysMore()
    {
        using var board = new TestFolder();
        var meter = new Meter { Watts = 2 };
        (LatencyResult result, IdlePeriod idle) = Measure(new SystemFiles(board.Root), meter, () => meter.Watts = 5);
        Energy energy = Energy.Measured([result], idle)!;
        Assert.Equal(2, energy.IdleWatts!.Value, 9);
        ImageEnergy image = Assert.Single(energy.ByThreads);
        double seconds = result.Seconds / result.Latency.Count;
        Assert.Equal((5.0, 5 * seconds), (image.Watts, image.Joules));
        Assert.Equal(3 * seconds, image.AboveIdle!.Value, 12);

        JsonObject json = energy.ToJson();
        Assert.Equal(("a meter", "board", false), ((string)json["source"]!, (string)json["scope"]!, (bool)json["estimate"]!));
        Assert.Equal(3 * seconds, (double)json["by_threads"]![0]!["joules_per_image_above_idle"]!, 1e-8);
        using var text = new StringWriter();
        energy.Print(new Printer(json: false, quiet: false, text, TextWriter.Null));
        Assert.Contains("above idle (2.00 W)", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("in all at 5.00 W (a meter, board)", text.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A meter that is wired the wrong way round says so in a report, too; nothing that was measured is lost for it.</summary>
    [Fact]
    public void PowerBelowZeroIsRead()
    {
        JsonObject json = BenchJson.Pi5();
        json["power"]!["mean_w"] = -5.25;
        json["power"]!["most_w"] = -4.5;
        json["thermal"]!["series"]![0]!["watts"] = -5.25;
        json["energy"] = JsonNode.Parse("""
            { "source": "a meter", "scope": "board", "estimate": false, "idle_w": -2, "idle_s": 5, "idle_samples": 10,
              "by_threads": [{ "threads": 1, "mean_w": -5.25, "samples": 4, "joules_per_image": -0.01, "joules_per_image_above_idle": -0.005 }] }
            """);
        BenchResult result = ResultReader.Parse(json.ToJsonString(), "r.json");
        Assert.Equal((-5.25, -2.0, -0.01), (result.Power!.MeanWatts, result.Energy!.IdleWatts, result.Energy.ByThreads[0].Joules));
        Assert.Contains("-5.25 W", MarkdownPage.Write(ReportDocument.Of([result], [])), StringComparison.Ordinal);
        Assert.NotEmpty(HtmlPage.Write(ReportDocument.Of([result], [])));
    }

    /// <summary>A Jetson's own sensor, as files.</summary>
    [Fact]
    public void ABoardThatMeasuresItselfIsTheSource()
    {
        using var board = new TestFolder();
        const string chip = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1";
        board.File("proc/device-tree/model", "NVIDIA Jetson Orin Nano Developer Kit\0"u8.ToArray());
        board.File($"{chip}/in1_label", "VDD_IN\n"u8.ToArray());
        board.File($"{chip}/in1_input", "5000\n"u8.ToArray());
        board.File($"{chip}/curr1_input", "1000\n"u8.ToArray());
        (LatencyResult result, IdlePeriod idle) = Measure(new SystemFiles(board.Root), null, () => board.File($"{chip}/curr1_input", "1600\n"u8.ToArray()));
        Energy energy = Energy.Measured([result], idle)!;
        Assert.Equal(5, energy.IdleWatts!.Value, 6);
        Assert.Equal(8, Assert.Single(energy.ByThreads).Watts, 6);
        Assert.Equal("VDD_IN", (string)energy.ToJson()["source"]!);
    }

    [Fact]
    public void NothingIsGuessed()
    {
        using var board = new TestFolder();
        (LatencyResult result, IdlePeriod idle) = Measure(new SystemFiles(board.Root), null, () => { });
        Assert.Null(Energy.Measured([result], idle));
        Assert.Equal("no INA3221, hwmon power or RAPL counter", Energy.Lack([result]));

        // A meter that failed at rest: energy in all, and none above idle.
        var meter = new Meter { Watts = null };
        (result, idle) = Measure(new SystemFiles(board.Root), meter, () => meter.Watts = 5);
        Energy energy = Energy.Measured([result], idle)!;
        Assert.Null(energy.IdleWatts);
        Assert.Null(Assert.Single(energy.ByThreads).AboveIdle);
        Assert.Equal(0, (int)energy.ToJson()["idle_samples"]!);

        meter = new Meter { Watts = null };
        (result, _) = Measure(new SystemFiles(board.Root), meter, () => { });
        Assert.Equal("a meter: it does not answer", Energy.Lack([result]));
    }

    /// <summary>Two watts by one sensor and five by another are not three above idle.</summary>
    [Fact]
    public void DifferentSensorsAreNotSubtracted()
    {
        static TelemetrySample Sample(string sensor, double watts) => new(0, [new(SensorKind.Power, sensor, watts) { Scope = PowerScope.Board }]);
        var result = new LatencyResult(1, new LatencyStatistics([1, 1]), 0.002, 60, 0, 0, [Sample("one", 5)], null, 0);
        Assert.Null(Energy.Measured([result], new IdlePeriod(1, 0, [Sample("another", 2)]))!.ByThreads[0].AboveIdle);
        Assert.Equal(0.003, Energy.Measured([result], new IdlePeriod(1, 0, [Sample("one", 2)]))!.ByThreads[0].AboveIdle!.Value, 9);
    }

    private (LatencyResult Result, IdlePeriod Idle) Measure(SystemFiles files, IPowerMeter? meter, Action begin)
    {
        IReadOnlyList<IPowerMeter> meters = meter is null ? [] : [meter];
        using EvitModel opened = EvitModel.Open(model.Path);
        var idle = IdlePeriod.Watch(TimeSpan.FromMilliseconds(100), files, meters, default);
        Assert.True(idle.Telemetry.Count >= 2);
        begin();
        var plan = new LatencyPlan(TimeSpan.FromMilliseconds(100), 1);
        return (new LatencyMeasurement(opened) { Files = files, Meters = meters }.Measure(1, plan, (_, _) => { }, default), idle);
    }

    private sealed class Meter : IPowerMeter
    {
        public double? Watts { get; set; }

        public string Name => "a meter";

        public double ReadWatts() => Watts ?? throw new IOException("it does not answer");
    }
}
