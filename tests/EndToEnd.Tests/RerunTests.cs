using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A result is repeated with its settings; what differs is said.</summary>
public sealed class RerunTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void AResultIsRepeatedWithItsSettings()
    {
        using var folder = new TestFolder();
        string result = folder["r.json"];
        EdgeVitProcess.Run(["bench", model.Path, "--quick", "--threads", "2,1", "--idle", "200ms", "--out", result], null, ("EDGEVIT_KERNEL", "scalar")).Expect(0);
        JsonNode then = JsonNode.Parse(File.ReadAllText(result))!;
        // Noise decides between 0 and 3.
        Outcome again = EdgeVitProcess.Run("bench", "--rerun", result, "--json");
        Assert.Contains(again.ExitCode, new[] { 0, 3 });
        JsonObject now = ResultSchema.Check(again.Json);
        Assert.Equal((bool)now["rerun"]!["within"]! ? 0 : 3, again.ExitCode);
        Assert.Equal("scalar", (string)now["options"]!["kernel"]!);
        foreach (string option in (string[])["threads", "duration_s", "quick", "sustained", "profile", "kernel"])
        {
            Assert.Equal(then["options"]![option]!.ToJsonString(), now["options"]![option]!.ToJsonString());
        }

        Assert.Equal((double)then["options"]!["idle_s"]!, (double)now["options"]!["idle_s"]!, 0.15);
        Assert.Equal([2, 1], now["rerun"]!["latency"]!.AsArray().Select(l => (int)l!["threads"]!));
        Assert.Equal((double)then["latency"]!["p50"]!, (double)now["rerun"]!["latency"]![0]!["p50_then"]!);
        Assert.Equal((double)now["latency"]!["p50"]!, (double)now["rerun"]!["latency"]![0]!["p50_now"]!);
        Assert.Equal((string)then["date"]!, (string)now["rerun"]!["of"]!["date"]!);
    }

    [Fact]
    public void AMedianBeyondTheNoiseBandFailsAndConditionsAreNamed()
    {
        using var folder = new TestFolder();
        JsonObject json = EdgeVitProcess.Run("bench", model.Path, "--quick", "--json").Expect(0).Json;
        // A machine that was a thousand times as fast, with another governor and another version.
        JsonNode latency = json["latency"]!["by_threads"]![0]!;
        foreach (string name in (string[])["p50", "p90", "p99", "min", "max", "mean", "sd"])
        {
            latency[name] = latency[name] is { } value ? (double)value / 1000 : null;
        }

        json["device"]!["governor"] = "powersave";
        json["tool"]!["version"] = "0.4.9";
        json["model"]!["file"] = folder["gone.evit"];
        string result = folder.File("r.json", Encoding.UTF8.GetBytes(json.ToJsonString()));
        EdgeVitProcess.Run("bench", "--rerun", result).Fails(1, "gone.evit", "no such file");
        Outcome again = EdgeVitProcess.Run("bench", model.Path, "--rerun", result).Expect(3);
        Assert.Matches("(?m)^governor +powersave ", again.Output);
        Assert.Matches("(?m)^edgevit +0.4.9 ", again.Output);
        Assert.Contains("slower", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherModelAndContradictingOptionsAreRefused()
    {
        using var folder = new TestFolder();
        JsonObject pi = BenchJson.Pi5();
        string result = folder.File("pi5.json", Encoding.UTF8.GetBytes(pi.ToJsonString()));
        EdgeVitProcess.Run("bench", model.Path, "--rerun", result).Fails(1, "expected the model of", new string('a', 64), EvitFile.Read(model.Path).Sha256);
        EdgeVitProcess.Run("bench", "--rerun", result).Fails(2, "does not say where it lies");
        EdgeVitProcess.Run("bench", model.Path, "--rerun", result, "--threads", "2").Fails(2, "leave out --threads");
        EdgeVitProcess.Run("bench", model.Path, "--rerun", folder.File("x.json", "{}"u8.ToArray())).Fails(1, "a result of");
        string cold = folder["cold.json"];
        EdgeVitProcess.Run("bench", model.Path, "--cold", "--out", cold).Expect(0);
        EdgeVitProcess.Run("bench", "--rerun", cold).Fails(1, "$.kind: expected a result with latencies, found one of 'edgevit bench --cold'");
        EdgeVitProcess.Run("bench", model.Path, "--rerun", result, "--out", result).Fails(2, "an input itself");
    }

    /// <summary>A result of before settings were written down.</summary>
    [Fact]
    public void AnOldResultHasSettings()
    {
        BenchResult then = ResultReader.Parse(BenchJson.Pi5().ToJsonString(), "old.json");
        using var words = new StringWriter();
        BenchSettings settings = Repetition.Settings(then, new BenchSettings([9], LatencyPlan.Quick, true), new Printer(false, false, TextWriter.Null, words));
        Assert.Equal([1, 4], settings.Threads);
        Assert.Equal((LatencyPlan.Full, false, true), (settings.Plan, settings.Quick, settings.Profile));
        Assert.Null(settings.Kernel);
        Assert.Contains("no kernels neon-udot", words.ToString(), StringComparison.Ordinal);
        Assert.Equal((null, null), (then.Energy, then.Against));
        Assert.Empty(then.Windows);
    }

    [Fact]
    public void WhatDiffersIsEveryConditionAndNothingElse()
    {
        BenchResult then = ResultReader.Parse(BenchJson.Pi5().ToJsonString(), "then.json");
        Assert.Empty(Repetition.Of(then, BenchJson.Pi5()).Differences());
        JsonObject other = BenchJson.Pi5();
        other["device"]!["governor"] = "ondemand";
        other["device"]!["kernel"] = "6.13";
        other["thermal"]!["series"]![0]!["celsius"] = 70;
        BenchJson.SetLatency(other, 49.7, 51.3);
        Repetition repetition = Repetition.Of(then, other);
        Assert.Equal([("governor", "performance", "ondemand"), ("kernel", "6.12.47", "6.13"), ("temperature at the start", "51.5 C", "70.0 C")], repetition.Differences());
        Assert.True(repetition.Within);
        BenchJson.SetLatency(other, 60, 62);
        Assert.False(Repetition.Of(then, other).Within);
        BenchJson.SetLatency(other, 40, 42);
        Assert.False(Repetition.Of(then, other).Within);
    }
}
