using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The page of a report as a browser lays it out.</summary>
public sealed class ReportPageTests
{
    /// <summary>Nothing is wider than the window, no drawing is empty, and the browser has nothing to complain about.</summary>
    [Theory]
    [InlineData(360)]
    [InlineData(768)]
    [InlineData(1280)]
    public void ThePageFitsItsWindow(int width)
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        JsonObject hostile = BenchJson.Pc();
        hostile["device"]!["cpu"] = "<b>" + new string('W', 300);
        string html = Write(BenchJson.Pi5(), hostile, BenchJson.Pi5());
        // In a frame: a window has a least width. The page runs no script, the one around it measures.
        string around = string.Create(CultureInfo.InvariantCulture, $$"""
            <!DOCTYPE html><html><body><iframe width="{{width}}" height="900" style="border:0" srcdoc="{{WebUtility.HtmlEncode(html)}}"></iframe><script>
            addEventListener('load', () => {
              const page = document.querySelector('iframe').contentDocument;
              const shapes = [...page.querySelectorAll('svg')].map(s => s.getBoundingClientRect());
              document.title = [page.documentElement.scrollWidth, shapes.length, Math.min(...shapes.map(s => s.width)), Math.min(...shapes.map(s => s.height)), Math.max(...shapes.map(s => s.right))].join(' ');
            });
            </script></body></html>
            """);
        using var folder = new TestFolder();
        (string output, string error) = Chromium.Open(folder, folder.File("around.html", System.Text.Encoding.UTF8.GetBytes(around)));
        double[] measured = [.. Regex.Match(output, "<title>([^<]+)</title>").Groups[1].Value.Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
        Assert.True(measured[0] <= width, $"the page is {measured[0]} wide in a window of {width}");
        Assert.True(measured[1] >= 15, $"{measured[1]} drawings");
        Assert.InRange(measured[2], 250, width);
        Assert.InRange(measured[3], 30, 900);
        Assert.InRange(measured[4], 250, width);
        Assert.DoesNotContain("CONSOLE", error, StringComparison.Ordinal);
    }

    private static string Write(params JsonObject[] results)
    {
        using var folder = new TestFolder();
        return HtmlPage.Write(ReportDocument.Of([.. results.Select(r => ResultReader.Read(folder.File("r.json", System.Text.Encoding.UTF8.GetBytes(r.ToJsonString()))))], []));
    }
}
