using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

public sealed class ReportTests
{
    [Fact]
    public void AResultOfBenchBecomesAPage()
    {
        using var model = new SmallModel();
        using var folder = new TestFolder();
        Outcome bench = EdgeVitProcess.Run("bench", model.Path, "--duration", "1100ms", "--threads", "1,2", "--profile", "--json").Expect(0);
        string result = folder.File("result.json", Encoding.UTF8.GetBytes(bench.Output));
        JsonObject written = EdgeVitProcess.Run("report", result, "--out", folder["a/report.html"], "--markdown", folder["report.md"], "--json").Expect(0).Json;
        Assert.Equal((folder["a/report.html"], folder["report.md"], 1), ((string)written["html"]!, (string)written["markdown"]!, (int)written["results"]!));

        XElement page = Page(File.ReadAllText(folder["a/report.html"]));
        JsonNode[] threads = [.. bench.Json["latency"]!["by_threads"]!.AsArray()!];
        IReadOnlyList<string[]> rows = Rows(page, "Milliseconds for one image");
        Assert.Equal(threads.Select(t => Quantity.Milliseconds((double)t["p50"]!)), rows.Select(r => r[5]));
        Assert.Equal(threads.Select(t => Quantity.Milliseconds((double)t["max"]!)), rows.Select(r => r[8]));
        // Medians of at least two stretches of half a second.
        Assert.All(threads, t => Assert.InRange(t["over_time"]!.AsArray().Count, 2, 4));
        Assert.Equal(["1", "2"], Rows(page, "What the sensors said").Where(r => r[0] == "Latency (median), ms").Select(r => r[1]));
        Assert.Contains("INVALID", page.Descendants("div").Single(d => ((string?)d.Attribute("class"))?.StartsWith("verdict", StringComparison.Ordinal) == true).Value, StringComparison.Ordinal);
        Assert.Contains(Rows(page, "Slowest"), r => r[0] == "all together" && r[3] == "100.0 %");
    }

    [Fact]
    public void EveryPartOfAResultStandsOnThePage()
    {
        XElement page = Page(Html(BenchJson.Pi5()));
        Assert.Equal("binaryvit-small on Raspberry Pi 5 Model B Rev 1.0", page.Descendants("h1").Single().Value);
        Assert.Equal("VALID", page.Descendants("div").Single(d => (string?)d.Attribute("class") == "verdict valid").Value.Trim());
        string[] card = [.. Rows(page, "Device").Select(r => string.Join(": ", r))];
        Assert.Contains("processor: Cortex-A76, 4 cores, aarch64", card);
        Assert.Contains("clock: 2400 of 2400 MHz", card);
        Assert.Contains("governor: performance", card);
        string[] measurement = [.. Rows(page, "Measurement").Select(r => string.Join(": ", r))];
        Assert.Contains("load the model: 41.50 ms", measurement);
        Assert.Contains("resize a picture (640 x 480): 2.125 ms", measurement);
        Assert.Contains("memory, rss peak: 48.00 MB", measurement);

        Assert.Equal([["1", "1.00x", "1,200", "60.5", "48.60", "49.60", "51.20", "52.20", "60.20", "49.85", "0.5000", "20.1"], ["4", "3.20x", "1,200", "60.5", "14.50", "15.50", "16.25", "17.25", "25.25", "15.75", "0.5000", "63.5"]],
            Rows(page, "Milliseconds for one image"));
        XElement histogram = Figure(page, "Distribution, 4 threads: 1,200 runs");
        Assert.Equal(["from 14.50 ms: 700 runs", "from 15.50 ms: 400 runs", "from 16.50 ms: 100 runs"], histogram.Descendants("rect").Select(r => r.Value));
        double[] heights = [.. histogram.Descendants("rect").Select(r => (double)r.Attribute("height")!)];
        Assert.Equal(7.0 / 4, heights[0] / heights[1], 0.01);
        Assert.Equal(["1 thread: 49.60 ms", "4 threads: 15.50 ms"], Figure(page, "p50 by threads").Descendants("rect").Select(r => r.Value));

        Assert.Equal(["stages.0.mlp.fc1", "stages.0.attention", "unattributed", "all together"], Rows(page, "Slowest 3 of 3 steps").Select(r => r[0]));
        Assert.Equal(["60.0 %", "98.0 %", "100.0 %"], Rows(page, "Slowest 3 of 3 steps").Take(3).Select(r => r[4]));
        Assert.Contains("BinaryLinear: 30.00 ms, 60.0 %", Figure(page, "By the operation that a step begins with").Descendants("rect").Select(r => r.Value));

        string[] sensors = [.. Rows(page, "What the sensors said").Select(r => string.Join(' ', r))];
        Assert.Contains("Temperature, C 4 2 60.00 64.25 60.00 64.25", sensors);
        Assert.Contains("Clock, MHz 4 2 2400 2300 2300 2400", sensors);
        Assert.Contains("Power, W 1 2 4.250 5.750 4.250 5.750", sensors);
        Assert.Contains("Latency (median), ms 1 2 49.60 50.10 49.60 50.10", sensors);
        Assert.Equal(["1 thread, 0.0 s: 51.50", "1 thread, 0.5 s: 53.00", "4 threads, 0.0 s: 60.00", "4 threads, 0.5 s: 64.25"], Figure(page, "Temperature, C").Descendants("circle").Select(c => c.Value));
        string[] notes = [.. page.Descendants("li").Select(l => l.Value)];
        Assert.Contains("throttled: no", notes);
        Assert.Contains("power of the board while measuring: mean 6.81 W, most 8.75 W (pmic, an estimate)", notes);
        Assert.Contains("not measured: over_current_events: this board counts none", notes);

        // The anchors of this very board, and this result as a line among them.
        string[] dots = [.. Figure(page, "Top-1 in percent over latency on one core").Descendants("circle").Select(c => c.Value)];
        Assert.Contains("MobileNetV3-Large on Raspberry Pi 5: 11.8 ms, 75.8 %", dots);
        Assert.Contains("R1 binaryvit-small on Raspberry Pi 5 Model B Rev 1.0: 49.60 ms, accuracy not measured", dots);
        Assert.DoesNotContain(dots, d => d.Contains("Swin-T", StringComparison.Ordinal));
        Assert.Contains(Rows(page, "Published networks on an x64 core"), r => r[1] == "MobileNetV3-Small" && r[2] == "67.6 %" && r[3] == "1.75" && r[6].Contains("1905.02244", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatWasNotMeasuredIsSaid()
    {
        XElement page = Page(Html(BenchJson.Pc()));
        Assert.Contains(page.Descendants("p"), p => p.Value.StartsWith("Not measured: 'edgevit bench --profile'", StringComparison.Ordinal));
        string[] notes = [.. page.Descendants("li").Select(l => l.Value)];
        Assert.Contains("throttled: not measured", notes);
        Assert.Contains("power: not measured", notes);
        Assert.Contains("no values over time: Temperature; Clock; Power", notes);
        Assert.Contains("the frequency governor is unknown: measure on the board itself", notes);
        Assert.Contains("clock: not measured", Rows(page, "Device").Select(r => string.Join(": ", r)));
        Assert.DoesNotContain(page.Descendants("figcaption"), c => c.Value is "Temperature, C" or "Slowest steps" or "p50 by threads");
        Assert.Contains(Figure(page, "Top-1 in percent over latency on one core").Descendants("circle"), c => c.Value.Contains("Swin-T", StringComparison.Ordinal));

        JsonObject old = BenchJson.Pc();
        old["latency"]!["by_threads"]![0]!.AsObject().Remove("over_time");
        Assert.Contains("no values over time: Latency (median); Temperature; Clock; Power", Page(Html(old)).Descendants("li").Select(l => l.Value));
    }

    [Fact]
    public void ResultsAreComparedWithTheNoiseBand()
    {
        JsonObject again = BenchJson.Pi5(), faster = BenchJson.Pi5();
        BenchJson.SetLatency(again, 50.5, 52.0);
        BenchJson.SetLatency(faster, 40, 41);
        XElement page = Page(Html(BenchJson.Pi5(), again, BenchJson.Pc(), faster));
        Assert.Equal("binaryvit-small on 2 machines", page.Descendants("h1").Single().Value);
        string[] rows = [.. Rows(page, "Medians against each other").Select(r => string.Join(" | ", r))];
        const string pi = "binaryvit-small on Raspberry Pi 5 Model B Rev 1.0";
        Assert.Equal(
        [
            $"2. {pi} | 1 | 1 | 50.50 | 49.60 | +1.8 % | 3.5 % | within the noise band | nothing: a repetition",
            $"2. {pi} | 1 | 4 | 15.50 | 15.50 | +0.0 % | 5.3 % | within the noise band | nothing: a repetition",
            "3. binaryvit-small on AMD EPYC | 1 | 1 | 3.875 | 49.60 | -92.2 % | 2.5 % | faster; one of them is INVALID | machine, kernels, governor",
            $"4. {pi} | 1 | 1 | 40.00 | 49.60 | -19.4 % | 3.0 % | faster | nothing: a repetition",
            $"4. {pi} | 1 | 4 | 15.50 | 15.50 | +0.0 % | 5.3 % | within the noise band | nothing: a repetition",
            $"4. {pi} | 2 | 1 | 40.00 | 50.50 | -20.8 % | 2.8 % | faster | nothing: a repetition",
            $"4. {pi} | 2 | 4 | 15.50 | 15.50 | +0.0 % | 5.3 % | within the noise band | nothing: a repetition",
        ], rows);
        Assert.Equal(["1", "2", "3", "4"], Rows(page, "Overview").Select(r => r[0]));
        Assert.All(page.Descendants("nav").Descendants("a"), a => Assert.Single(page.Descendants("h2"), h => $"#{(string?)h.Attribute("id")}" == (string)a.Attribute("href")!));
    }

    [Fact]
    public void ThePageLoadsNothingAndNeedsNoScript()
    {
        string html = Html(BenchJson.Pi5(), BenchJson.Pc());
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?i)<script|<img|<iframe|<object|@import|url\(|\son\w+=|\ssrc=", html);
        Assert.All(Regex.Matches(html, @"href=""([^""]*)"""), m => Assert.Matches("^(#|data:,$)", m.Groups[1].Value));
        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
        Assert.Contains("@media print", html, StringComparison.Ordinal);
        Assert.Contains("width=device-width", html, StringComparison.Ordinal);
    }

    [Fact]
    public void HostileTextIsText()
    {
        const string hostile = "<script>alert(1)</script>\"'&\u202e|\n# x [a](http://b) \u0007";
        JsonObject json = BenchJson.Pi5();
        json["device"]!["board"] = hostile;
        json["device"]!["governor"] = hostile;
        json["model"]!["name"] = "</title></style><img src=x onerror=alert(1)>";
        json["layers"]![0]!["name"] = hostile;
        json["layers"]![0]!["kind"] = hostile;
        json["valid"] = false;
        json["reasons"] = new JsonArray(hostile);
        json["thermal"]!["sensor_problems"] = new JsonArray(new JsonObject { ["sensor"] = hostile, ["reason"] = hostile });
        string html = Html(json, BenchJson.Pi5());
        XElement page = Page(html);
        Assert.DoesNotContain(page.Descendants(), e => e.Name.LocalName is "script" or "img");
        Assert.DoesNotContain('\u202e', html);
        Assert.DoesNotContain('\u0007', html);
        Assert.Contains(Rows(page, "Device"), r => r[0] == "board" && r[1].StartsWith("<script>alert(1)</script>\"'&", StringComparison.Ordinal));

        string[] markdown = MarkdownPage.Write(ReportDocument.Of([Read(json)], [])).Split('\n');
        Assert.DoesNotContain(markdown, l => l.Contains("<script", StringComparison.Ordinal) || l.Contains("<img", StringComparison.Ordinal) || l.StartsWith("# x", StringComparison.Ordinal) || Regex.IsMatch(l, @"(?<!\\)\]\("));
        // A table's rows have the columns of its head: no text brought borders with it.
        for (int i = 1; i < markdown.Length; i++)
        {
            if (markdown[i].StartsWith('|') && markdown[i - 1].StartsWith('|'))
            {
                Assert.Equal(Regex.Count(markdown[i - 1], @"(?<!\\)\|"), Regex.Count(markdown[i], @"(?<!\\)\|"));
            }
        }
    }

    [Fact]
    public void MarkdownHasTheFactsOfThePage()
    {
        BenchResult[] results = [Read(BenchJson.Pi5()), Read(BenchJson.Pc())];
        IReadOnlyList<ReportBlock> blocks = ReportDocument.Of(results, []);
        string markdown = MarkdownPage.Write(blocks).Replace("\\", "", StringComparison.Ordinal);
        XElement page = Page(HtmlPage.Write(blocks));
        string[] cells = [.. page.Descendants().Where(e => e.Name.LocalName is "td" or "th" or "li" or "caption" && e.Ancestors("nav").FirstOrDefault() is null).Select(e => e.Value)];
        Assert.True(cells.Length > 200);
        Assert.All(cells, c => Assert.Contains(c.Replace("<", "&lt;", StringComparison.Ordinal).Replace("&a", "&amp;a", StringComparison.Ordinal), markdown, StringComparison.Ordinal));
    }

    [Fact]
    public void AccuracyComesFromValidate()
    {
        using var folder = new TestFolder();
        JsonObject pi = BenchJson.Pi5();
        string result = folder.File("r.json", Encoding.UTF8.GetBytes(pi.ToJsonString()));
        string accuracy = folder.File("a.json", Encoding.UTF8.GetBytes($$"""{"model":{"sha256":"{{(string)pi["model"]!["sha256"]!}}"},"data":"photos","images":500,"top1":67.25}"""));
        EdgeVitProcess.Run("report", result, "--accuracy", accuracy, "--out", folder["r.html"], "--quiet").Expect(0);
        XElement page = Page(File.ReadAllText(folder["r.html"]));
        Assert.Equal(["1", "binaryvit-small", "Raspberry Pi 5 Model B Rev 1.0", "1", "49.60", "67.25 %", "photos, 500 images"], Rows(page, "Results of this page").Single());

        string other = folder.File("b.json", """{"model":{"sha256":"bbbb"},"data":"photos","images":500,"top1":67.25}"""u8.ToArray());
        EdgeVitProcess.Run("report", result, "--accuracy", other, "--out", folder["s.html"]).Fails(1, "b.json", "$.model.sha256", "expected the model of one of the results", "found bbbb");
        EdgeVitProcess.Run("report", result, "--accuracy", result, "--out", folder["s.html"]).Fails(1, "r.json", "$.top1", "edgevit validate");
        Assert.False(File.Exists(folder["s.html"]));
    }

    [Theory]
    [InlineData("", "expected JSON, found an empty file")]
    [InlineData("{\"schema\": 1,", "line 1, byte 13: expected JSON")]
    [InlineData("[1]", "$: expected an object, found a list of 1")]
    [InlineData("{\"logits\": []}", "expected a result of 'edgevit bench --json'")]
    [InlineData("{\"schema\": 2}", "$.schema: expected schema 1, found 2")]
    [InlineData("{\"schema\": 1, \"schema\": 1}", "expected JSON")]
    [InlineData("{\"schema\": 1}", "$.model: expected a value, found nothing")]
    public void AFileThatIsNoResultIsRefused(string text, string said)
    {
        using var folder = new TestFolder();
        string file = folder.File("wrong.json", Encoding.UTF8.GetBytes(text)), page = folder.File("page.html", "before"u8.ToArray());
        UserException e = Assert.Throws<UserException>(() => ResultReader.Read(file));
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.StartsWith(file, e.Message, StringComparison.Ordinal);
        Assert.Contains("edgevit bench", e.Message, StringComparison.Ordinal);
        Assert.Equal("before", File.ReadAllText(page));
    }

    [Theory]
    [InlineData("latency.by_threads.0.p50", "\"fast\"", "$.latency.by_threads[0].p50: expected a number, found the text 'fast'")]
    [InlineData("latency.by_threads.0.p50", "60", "$.latency.by_threads[0].p90: expected at least 60.000000, which is the percentile below, found 51.2")]
    [InlineData("latency.by_threads.0.p99", "-1", "expected a number from 0 to 1e18, found -1")]
    [InlineData("latency.by_threads.0.n", "5", "expected at least two buckets that hold 5 runs together, found 3 that hold 1,200")]
    [InlineData("latency.by_threads.0.histogram", "[[2, 1200], [1, 0]]", "histogram[1]: expected ascending numbers")]
    [InlineData("latency.by_threads.0.threads", "0", "expected a whole number from 1 to 4096, found 0")]
    [InlineData("latency.by_threads", "[]", "expected at least one thread count")]
    [InlineData("device.board", "null", "$.device.board: expected a text, found null")]
    [InlineData("device.features", "{}", "$.device.features: expected a list, found an object")]
    [InlineData("layers.1.ms", "1e400", "$.layers[1].ms")]
    [InlineData("thermal.series.3.t", "null", "$.thermal.series[3].t: expected a number, found null")]
    [InlineData("reasons", "[\"slow\"]", "$.valid: expected false, as there are reasons why not, found true")]
    public void ADamagedResultIsRefused(string place, string value, string said)
    {
        JsonObject json = BenchJson.Pi5();
        string[] names = place.Split('.');
        JsonNode parent = names[..^1].Aggregate((JsonNode)json, (node, name) => int.TryParse(name, out int i) ? node[i]! : node[name]!);
        parent[names[^1]] = JsonNode.Parse(value);
        Assert.Contains(said, Assert.Throws<UserException>(() => Read(json)).Message, StringComparison.Ordinal);
    }

    /// <summary>Numbers at the ends of what the reader takes are drawn where a browser can draw.</summary>
    [Theory]
    [InlineData(1e-9, 1e-9)]
    [InlineData(1, 1e17)]
    [InlineData(1e17, 1e17)]
    public void ExtremeNumbersAreDrawn(double p50, double p90)
    {
        JsonObject json = BenchJson.Pi5();
        JsonObject latency = json["latency"]!["by_threads"]![0]!.AsObject();
        (latency["min"], latency["p50"], latency["p90"], latency["p99"], latency["max"], latency["mean"]) = (p50, p50, p90, p90, p90, p90);
        latency["histogram"] = new JsonArray(new JsonArray(p50, 1200), new JsonArray(p50, 0));
        latency["over_time"] = new JsonArray(new JsonArray(0, p90));
        json["thermal"]!["series"]![0]!["celsius"] = -p90;
        json["layers"]![0]!["ms"] = -p90;
        string html = Html(json, BenchJson.Pc());
        Assert.DoesNotMatch("NaN|Infinity|∞", html);
        MatchCollection numbers = Regex.Matches(html, """ (?:x|y|cx|cy|width|height)="(-?[0-9.]+)" """.TrimEnd());
        Assert.True(numbers.Count > 200, $"{numbers.Count} numbers");
        foreach (Match number in numbers)
        {
            Assert.InRange(double.Parse(number.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), -100, 1000);
        }
    }

    [Fact]
    public void FilesAreSafe()
    {
        using var folder = new TestFolder();
        string result = folder.File("r.json", Encoding.UTF8.GetBytes(BenchJson.Pi5().ToJsonString())), before = File.ReadAllText(result);
        EdgeVitProcess.Run("report", result, "--out", result).Fails(2, "itself");
        EdgeVitProcess.Run("report", result, "--out", folder.Root).Fails(2, "is a folder");
        EdgeVitProcess.Run("report", result, "--out", folder["x.html"], "--markdown", folder["x.html"]).Fails(2, "itself");
        EdgeVitProcess.Run("report", folder["nowhere.json"], "--out", folder["x.html"]).Fails(1, "nowhere.json", "cannot be read", "edgevit bench");
        EdgeVitProcess.Run("report", result, folder.Root, "--out", folder["x.html"]).Fails(1, "expected a file, found a folder");
        EdgeVitProcess.Run("report", result, "--out", Path.Combine(result, "x.html")).Fails(1, "Cannot write");
        Assert.Equal(before, File.ReadAllText(result));
        Assert.Equal([result], Directory.EnumerateFileSystemEntries(folder.Root));
    }

    [Fact]
    public void MediansOverTimeAreOfTheirStretches()
    {
        // A second of 1 ms, then a second of 3 ms with one long run.
        double[] runs = [.. Enumerable.Repeat(1.0, 1000), .. Enumerable.Repeat(3.0, 200), 100.0, .. Enumerable.Repeat(3.0, 200)];
        IReadOnlyList<(double Seconds, double P50)> stretches = LatencyOverTime.Of(runs);
        Assert.Equal([1, 1, 3, 3, 3], stretches.Select(s => s.P50));
        Assert.Equal(runs.Sum() / 1000, stretches[^1].Seconds, 6);
        Assert.InRange(LatencyOverTime.Of([.. Enumerable.Repeat(10.0, 60_000)]).Count, 100, 121);
        Assert.Empty(LatencyOverTime.Of([]));
    }

    private static string Html(params JsonObject[] results) => HtmlPage.Write(ReportDocument.Of([.. results.Select(Read)], []));

    private static BenchResult Read(JsonObject json)
    {
        using var folder = new TestFolder();
        return ResultReader.Read(folder.File("result.json", Encoding.UTF8.GetBytes(json.ToJsonString())));
    }

    /// <summary>The body: what we write of HTML is well-formed XML.</summary>
    private static XElement Page(string html) => XElement.Parse(
        html[html.IndexOf("<body>", StringComparison.Ordinal)..html.IndexOf("</html>", StringComparison.Ordinal)].Replace(" xmlns=\"http://www.w3.org/2000/svg\"", "", StringComparison.Ordinal));

    private static XElement Figure(XElement page, string caption) => page.Descendants("figure").Single(f => f.Element("figcaption")!.Value == caption);

    private static IReadOnlyList<string[]> Rows(XElement page, string caption)
    {
        XElement table = page.Descendants("table").First(t => t.Element("caption")!.Value.StartsWith(caption, StringComparison.Ordinal));
        return [.. table.Descendants("tr").Where(r => r.Elements("td").Any()).Select(r => (string[])[.. r.Elements().Select(c => c.Value)])];
    }
}
