using System.Text;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The results that people sent, and the page that lists them.</summary>
public sealed class PublicResultsTests
{
    private static string[] Files =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "bench", "results"), "*.bench.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    [Fact]
    public void ThePageListsEveryResultAsItIs()
    {
        using var folder = new TestFolder();
        Assert.NotEmpty(Files);
        EdgeVitProcess.Run(["report", .. Files, "--list", folder["results.md"]]).Expect(0);
        Assert.Equal(File.ReadAllText(folder["results.md"]), Repository.Read("docs", "results.md"));
        foreach (string file in Files)
        {
            string text = File.ReadAllText(file);
            // Nobody's folders are published.
            Assert.DoesNotMatch("/(home|root|Users)/", text);
            ResultSchema.Check(JsonNode.Parse(text)!.AsObject());
        }
    }

    [Fact]
    public void AListHasALineForEachThreadCountWhateverTheOrderOfTheFiles()
    {
        using var folder = new TestFolder();
        string pi = folder.File("pi5/small.json", Encoding.UTF8.GetBytes(BenchJson.Pi5().ToJsonString()));
        string pc = folder.File("pc/small.json", Encoding.UTF8.GetBytes(BenchJson.Pc().ToJsonString()));
        JsonObject json = EdgeVitProcess.Run("report", pi, pc, "--list", folder["a.md"], "--json").Expect(0).Json;
        Assert.Equal((folder["a.md"], null, 2, 1), ((string?)json["list"], (string?)json["html"], (int)json["results"]!, (int)json["valid"]!));
        EdgeVitProcess.Run("report", pc, pi, "--list", folder["b.md"]).Expect(0);
        string text = File.ReadAllText(folder["a.md"]);
        Assert.Equal(text, File.ReadAllText(folder["b.md"]));
        string[] rows = [.. text.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal))];
        Assert.Equal(4, rows.Length);
        Assert.Equal("| AMD EPYC | AMD EPYC | avx512-popcnt | 1 | 3.875 | 3.900 | 4.900 | 242.4 | INVALID | 2026-11-20 | 0.5.0 | pc/small.json |", rows[1]);
        Assert.Equal(["1", "4"], rows[2..].Select(r => r.Split('|')[4].Trim()));
        Assert.Contains("\n* pc/small.json: the frequency governor is unknown", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ADamagedResultIsNamedAndTheListStays()
    {
        using var folder = new TestFolder();
        string good = folder.File("pi5/a.json", Encoding.UTF8.GetBytes(BenchJson.Pi5().ToJsonString()));
        JsonObject json = BenchJson.Pi5();
        json["latency"]!["by_threads"]![0]!["p50"] = 99.0;
        string bad = folder.File("pi5/b.json", Encoding.UTF8.GetBytes(json.ToJsonString()));
        folder.File("list.md", Encoding.UTF8.GetBytes($"before\n{EdgeVit.Cli.Replacement.MarkdownMark}"));
        Assert.Contains($"{bad}: $.latency", EdgeVitProcess.Run("report", good, bad, "--list", folder["list.md"]).Expect(1).Error, StringComparison.Ordinal);
        Assert.StartsWith("before\n", File.ReadAllText(folder["list.md"]), StringComparison.Ordinal);
    }
}
