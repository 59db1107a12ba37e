#if TRAINING
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeVit.Imaging;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Runs that were made here once: one with a teacher, one without, of the same data, the first of them measured; and one that has not finished.</summary>
public sealed class FinishedRuns : IDisposable
{
    private readonly TestFolder _folder = new();

    public FinishedRuns()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoTraining);
        string[] tiny = ["--data", "shapes", "--student", "binaryvit-nano", "--shapes-train", "300", "--shapes-test", "60", "--epochs", "1", "--batch", "32", "--parity-images", "1"];
        EdgeVitProcess.Run(["convert", "--out", Taught, "--teacher-epochs", "1", .. tiny]).Expect(0);
        EdgeVitProcess.Run(["convert", "--out", Path.Combine(Root, "deep", "alone"), "--teacher", "none", "--stem", "32", .. tiny]).Expect(0);
        EdgeVitProcess.Run("bench", Taught, "--quick", "--out", Path.Combine(Taught, "bench.json")).Expect(0);
        _folder.File("runs/begun/config.json", "{}"u8.ToArray());
    }

    public string Root => _folder["runs"];

    public string Taught => Path.Combine(Root, "taught");

    public void Dispose() => _folder.Dispose();
}

/// <summary>The page of a run, and that of all runs in a folder.</summary>
public sealed class RunReportTests(FinishedRuns runs) : IClassFixture<FinishedRuns>
{
    [Fact]
    public void ThePagesFitTheirWindowsAndSheets()
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        (int drawings, int pictures, int canvases) = PageLayout.Check(File.ReadAllText(Path.Combine(runs.Taught, "report.html")));
        Assert.True(drawings >= 10 + 6 + 6, $"{drawings} drawings");
        Assert.InRange(pictures, 1, 24);
        Assert.Equal(0, canvases);
        using var folder = new TestFolder();
        EdgeVitProcess.Run("report", runs.Root, "--out", folder["runs.html"]).Expect(0);
        Assert.Equal((3, 0, 0), PageLayout.Check(File.ReadAllText(folder["runs.html"])));
    }

    /// <summary>What the page says by class is in the result, adds up to the accuracies, and is what validate measures.</summary>
    [Fact]
    public void ClassesOfARunAddUpAndAreThoseOfValidate()
    {
        JsonObject result = JsonNode.Parse(File.ReadAllText(Path.Combine(runs.Taught, "result.json")))!.AsObject();
        JsonObject[] classes = [.. result["perClass"]!.AsArray().Select(c => c!.AsObject())];
        double Top1(string by) => 100.0 * classes.Sum(c => (int)c[by]!) / classes.Sum(c => (int)c["images"]!);
        Assert.Equal(60, classes.Sum(c => (int)c["images"]!));
        Assert.Equal((double)result["top1"]!, Top1("packed"), 1e-9);
        Assert.Equal((double)result["teacherTop1"]!, Top1("teacher"), 1e-9);
        using var folder = new TestFolder();
        var images = new ShapesDataset(new DatasetOptions().Seed, ShapesSplit.Test, 60);
        for (int i = 0; i < images.Count; i++)
        {
            folder.File(Path.Combine("test", images.Labels[images.Label(i)], $"{i:00}.png"), Png.Encode(ShapesDataset.Side, ShapesDataset.Side, images.Load(i).Pixels));
        }

        JsonArray measured = EdgeVitProcess.Run("validate", runs.Taught, "--data", folder.Root, "--json").Expect(0).Json["classes"]!.AsArray();
        Assert.Equal(measured.Select(c => ((string)c!["label"]!, (int)c["correct"]!)).Order(), classes.Select(c => ((string)c["label"]!, (int)c["packed"]!)).Order());

        string page = File.ReadAllText(Path.Combine(runs.Taught, "report.html"));
        string[] rows = [.. Regex.Matches(page, "<tr><th scope=\"row\">(.*?)</th>").Select(m => m.Groups[1].Value)];
        Assert.Equal(classes.Select(c => (string)c["label"]!), rows);
        Assert.Contains("<h2>teacher</h2>", page, StringComparison.Ordinal);
        Assert.Contains("<h2>student</h2>", page, StringComparison.Ordinal);
        Match mistakes = Regex.Match(page, @"([\d,]+) of ([\d,]+) validation images are taken for something else");
        double wrong = double.Parse(mistakes.Groups[1].Value, CultureInfo.InvariantCulture), all = double.Parse(mistakes.Groups[2].Value, CultureInfo.InvariantCulture);
        Assert.Equal((double)result["validationTop1"]!, 100 * (all - wrong) / all, 1e-9);
        Assert.Equal(Math.Min(24, wrong), Regex.Count(page, "packed: <b"));
        Match[] shown = [.. Regex.Matches(page, "<figcaption>([^<]+)<small>packed: <b class=\"two\">([^<]+)</b>[^<]*</small><small>teacher: <b class=\"one\">([^<]+)</b></small></figcaption>").Cast<Match>()];
        Assert.Equal(Math.Min(24, wrong), shown.Length);
        Assert.All(shown, m => Assert.NotEqual(m.Groups[1].Value, m.Groups[2].Value));
        Assert.Contains($"The teacher recognises {shown.Count(m => m.Groups[1].Value == m.Groups[3].Value)} of these", page, StringComparison.Ordinal);
        string untaught = File.ReadAllText(Path.Combine(runs.Root, "deep", "alone", "report.html"));
        Assert.Contains("packed: <b", untaught, StringComparison.Ordinal);
        Assert.DoesNotContain("teacher: <b", untaught, StringComparison.Ordinal);
        double[] sure = [.. Regex.Matches(page, @"</b> (\d+)\u00a0%</small>").Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(sure.OrderDescending(), sure);
    }

    /// <summary>A front has no run that another beats; time only where it was measured.</summary>
    [Fact]
    public void TheFolderOfRunsBecomesOnePage()
    {
        using var folder = new TestFolder();
        JsonObject json = EdgeVitProcess.Run("report", runs.Root, "--out", folder["runs.html"], "--markdown", folder["runs.md"], "--json").Expect(0).Json;
        Assert.Equal((2, 1), ((int)json["runs"]!, (int)json["unfinished"]!));
        string text = File.ReadAllText(folder["runs.md"]);
        Assert.Contains("Not finished, so not here: begun.", text, StringComparison.Ordinal);
        JsonObject taught = JsonNode.Parse(File.ReadAllText(Path.Combine(runs.Taught, "result.json")))!.AsObject();
        JsonObject alone = JsonNode.Parse(File.ReadAllText(Path.Combine(runs.Root, "deep", "alone", "result.json")))!.AsObject();
        string Row(string name) => text.Split('\n').Single(l => l.StartsWith('|') && l.Contains($"| {name} |", StringComparison.Ordinal));
        // The stem costs bytes and operations, so the other is on both fronts unless it is beaten outright; only it has a time.
        Assert.True((long)alone["bytes"]! > (long)taught["bytes"]!);
        Assert.Contains("| size, time, operations |", Row("taught"), StringComparison.Ordinal);
        bool better = (double)alone["top1"]! > (double)taught["top1"]!;
        Assert.Contains(better ? "| size, operations |" : "| - |", Row("deep/alone"), StringComparison.Ordinal);
        Assert.Contains(" - ", Row("deep/alone"), StringComparison.Ordinal);
        Assert.Equal(0, EdgeVitProcess.Run("report", runs.Root, "--out", folder["runs.html"]).ExitCode);
    }

    [Fact]
    public void WhatIsNoFolderOfRunsIsNamed()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder["empty"]);
        EdgeVitProcess.Run("report", folder["empty"], "--out", folder["p.html"]).Fails(1, "empty", "run folders of 'edgevit convert'");
        EdgeVitProcess.Run("report", runs.Root, folder["r.json"], "--out", folder["p.html"]).Fails(1, "expected a file, found a folder");
        EdgeVitProcess.Run("report", runs.Root, "--list", folder["p.md"]).Fails(2, "--list is for results of bench");
        folder.File("bad/config.json", "{}"u8.ToArray());
        folder.File("bad/model.evit", File.ReadAllBytes(Path.Combine(runs.Taught, "model.evit")));
        folder.File("bad/result.json", """{"top1":101}"""u8.ToArray());
        EdgeVitProcess.Run("report", folder["bad"], "--out", folder["p.html"]).Fails(1, "result.json", "$.top1", "at most 100");
        Assert.False(File.Exists(folder["p.html"]));
    }
}
#endif
