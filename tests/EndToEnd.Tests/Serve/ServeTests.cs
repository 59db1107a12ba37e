using System.Net;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What the server answers to requests that are well formed.</summary>
public sealed class ServeTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly ServerProcess _server = shared.Server;

    [Fact]
    public async Task AnImageGetsTheAnswerOfRun()
    {
        using var folder = new TestFolder();
        (int Width, int Height)[] sizes = [(32, 32), (100, 40), (33, 200)];
        foreach ((int width, int height) in sizes)
        {
            byte[] png = Png.Random(width, height, width);
            string expected = EdgeVitProcess.Run("run", shared.ModelPath, folder.File("a.png", png), "--json").Expect(0).Json["results"]![0]!["top"]!.ToJsonString();
            Assert.Equal(expected, (await _server.TopAsync(png)).ToJsonString());
            using var form = new MultipartFormDataContent { { new StringContent("words"), "remark" }, { new ByteArrayContent(png), "image", "a.png" }, { new ByteArrayContent([1]), "image", "b.png" } };
            (HttpStatusCode status, string body) = await _server.SendAsync(HttpMethod.Post, "/classify", form);
            Assert.True(status == HttpStatusCode.OK, body);
            Assert.Equal(expected, JsonNode.Parse(body)!["top"]!.ToJsonString());
        }
    }

    [Fact]
    public async Task TimesAreToldAndTheNumberOfClassesIsAsAsked()
    {
        (_, string body) = await _server.ClassifyAsync(Png.Random(32, 32, 1), "?top=2");
        JsonNode json = JsonNode.Parse(body)!;
        Assert.Equal(2, json["top"]!.AsArray().Count);
        Assert.All((string[])["queue_ms", "decode_ms", "preprocess_ms", "inference_ms"], name => Assert.True((double)json["timing"]![name]! >= 0, name));
        Assert.Equal(SmallModel.Labels.Length, JsonNode.Parse((await _server.ClassifyAsync(Png.Random(32, 32, 1), "?top=1000")).Body)!["top"]!.AsArray().Count);
    }

    [Fact]
    public async Task ABodyInChunksIsTaken()
    {
        byte[] png = Png.Random(40, 40, 2);
        string direct = (await _server.TopAsync(png)).ToJsonString();
        (HttpStatusCode status, string body) = await _server.SendAsync(HttpMethod.Post, "/classify", new StreamContent(new MemoryStream(png)), ("Transfer-Encoding", "chunked"));
        Assert.True(status == HttpStatusCode.OK, body);
        Assert.Equal(direct, JsonNode.Parse(body)!["top"]!.ToJsonString());
    }

    [Fact]
    public async Task OtherPathsTellOfTheServer()
    {
        (HttpStatusCode status, string body) = await _server.SendAsync(HttpMethod.Get, "/healthz");
        Assert.Equal(HttpStatusCode.OK, status);
        JsonNode health = JsonNode.Parse(body)!;
        Assert.Equal(("ok", "test-net", 64), ((string?)health["status"], (string?)health["model"], ((string)health["sha256"]!).Length));
        Assert.Equal(SmallModel.Labels, JsonNode.Parse((await _server.SendAsync(HttpMethod.Get, "/labels")).Body)!["labels"]!.AsArray().Select(l => (string)l!));
        Assert.Contains("curl", (await _server.SendAsync(HttpMethod.Get, "/")).Body, StringComparison.Ordinal);
        using HttpResponseMessage head = await _server.AskAsync(HttpMethod.Head, "/healthz");
        Assert.Equal((HttpStatusCode.OK, "nosniff"), (head.StatusCode, head.Headers.GetValues("X-Content-Type-Options").Single()));
        Assert.False(head.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Matches("^listening on http://127\\.0\\.0\\.1:\\d+ \\(model test-net, kernels \\S+, 2 workers of 1 thread\\)$", _server.FirstLine);
    }

    [Fact]
    public async Task MetricsCountWhatWasAnswered()
    {
        double before = await _server.MetricAsync("edgevit_inference_seconds_count"), bad = await _server.MetricAsync("edgevit_requests_total\\{path=\"/classify\",code=\"400\"\\}");
        await _server.TopAsync(Png.Random(32, 32, 1));
        await _server.ClassifyAsync("no image"u8.ToArray());
        Assert.True(await _server.MetricAsync("edgevit_inference_seconds_count") >= before + 1);
        Assert.True(bad >= 0 && await _server.MetricAsync("edgevit_requests_total") > 2);
        Assert.True(await _server.MetricAsync("process_resident_memory_bytes") > 1e6);
        using HttpResponseMessage response = await _server.AskAsync(HttpMethod.Get, "/metrics");
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("text/plain; version=0.0.4", response.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        Assert.Contains("edgevit_requests_total{path=\"/classify\",code=\"400\"}", text, StringComparison.Ordinal);
        Assert.Contains("edgevit_model_info{name=\"test-net\"", text, StringComparison.Ordinal);
        Assert.Contains("edgevit_queue_length 0", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404, "POST /classify")]
    [InlineData("POST", "/classify/../../etc/passwd", 404, "no such path")]
    [InlineData("GET", "/classify", 405, "POST only")]
    [InlineData("DELETE", "/healthz", 405, "GET, HEAD only")]
    [InlineData("OPTIONS", "/classify", 405, "POST only")]
    public async Task OtherPathsAndMethodsAreNamed(string method, string path, int expected, string said)
    {
        (HttpStatusCode status, string body) = await _server.SendAsync(new HttpMethod(method), path);
        Refused(expected, said, status, body);
    }

    [Theory]
    [InlineData("?top=0", "image/png", null, 400, "top is not a number")]
    [InlineData("?top=-1", "image/png", null, 400, "top is not a number")]
    [InlineData("?top=many", "image/png", null, 400, "top is not a number")]
    [InlineData("", "application/json", null, 415, "an image file as the body")]
    [InlineData("", "multipart/mixed; boundary=x", null, 415, "multipart/form-data")]
    [InlineData("", "image/png", "gzip", 415, "Content-Encoding")]
    public async Task RequestsInAnotherFormAreRefused(string query, string type, string? encoding, int expected, string said)
    {
        using var body = new ByteArrayContent(Png.Random(32, 32, 1));
        body.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null)
        {
            body.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        (HttpStatusCode status, string text) = await _server.SendAsync(HttpMethod.Post, "/classify" + query, body);
        Refused(expected, said, status, text);
    }

    [Fact]
    public async Task WhatIsNoImageIsCalledByItsName()
    {
        byte[] png = Png.Random(64, 64, 3);
        (byte[] Body, int Status, string Said)[] cases =
        [
            ([], 400, "the file is empty"),
            ("<!doctype html><title>x</title>"u8.ToArray(), 400, "an HTML page"),
            ("%PDF-1.7 ..............."u8.ToArray(), 400, "a PDF"),
            (png[..^20], 400, "cut off"),
            ([.. png[..60], .. new byte[200], .. png[260..]], 400, "the image:"),
            (new byte[SharedServer.MaxBytes + 1], 413, "200000 bytes"),
            (Png.Header(20_000, 20_000), 422, "20000 x 20000 pixels"),
        ];
        foreach ((byte[] body, int expected, string said) in cases)
        {
            (HttpStatusCode status, string text) = await _server.ClassifyAsync(body);
            Refused(expected, said, status, text);
        }

        JsonNode error = JsonNode.Parse((await _server.ClassifyAsync(Png.Header(20_000, 20_000))).Body)!["error"]!;
        Assert.Equal((SharedServer.MaxPixels, 400_000_000), ((long)error["limit"]!, (long)error["found"]!));
    }

    [Fact]
    public async Task FormsWithoutAFileOrTooLargeAreRefused()
    {
        using var words = new MultipartFormDataContent { { new StringContent("words"), "remark" } };
        (HttpStatusCode status, string body) = await _server.SendAsync(HttpMethod.Post, "/classify", words);
        Refused(400, "no file in it", status, body);
        using var large = new MultipartFormDataContent { { new ByteArrayContent(new byte[SharedServer.MaxBytes + 10]), "image", "a.png" } };
        (status, body) = await _server.SendAsync(HttpMethod.Post, "/classify", large);
        Refused(413, "200000 bytes", status, body);
        using var remarks = new MultipartFormDataContent { { new StringContent(new string('x', SharedServer.MaxBytes + (80 << 10))), "remark" } };
        (status, body) = await _server.SendAsync(HttpMethod.Post, "/classify", remarks, ("Transfer-Encoding", "chunked"));
        Refused(413, "the form is larger", status, body);
        using var chunks = new StreamContent(new MemoryStream(new byte[SharedServer.MaxBytes + 10]));
        (status, body) = await _server.SendAsync(HttpMethod.Post, "/classify", chunks, ("Transfer-Encoding", "chunked"));
        Refused(413, "200000 bytes", status, body);
    }

    [Theory]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example:8080", 403)]
    [InlineData("169.254.1.1", 403)]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:1234", 200)]
    [InlineData("[::1]:80", 200)]
    public async Task OnlyTheNamesOfThisMachineAreAnswered(string host, int expected)
    {
        string answer = await _server.RawAsync($"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {expected} ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThirtyTwoAtATimeAreAllAnswered()
    {
        byte[] png = Png.Random(64, 64, 9);
        string expected = (await _server.TopAsync(png)).ToJsonString();
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            string last = "";
            for (int i = 0; i < 8; i++)
            {
                last = (await _server.TopAsync(png)).ToJsonString();
                Assert.Equal(expected, last);
            }

            return last;
        })));
        Assert.Equal(32, answers.Length);
    }

    internal static void Refused(int expected, string said, HttpStatusCode status, string body)
    {
        Assert.True(expected == (int)status, $"{(int)status}, expected {expected}: {body}");
        JsonNode error = JsonNode.Parse(body)!["error"]!;
        Assert.Equal(expected, (int)error["status"]!);
        Assert.Contains(said, (string)error["what"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", body, StringComparison.Ordinal);
    }
}
