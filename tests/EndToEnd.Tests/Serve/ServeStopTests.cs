using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using EdgeVit.Runtime;
using EdgeVit.Serve;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The server's life as systemd sees it.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ServeStopTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task WhatIsAcceptedIsAnsweredAfterTheSignal(string signal)
    {
        using var server = new ServerProcess(model.Path);
        byte[] png = Png.Random(64, 64, 3);
        byte[] head = Encoding.ASCII.GetBytes($"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: {png.Length}\r\n\r\n");
        var open = new List<Socket>();
        for (int i = 0; i < 20; i++)
        {
            Socket socket = await server.ConnectAsync();
            await socket.SendAsync((byte[])[.. head, .. png[..(png.Length / 2)]]);
            open.Add(socket);
        }

        // The question is in flight itself.
        var patience = Stopwatch.StartNew();
        while (await server.MetricAsync("edgevit_in_flight") < 21 && patience.Elapsed < TimeSpan.FromMinutes(1))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        server.Signal(signal);
        while (!server.Error.Contains("stopping", StringComparison.Ordinal) && patience.Elapsed < TimeSpan.FromMinutes(1))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        foreach (Socket socket in open)
        {
            await socket.SendAsync(png.AsMemory(png.Length / 2));
        }

        foreach (Socket socket in open)
        {
            string answer = await ServerProcess.ReadAsync(socket);
            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
            Assert.Contains("\"top\":[", answer, StringComparison.Ordinal);
            socket.Dispose();
        }

        Assert.Equal(0, server.WaitForExit());
        Assert.Contains("requests answered", server.Error, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<SocketException>(server.ConnectAsync);
    }

    [Fact]
    public void SystemdIsToldOfStartLifeAndEnd()
    {
        using var folder = new TestFolder();
        string abstractName = $"edgevit-{Environment.ProcessId}-{Stopwatch.GetTimestamp()}";
        foreach ((string address, string variable) in new[] { (folder["notify"], folder["notify"]), ("\0" + abstractName, "@" + abstractName) })
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
            socket.Bind(new UnixDomainSocketEndPoint(address));
            using var server = new ServerProcess(model.Path, null, ("NOTIFY_SOCKET", variable), ("WATCHDOG_USEC", "400000"));
            Assert.Equal("READY=1", Receive(socket));
            Assert.Equal(["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"], [Receive(socket), Receive(socket), Receive(socket)]);
            server.Signal("TERM");
            string last = Receive(socket);
            while (last == "WATCHDOG=1")
            {
                last = Receive(socket);
            }

            Assert.Equal("STOPPING=1", last);
            Assert.Equal(0, server.WaitForExit());
        }
    }

    /// <summary>A socket that is named and not there is told of; it is no reason to end.</summary>
    [Fact]
    public async Task WithoutASystemdBehindItsSocketItServes()
    {
        using var folder = new TestFolder();
        using var server = new ServerProcess(model.Path, null, ("NOTIFY_SOCKET", folder["nobody"]), ("WATCHDOG_USEC", "100000"));
        await server.TopAsync(Png.Random(32, 32, 1));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        socket.Bind(new UnixDomainSocketEndPoint(folder["nobody"]));
        // A systemd that comes later hears that it lives.
        Assert.Equal("WATCHDOG=1", Receive(socket));
        server.Signal("TERM");
        Assert.Equal(0, server.WaitForExit());
        Assert.Contains("NOTIFY_SOCKET", server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ForAnotherProcessesWatchdogThereIsNoSignOfLife()
    {
        using var folder = new TestFolder();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        socket.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        using var server = new ServerProcess(model.Path, null, ("NOTIFY_SOCKET", folder["notify"]), ("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1"));
        Assert.Equal("READY=1", Receive(socket));
        socket.ReceiveTimeout = 500;
        Assert.Throws<SocketException>(() => Receive(socket));
    }

    /// <summary>No sign of life while every worker hangs; life again when one comes back.</summary>
    [Fact]
    public async Task HangingWorkersAreNoLife()
    {
        using EvitModel opened = EvitModel.Open(model.Path);
        using var pool = new WorkerPool(opened, workers: 1, threads: 1, queue: 2, maxPixels: 1_000_000);
        CancellationToken end = TestContext.Current.CancellationToken;
        Assert.True(await Watchdog.AnswersAsync(pool, Task.Delay(TimeSpan.FromMinutes(1), end)));
        using var hang = new Hang();
        Assert.True(pool.TryAdd(hang));
        Assert.False(await Watchdog.AnswersAsync(pool, Task.Delay(300, end)));
        // Two probes fill the queue: a full one that does not move is no life either.
        Assert.False(await Watchdog.AnswersAsync(pool, Task.Delay(300, end)));
        Assert.False(await Watchdog.AnswersAsync(pool, Task.Delay(300, end)));
        hang.Release();
        // Room for a probe again, so that the answer does not take the whole minute.
        SpinWait.SpinUntil(() => pool.Waiting == 0, TimeSpan.FromMinutes(1));
        Assert.True(await Watchdog.AnswersAsync(pool, Task.Delay(TimeSpan.FromMinutes(1), end)));
    }

    /// <summary>One of two workers hangs: the other still answers, and how long the first has been at it is known.</summary>
    [Fact]
    public async Task OneHangingWorkerAmongSeveralIsSeen()
    {
        using EvitModel opened = EvitModel.Open(model.Path);
        using var pool = new WorkerPool(opened, workers: 2, threads: 1, queue: 4, maxPixels: 1_000_000);
        CancellationToken end = TestContext.Current.CancellationToken;
        Assert.Equal(TimeSpan.Zero, pool.LongestRunning);
        using var hang = new Hang();
        Assert.True(pool.TryAdd(hang));
        await Task.Delay(300, end);
        Assert.True(await Watchdog.AnswersAsync(pool, Task.Delay(TimeSpan.FromMinutes(1), end)));
        Assert.InRange(pool.LongestRunning, TimeSpan.FromMilliseconds(200), TimeSpan.FromMinutes(10));
        hang.Release();
        SpinWait.SpinUntil(() => pool.LongestRunning == TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, pool.LongestRunning);
    }

    private static string Receive(Socket socket)
    {
        byte[] message = new byte[256];
        return Encoding.ASCII.GetString(message, 0, socket.Receive(message)).TrimEnd('\n');
    }

    private sealed class Hang : Job, IDisposable
    {
        private readonly ManualResetEventSlim _released = new();

        public void Release() => _released.Set();

        public override void Run(Classifier classifier) => _released.Wait();

        public void Dispose() => _released.Set();
    }
}
