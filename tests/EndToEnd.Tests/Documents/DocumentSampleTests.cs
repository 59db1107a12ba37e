using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What pages show of programs and answers is what compiles and what is printed.</summary>
public sealed class DocumentSampleTests(SmallModel model) : IClassFixture<SmallModel>
{
    private static IEnumerable<MarkdownBlock> Blocks(string language) => MarkdownBlock.Pages.SelectMany(MarkdownBlock.Read).Where(b => b.Language == language);

    /// <summary>A test compiles each word for word, and those with an outcome run.</summary>
    [Fact]
    public void EveryProgramInCSharpStandsInATest()
    {
        string tests = string.Join('\n', Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(f => Unindented(File.ReadAllText(f))));
        Assert.NotEmpty(Blocks("csharp"));
        Assert.All(Blocks("csharp"), b => Assert.True(tests.Contains($">\n{Unindented(b.Text)}\n// </", StringComparison.Ordinal), $"{b.Place}: no test compiles this"));
    }

    /// <summary>The lines of a stream, as docs/cameras.md shows them.</summary>
    [Fact]
    public void LinesOfAStreamHaveTheKeysThatThePageShows()
    {
        byte[] frames = new byte[2 * 3 * 40 * 30];
        new Random(4).NextBytes(frames);
        Outcome outcome = EdgeVitProcess.Run(["run", model.Path, "-", "--format", "rgb24", "--size", "40x30", "--json", "--top", "1"], frames).Expect(0);
        string[] printed = outcome.Output.TrimEnd().Split('\n');
        Assert.Equal(Blocks("json").Where(b => b.Page == "docs/cameras.md").Select(b => Shape(JsonNode.Parse(b.Text))), [Shape(JsonNode.Parse(printed[0])), Shape(JsonNode.Parse(printed[^1]))]);
    }

    /// <summary>Names and kinds of all parts; of a list those of its first element.</summary>
    internal static string Shape(JsonNode? node) => node switch
    {
        JsonObject o => $"{{{string.Join(',', o.Select(p => $"{p.Key}:{Shape(p.Value)}"))}}}",
        JsonArray { Count: > 0 } a => $"[{Shape(a[0])}]",
        _ => node?.GetValueKind().ToString() ?? "null",
    };

    private static string Unindented(string text) => Regex.Replace(text, "^ +", "", RegexOptions.Multiline);
}
