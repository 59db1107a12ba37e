using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What the server wants before it listens, and whom it lets in.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ServeStartTests(SmallModel model) : IClassFixture<SmallModel>
{
    private const string Word = "a-word-of-some-length-1234";

    [Fact]
    public void WhatMakesNoSenseIsRefused()
    {
        EdgeVitProcess.Run("serve").Fails(2, "serve needs model.evit");
        EdgeVitProcess.Run("serve", model.Path, "--port", "70000").Fails(2, "--port is 70000, expected 0 to 65535");
        EdgeVitProcess.Run("serve", model.Path, "--queue", "0").Fails(2, "--queue is 0");
        EdgeVitProcess.Run("serve", model.Path, "--listen", "here").Fails(2, "--listen is 'here'", "0.0.0.0");
        EdgeVitProcess.Run("serve", model.Path, "--timeout", "soon").Fails(2, "--timeout is 'soon'");
        EdgeVitProcess.Run("serve", model.Path, "--timeout", "0.00000001").Fails(2, "expected 0.01s to 24h");
        EdgeVitProcess.Run("serve", model.Path, "--timeout", "100000h").Fails(2, "expected 0.01s to 24h");
        EdgeVitProcess.Run("serve", "nowhere.evit").Fails(1, "nowhere.evit: no such file");
        EdgeVitProcess.Run("serve", Path.Combine(Repository.Root, "LICENSE")).Fails(1, "LICENSE");
    }

    [Fact]
    public void OthersAreLetInWithATokenOnly()
    {
        using var folder = new TestFolder();
        EdgeVitProcess.Run("serve", model.Path, "--listen", "0.0.0.0").Fails(2, "--token FILE");
        EdgeVitProcess.Run("serve", model.Path, "--listen", "::").Fails(2, "--token FILE");
        EdgeVitProcess.Run("serve", model.Path, "--listen", "0.0.0.0", "--token", folder["none"]).Fails(2, "no such file");
        string open = folder.File("open", Encoding.ASCII.GetBytes(Word));
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        EdgeVitProcess.Run("serve", model.Path, "--listen", "0.0.0.0", "--token", open).Fails(2, "every user", "chmod 600");
        EdgeVitProcess.Run("serve", model.Path, "--token", Secret(folder, "short")).Fails(2, "the word has 5 letters");
        EdgeVitProcess.Run("serve", model.Path, "--token", Secret(folder, "two words of some length")).Fails(2, "has spaces");
    }

    [Fact]
    public async Task TheTokenIsAskedForEverywhereButAtHealth()
    {
        using var folder = new TestFolder();
        using var server = new ServerProcess(model.Path, ["--listen", "0.0.0.0", "--token", Secret(folder, Word + "\n")]);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/healthz", null, ("Host", "board.example"))).Status);
        foreach (string? sent in (string?[])[null, "", "Bearer", "Bearer wrong", $"Basic {Word}", $"Bearer {Word}x", $"Bearer {Word[..^1]}"])
        {
            (string, string)[] headers = sent is null ? [] : [("Authorization", sent)];
            using HttpResponseMessage refused = await server.AskAsync(HttpMethod.Post, "/classify", new ByteArrayContent(Png.Random(32, 32, 1)), headers);
            Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (refused.StatusCode, refused.Headers.WwwAuthenticate.ToString()));
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync(HttpMethod.Get, "/metrics", null, headers)).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync(HttpMethod.Get, "/nowhere", null, headers)).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Post, "/classify", new ByteArrayContent(Png.Random(32, 32, 1)), ("Authorization", $"Bearer {Word}"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/metrics", null, ("Authorization", $"bearer {Word}"))).Status);
    }

    [Fact]
    public void ATakenPortIsNamed()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        string port = ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        EdgeVitProcess.Run("serve", model.Path, "--port", port).Fails(1, $"port {port} of 127.0.0.1 is taken", "--port 0");
        EdgeVitProcess.Run("serve", model.Path, "--port", "0", "--listen", "127.0.0.1", "--token", "nowhere").Fails(2, "no such file");
    }

    [Fact]
    public async Task BeyondTheQueueComes503WithATimeToWait()
    {
        using var server = new ServerProcess(model.Path, ["--workers", "1", "--queue", "1", "--timeout", "2m"]);
        byte[] large = Png.Random(1500, 1500, 3);
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => Task.Run(() => server.AskAsync(HttpMethod.Post, "/classify", new ByteArrayContent(large)))));
        Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, a.StatusCode.ToString()));
        Assert.Contains(answers, a => a.StatusCode == HttpStatusCode.OK);
        HttpResponseMessage full = answers.First(a => a.StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Equal("1", full.Headers.GetValues("Retry-After").Single());
        Assert.Contains("Try again", await full.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(answers.Count(a => a.StatusCode == HttpStatusCode.ServiceUnavailable), await server.MetricAsync("edgevit_dropped_total"));
        Assert.Equal(HttpStatusCode.OK, (await server.ClassifyAsync(large)).Status);
    }

    private static string Secret(TestFolder folder, string word)
    {
        string path = folder.File("secret", Encoding.ASCII.GetBytes(word));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
