using System.Text.Json.Nodes;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The page of a report as a browser lays it out.</summary>
public sealed class ReportPageTests
{
    [Fact]
    public void ThePageFitsItsWindowAndItsSheet()
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        JsonObject hostile = BenchJson.Pc();
        hostile["device"]!["cpu"] = "<b>" + new string('W', 300);
        (int drawings, int pictures, int canvases) = PageLayout.Check(Write(BenchJson.Pi5(), hostile, BenchJson.Pi5()));
        Assert.True(drawings >= 15, $"{drawings} drawings");
        Assert.Equal((0, 0), (pictures, canvases));
    }

    private static string Write(params JsonObject[] results)
    {
        using var folder = new TestFolder();
        return HtmlPage.Write(ReportDocument.Of([.. results.Select(r => ResultReader.Read(folder.File("r.json", System.Text.Encoding.UTF8.GetBytes(r.ToJsonString()))))], []));
    }
}
