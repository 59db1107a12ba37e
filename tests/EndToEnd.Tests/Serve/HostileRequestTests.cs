using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Whatever is sent, the server answers or hangs up, tells nothing of its inside, and goes on.</summary>
public sealed class HostileRequestTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Post = "POST /classify HTTP/1.1\r\nHost: localhost\r\n";

    private readonly ServerProcess _server = shared.Server;

    public static IEnumerable<ITheoryDataRow> Requests()
    {
        (string Name, string Bytes, string Starts)[] cases =
        [
            ("garbage", "\0\u0001\u0002\u00FF\u00FE garbage\r\n\r\n", "HTTP/1.1 400"),
            ("tls", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00FC\u0003\u0003\r\n\r\n", "HTTP/1.1 400"),
            ("no host", "GET /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
            ("two hosts", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400"),
            ("http 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
            ("long line", $"GET /{new string('a', 9000)} HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 414"),
            ("large header", $"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {new string('a', 40_000)}\r\n\r\n", "HTTP/1.1 431"),
            ("many headers", $"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, 500).Select(i => $"X{i}: y\r\n"))}\r\n", "HTTP/1.1 431"),
            ("traversal", "GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"),
            ("encoded traversal", "GET /%2e%2e/%2e%2e/etc/passwd%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 400"),
            ("no length", Post + "\r\n", "HTTP/1.1 411"),
            ("negative length", Post + "Content-Length: -5\r\n\r\n", "HTTP/1.1 400"),
            ("no number", Post + "Content-Length: five\r\n\r\n", "HTTP/1.1 400"),
            ("huge length", Post + "Content-Length: 9000000000\r\n\r\nabc", "HTTP/1.1 413"),
            ("length and chunks", Post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", ""),
            ("chunks without a number", Post + "Transfer-Encoding: chunked\r\n\r\nzzzz\r\nabc", "HTTP/1.1 400"),
            ("chunk of a huge size", Post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc", "HTTP/1.1 400"),
            ("another coding", Post + "Transfer-Encoding: gzip\r\n\r\nabc", "HTTP/1.1 "),
            ("form without boundary", Post + "Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 415"),
            ("form of garbage", Post + "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400"),
            ("form of headers", Post + $"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x\r\n{string.Concat(Enumerable.Repeat("A: b\r\n", 16_665))}", "HTTP/1.1 400"),
            ("form cut off", Post + "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 90\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nabcdefghijklmnopqrstuvwxyz", ""),
        ];
        return cases.Select(c => new TheoryDataRow<string, string>(c.Bytes, c.Starts) { TestDisplayName = $"HostileRequestTests: {c.Name}" });
    }

    [Theory]
    [MemberData(nameof(Requests), DisableDiscoveryEnumeration = true)]
    public async Task IsAnsweredOrHungUpOn(string bytes, string starts)
    {
        // Where the client ends first, there may be no answer.
        string answer = await _server.RawAsync(bytes, endAfterwards: starts.Length == 0);
        Assert.StartsWith(starts, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer, StringComparison.Ordinal);
        await GoesOn();
    }

    [Fact]
    public async Task AnImageThatEndsBeforeItsLengthIsNoReasonToWait()
    {
        byte[] png = Png.Random(32, 32, 5);
        byte[] head = Encoding.ASCII.GetBytes($"{Post}Content-Length: {png.Length}\r\n\r\n");
        string answer = await _server.RawAsync([.. head, .. png[..100]], endAfterwards: true);
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal), answer);
        await GoesOn();
    }

    [Fact]
    public async Task SlowOnesAreSentAwayWhileOthersAreServed()
    {
        using var server = new ServerProcess(shared.ModelPath, ["--timeout", "8s"]);
        var slow = new List<Socket>();
        for (int i = 0; i < 60; i++)
        {
            Socket socket = await server.ConnectAsync();
            await socket.SendAsync(Encoding.ASCII.GetBytes(i % 2 == 0 ? Post + "Content-Length: 1000\r\n\r\nabc" : "POST /classify HTTP/1.1\r\nHost: loc"));
            slow.Add(socket);
        }

        await server.TopAsync(Png.Random(32, 32, 1));
        foreach (Socket socket in slow)
        {
            Assert.StartsWith("HTTP/1.1 408", await ServerProcess.ReadAsync(socket), StringComparison.Ordinal);
            socket.Dispose();
        }

        await server.TopAsync(Png.Random(32, 32, 1));
    }

    [Fact]
    public async Task PicturesThatUnfoldAreRefusedByTheirHeader()
    {
        // 999 x 1001 is allowed: a whole picture of one colour that fits into a few hundred bytes.
        Assert.Equal(HttpStatusCode.OK, (await _server.ClassifyAsync(Png.Solid(999, 1001, (1, 2, 3)))).Status);
        (HttpStatusCode status, string body) = await _server.ClassifyAsync(Png.Solid(2000, 2000, (1, 2, 3)));
        ServeTests.Refused(422, "2000 x 2000 pixels", status, body);
        await GoesOn();
    }

    [Fact]
    public async Task MemoryStaysWhereItIs()
    {
        byte[] png = Png.Random(200, 200, 5);
        await Many(300);
        double before = await _server.MetricAsync("process_resident_memory_bytes");
        await Many(1500);
        double grown = await _server.MetricAsync("process_resident_memory_bytes") - before;
        // A buffer kept of each would be 180 MB.
        Assert.True(grown < 60e6, $"{grown / 1e6:F0} MB more after 1,500 requests");

        Task Many(int count) => Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await (i % 3 == 0 ? _server.ClassifyAsync(png[..^(i % 50 + 13)]) : _server.ClassifyAsync(png)));
    }

    private async Task GoesOn()
    {
        Assert.Equal(SmallModel.Labels.Length, (await _server.TopAsync(Png.Random(32, 32, 1))).Count);
        Assert.DoesNotContain("   at ", _server.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a bug", _server.Error, StringComparison.Ordinal);
    }
}
