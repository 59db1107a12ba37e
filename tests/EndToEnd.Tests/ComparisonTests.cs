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
            [Times(name, 3, 4, 5), Times(EdgeVitContestants.Name("binaryvit-small", KernelSets.Best, 2), 2, 2, 2)], cold,
            [new Choice("net fp32", "test", new PublishedAccuracy(67.4, "https://example.org"), 2, new Spread(0.4, 0.5, 0.6), new FirstOutput(10_200_000, new Spread(40, 41, 42), 90_000_000))]);
        Assert.Equal(["4.00 ms", "2.00x (1.50 to 2.50)", "55.0 ms", "13.0 MB", "70.0 MB"], report.Goals.Select(g => g.Value));
        Assert.All(report.Goals, g => Assert.True(g.Met, g.What));
        Assert.False((report.Goals[0] with { Measured = 4.01 }).Met);
        Assert.False((report.Goals[1] with { Measured = 1.69 }).Met);
        Assert.Contains($"| {name} | test | 1 | 4.00 ms | 3.00 ms | 3 |", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("| net fp32 | test | [67.4 %](https://example.org) | 2.00 ms | 0.500x | 10.2 MB | 41.0 ms | 90.0 MB |", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Equal(4.0, (double)report.ToJson()["contestants"]![0]!["median_ms"]!);
    }

    public static TheoryData<string> Results =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "bench", "results"), "comparison.json", SearchOption.AllDirectories).Select(f => Path.GetFileName(Path.GetDirectoryName(f))!)];

    [Theory]
    [MemberData(nameof(Results))]
    public void ResultsForPeopleAndForProgramsAgree(string folder)
    {
        string markdown = Repository.Read("bench", "results", folder, "comparison.md");
        JsonNode json = JsonNode.Parse(Repository.Read("bench", "results", folder, "comparison.json"))!;
        Assert.All(json["contestants"]!.AsArray(), c => Assert.Contains($"| {c!["name"]} | {c["engine"]} | {c["threads"]} | {Goal.Text((double)c["median_ms"]!)} ms ", markdown, StringComparison.Ordinal));
        Assert.All(json["goals"]!.AsArray(), g => Assert.Contains($"| {g!["goal"]} | {Goal.Text((double)g["measured"]!)}", markdown, StringComparison.Ordinal));
        Assert.All(json["choices"]?.AsArray() ?? [], c =>
        {
            string row = markdown.Split('\n').Single(l => l.StartsWith($"| {c!["name"]} | {c["engine"]} | ", StringComparison.Ordinal) && l.Split('|').Length == 10);
            string[] cells = [.. row.Split('|').Select(cell => cell.Trim())];
            Assert.Equal(c!["median_ms"] is { } ms ? $"{Goal.Text((double)ms)} ms" : "–", cells[4]);
            Assert.Equal(Choice.Megabytes((double)c["file_bytes"]!), cells[6]);
            Assert.Equal($"{Goal.Text((double)c["first_output_ms"]!)} ms", cells[7]);
            Assert.Equal(Choice.Megabytes((double)c["peak_bytes"]!), cells[8]);
        });
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{(DateTimeOffset)json["date"]!:yyyy-MM-dd}"), markdown, StringComparison.Ordinal);
        Assert.DoesNotContain("with changes", (string)json["commit"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDocumentsShowRowsOfTheResults()
    {
        foreach (string page in DocumentTables.Documents)
        {
            string text = Repository.Read(page.Split('/'));
            Assert.NotEmpty(DocumentTables.Comparison.Folders(text));
            foreach (string folder in DocumentTables.Comparison.Folders(text))
            {
                string markdown = Repository.Read("bench", "results", folder, "comparison.md");
                Assert.InRange(DocumentTables.Comparison.Rows(text, folder).Count, 4, 22);
                Assert.Empty(DocumentTables.Comparison.Stale(text, folder, markdown));
                Assert.Equal(text, DocumentTables.Comparison.Refresh(text, folder, markdown));
            }
        }
    }

    /// <summary>The page, the results for people and those for programs tell the same of networks for small images.</summary>
    [Fact]
    public void ThePageOnPerformanceShowsSmallImagesAsMeasured()
    {
        string page = Repository.Read("docs", "performance.md"), folder = Assert.Single(DocumentTables.SmallImages.Folders(page));
        string markdown = Repository.Read("bench", "results", folder, "small-images.md");
        Assert.Equal(page, DocumentTables.SmallImages.Refresh(page, folder, markdown));
        JsonNode json = JsonNode.Parse(Repository.Read("bench", "results", folder, "small-images.json"))!;
        Assert.DoesNotContain("with changes", (string)json["commit"]!, StringComparison.Ordinal);
        string[] rows = [.. DocumentTables.SmallImages.Rows(page, folder).Skip(2)];
        Assert.Equal(json["networks"]!.AsArray().Count, rows.Length);
        Assert.All(json["networks"]!.AsArray().Zip(rows), pair =>
        {
            string[] cells = [.. pair.Second.Split('|').Select(cell => cell.Trim())];
            Assert.Equal((string)pair.First!["name"]!, cells[1]);
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{100 * (double)pair.First["top1"]!:F2} %"), cells[5]);
            Assert.Equal($"{Goal.Text((double)pair.First["median_ms"]!)} ms", cells[6]);
            Assert.Equal(Choice.Megabytes((double)pair.First["file_bytes"]!), cells[8]);
        });
    }

    [Fact]
    public void ThePageOfStudentsHasThePresetsAsTheyAre()
    {
        string page = Repository.Read(StudentTable.Page.Split('/'));
        Assert.Equal(StudentTable.Refresh(page), page);
    }

    [Fact]
    public void TheReadmeLeadsWithWhatAUserWouldPickInstead()
    {
        string readme = Repository.Read("README.md"), folder = Assert.Single(DocumentTables.Comparison.Folders(readme));
        string rows = string.Join('\n', DocumentTables.Comparison.Rows(readme, folder));
        Assert.All(PeerNetwork.All, n => Assert.All([false, true], integers => Assert.Contains($"| {n.Contestant(integers)} | {OnnxContestants.Engine} |", rows, StringComparison.Ordinal)));
        Assert.All(PeerNetwork.All, n => Assert.Contains(new PublishedAccuracy(n.Top1, n.Source).Text, rows, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("b")]
    [InlineData("")]
    public void RowsAreMeasuredAnewByNetworkEngineAndThirdColumn(string measured)
    {
        const string Page = "text\n<!-- rows of bench/results/x/comparison.md -->\n| a | e | 1 | 5 ms |\n| b | e | 1 | 6 ms |\n<!-- end of rows -->\n| a | e | 1 | 7 ms |\n";
        string tables = string.Concat(measured.Select(m => $"| {m} | e | 1 | 9 ms |\n| {m} | e | 2 | 8 ms |\n"));
        string after = DocumentTables.Comparison.Refresh(Page, "x", tables);
        Assert.Equal(["| a | e | 1 | 5 ms |", "| b | e | 1 | 6 ms |"], DocumentTables.Comparison.Rows(Page, "x"));
        Assert.Equal(measured.Length, DocumentTables.Comparison.Rows(after, "x").Count(r => r.Contains("9 ms", StringComparison.Ordinal)));
        Assert.Equal(2 - measured.Length, DocumentTables.Comparison.Stale(after, "x", tables).Count);
        Assert.EndsWith("<!-- end of rows -->\n| a | e | 1 | 7 ms |\n", after, StringComparison.Ordinal);
        Assert.Equal(Page, DocumentTables.Comparison.Refresh(Page, "y", tables));

        string choices = Page.Replace("rows of", "choices of", StringComparison.Ordinal), whole = DocumentTables.Comparison.Refresh(choices, "x", $"words\n{tables}\n| c | e | 1 | 4 ms |\n");
        Assert.Equal(measured.Length == 0 ? ["| c | e | 1 | 4 ms |"] : tables.Split('\n', StringSplitOptions.RemoveEmptyEntries), DocumentTables.Comparison.Rows(whole, "x"));
        Assert.Equal(["x"], DocumentTables.Comparison.Folders(choices + Page));
    }

    [Fact]
    public void AFreshProcessTellsItsStartAndItsMemory()
    {
        FirstOutput found = FirstOutput.Measure(small.Path, 1);
        Assert.Equal(new FileInfo(small.Path).Length, found.FileBytes);
        Assert.InRange(found.Milliseconds.Median, 1, 60_000);
        Assert.InRange(found.PeakBytes, 10_000_000, 1_000_000_000);
        Assert.Equal(2, FirstOutput.Run(["model.txt"]));
    }

    [Fact]
    public void WrongOptionsAreNamed()
    {
        Assert.Equal(2, ComparisonCommand.Run(["--seconds", "soon"]));
        Assert.Equal(2, ComparisonCommand.Run(["--native", "there is no such command"]));
    }
}
