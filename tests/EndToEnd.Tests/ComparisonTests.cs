using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Bench;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The comparison with ONNX Runtime: how it measures, what its files say, and that the README says the same.</summary>
public sealed class ComparisonTests(SmallModel small) : IClassFixture<SmallModel>
{
    [Fact]
    public void ContestantsTakeTurnsAndAreComparedWithinRounds()
    {
        using EvitModel model = EvitModel.Open(small.Path);
        Contestant[] contestants = [EdgeVitContestants.Of(model, KernelSets.Best, 1), EdgeVitContestants.Of(model, KernelChoice.Scalar, 1)];
        int rounds = 0;
        IReadOnlyList<ContestantTimes> times = InterleavedRounds.Measure(contestants, TimeSpan.FromMilliseconds(1), round => rounds = round);
        Assert.Equal(3, rounds);
        Assert.All(times, t => Assert.Equal(3, t.Rounds.Count));
        Assert.All(times, t => Assert.InRange(t.Minimum, 0.0001, t.Median));
        Spread ratio = InterleavedRounds.Ratio(times[1], times[0]);
        Assert.InRange(ratio.Median, ratio.Low, ratio.High);
        foreach (Contestant contestant in contestants)
        {
            contestant.Dispose();
        }
    }

    [Fact]
    public void GoalsComeFromMediansAndRatiosOfRounds()
    {
        static ContestantTimes Times(string name, params double[] rounds) => new(new Contestant(name, "test", 1, () => { }) { Release = () => { } }, rounds, [.. rounds, .. rounds, .. rounds]);
        string name = EdgeVitContestants.Name("binaryvit-small", KernelSets.Best, 1);
        var cold = new Bench.ColdStart(new Spread(50, 55, 61), new Spread(90, 95, 99), 70_000_000, 5_000_000, 8_000_000);
        var report = new ComparisonReport(BoardDetector.Detect(), [("EdgeVit", "1.0")], "abc", "compare", DateTimeOffset.UnixEpoch,
            [Times(name, 3, 4, 5), Times(EdgeVitContestants.Name("binaryvit-small", KernelSets.Best, 2), 2, 2, 2)], cold);
        Assert.Equal(["4.00 ms", "2.00x (1.50 to 2.50)", "55.0 ms", "13.0 MB", "70.0 MB"], report.Goals.Select(g => g.Value));
        Assert.All(report.Goals, g => Assert.True(g.Met, g.What));
        Assert.False((report.Goals[0] with { Measured = 4.01 }).Met);
        Assert.False((report.Goals[1] with { Measured = 1.69 }).Met);
        Assert.Contains($"| {name} | test | 1 | 4.00 ms | 3.00 ms | 3 |", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Equal(4.0, (double)report.ToJson()["contestants"]![0]!["median_ms"]!);
    }

    [Fact]
    public void TheDocumentsShowTheTablesOfTheResultsAndTheResultsAgree()
    {
        string document = Repository.Read(DocumentTables.Document), readme = Repository.Read("README.md");
        string folder = DocumentTables.Folder(document)!;
        string markdown = Repository.Read("bench", "results", folder, "comparison.md");
        string tables = DocumentTables.Read(document, folder)!;
        Assert.Contains(tables, markdown, StringComparison.Ordinal);
        Assert.Equal(document, DocumentTables.Replace(document, folder, tables));
        Assert.InRange(DocumentTables.Rows(readme, folder).Count, 6, 12);
        Assert.Empty(DocumentTables.Stale(readme, folder, tables));
        Assert.Equal(readme, DocumentTables.Refresh(readme, folder, tables));
        string other = DocumentTables.Refresh(readme, folder, tables.Replace("| DeiT-S int8 | ONNX Runtime | 1 | ", "| DeiT-S int8 | ONNX Runtime | 1 | 9", StringComparison.Ordinal));
        Assert.Contains("| DeiT-S int8 | ONNX Runtime | 1 | 9", other, StringComparison.Ordinal);
        Assert.Single(DocumentTables.Stale(other, folder, tables));

        JsonNode json = JsonNode.Parse(Repository.Read("bench", "results", folder, "comparison.json"))!;
        Assert.All(json["contestants"]!.AsArray(), c => Assert.Contains($"| {c!["name"]} | {c["engine"]} | {c["threads"]} | {Goal.Text((double)c["median_ms"]!)} ms ", tables, StringComparison.Ordinal));
        Assert.All(json["goals"]!.AsArray(), g => Assert.Contains($"| {g!["goal"]} | {Goal.Text((double)g["measured"]!)}", tables, StringComparison.Ordinal));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{(DateTimeOffset)json["date"]!:yyyy-MM-dd}"), markdown, StringComparison.Ordinal);
        Assert.DoesNotContain("with changes", (string)json["commit"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongOptionsAreNamed() => Assert.Equal(2, ComparisonCommand.Run(["--seconds", "soon"]));
}
