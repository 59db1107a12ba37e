using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Results of every kind fit the published schema, and nothing else does.</summary>
public sealed class BenchSchemaTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void AQuickResultWithEverythingFits()
    {
        using var folder = new TestFolder();
        JsonObject json = ResultSchema.Check(EdgeVitProcess.Run(
            "bench", model.Path, "--quick", "--threads", "1,2", "--profile", "--image", folder.File("a.png", Png.Random(40, 30, 1)), "--json").Expect(0).Json);
        Assert.Equal(["bench", model.Path, "--quick"], json["command"]!.AsArray().Take(3).Select(c => (string)c!));
        Assert.Equal((Path.GetFullPath(model.Path), ModelGraph.CurrentVersion), ((string)json["model"]!["file"]!, (int)json["model"]!["graph_version"]!));
        Assert.Equal("latency", (string)json["kind"]!);
        Assert.Equal(folder["a.png"], (string)json["options"]!["image"]!);
        Assert.Equal((3, true), ((double)json["options"]!["duration_s"]!, (bool)json["options"]!["profile"]!));
    }

    [Fact]
    public void TheColdStartFits() => ResultSchema.Check(EdgeVitProcess.Run("bench", model.Path, "--cold", "--json").Expect(0).Json);

    [Fact]
    public void TheKernelsFit() => ResultSchema.Check(EdgeVitProcess.Run("bench", model.Path, "--kernels", "--quick", "--json").Expect(0).Json);

    [Fact]
    public void ResultsWithSensorsEnergyAndWindowsFit() => ResultSchema.Check(Whole());

    /// <summary>A field that is missing, of another type, or unknown, anywhere in a result.</summary>
    [Fact]
    public void APlantedFaultDoesNotFit()
    {
        JsonObject whole = Whole();
        string text = whole.ToJsonString();
        string[] paths = [.. Places(whole, [])];
        Assert.InRange(paths.Length, 100, 2000);
        List<string> missed = [];
        foreach (string path in paths)
        {
            Plant(path, "removed", (owner, name) => owner.Remove(name));
            Plant(path, "of another type", (owner, name) => owner[name] = Other(owner[name]));
            Plant(path, "beside an unknown one", (owner, _) => owner["planted"] = 1);
        }

        Assert.Empty(missed.Distinct());

        void Plant(string path, string fault, Action<JsonObject, string> change)
        {
            JsonNode copy = JsonNode.Parse(text)!, owner = copy;
            string[] steps = path.Split('/');
            foreach (string step in steps[..^1])
            {
                owner = owner is JsonArray list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]! : owner[step]!;
            }

            change(owner.AsObject(), steps[^1]);
            if (ResultSchema.Fits(copy))
            {
                missed.Add($"{path} {fault}");
            }
        }
    }

    [Fact]
    public void AVerdictThatContradictsItselfDoesNotFit()
    {
        JsonObject json = Whole();
        json["valid"] = !(bool)json["valid"]!;
        Assert.False(ResultSchema.Fits(json));
        Assert.False(ResultSchema.Fits(new JsonObject()));
        Assert.False(ResultSchema.Fits(new JsonObject { ["error"] = "no such file", ["exitCode"] = 1 }));
        json = Whole();
        json["schema"] = 2;
        Assert.False(ResultSchema.Fits(json));
    }

    // The first entry of a list stands for all of them.
    private static IEnumerable<string> Places(JsonNode node, IReadOnlyList<string> way)
    {
        foreach ((string name, JsonNode? value) in node is JsonArray list
            ? list.Take(1).Select(v => KeyValuePair.Create("0", v)) : node.AsObject().AsEnumerable())
        {
            if (node is JsonObject)
            {
                yield return string.Join('/', [.. way, name]);
            }

            if (value is JsonArray or JsonObject)
            {
                foreach (string inner in Places(value, [.. way, name]))
                {
                    yield return inner;
                }
            }
        }
    }

    private static JsonNode Other(JsonNode? value) => value?.GetValueKind() switch
    {
        null => new JsonObject(),
        System.Text.Json.JsonValueKind.String => 17,
        System.Text.Json.JsonValueKind.Array => "text",
        System.Text.Json.JsonValueKind.Object => new JsonArray(1),
        _ => "text",
    };

    /// <summary>A result in which no part is null that can be measured here.</summary>
    private JsonObject Whole()
    {
        TelemetrySample Sample(double seconds) => new(seconds,
        [
            new(SensorKind.Temperature, "cpu-thermal", 50), new(SensorKind.Clock, "cpu0", 1500), new(SensorKind.Throttle, "firmware", 0x50005),
            new(SensorKind.Power, "meter", 4) { Scope = PowerScope.Board }, new(SensorKind.UnderVoltage, "rpi_volt", 1), new(SensorKind.OverCurrent, "none", null, "there is none"),
        ]);
        double[] runs = [.. Enumerable.Repeat(5.0, 1000)];
        var result = new LatencyResult(1, new LatencyStatistics(runs), 5, 60, 0, 0.01, [Sample(0), Sample(1)], true, 0)
        {
            OverTime = LatencyOverTime.Of(runs),
            Windows = SustainedWindows.Of(runs, 0.5, [Sample(0), Sample(1)]),
            SamplingCost = new TelemetryCost(0.001, 0.01, 0.02),
            SensorProblems = [("meter", "it was gone")],
        };
        using var measured = new BenchRun(model.Path, new BenchSettings([1], LatencyPlan.Quick, true));
        JsonObject json = new BenchReport(measured.Head(), "scalar", [result], LatencyPlan.Full with { Sustained = true }, false, measured.Cold)
        {
            Preparation = new PreparationTimes(640, 480, 1, 1, 1),
            Idle = new IdlePeriod(1, 0.01, [Sample(0)]),
            Others = [new OtherBench(42, "another")],
        }.ToJson();
        json["rerun"] = Repetition.Of(ResultReader.Parse(json.ToJsonString(), "former.json"), json).ToJson();
        return json;
    }
}
