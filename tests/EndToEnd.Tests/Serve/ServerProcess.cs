using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A server in a process of its own, as a user starts it, on a free port.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _error = new();

    public ServerProcess(string model, string[]? options = null, params (string Name, string Value)[] environment)
    {
        _process = EdgeVitProcess.Start(["serve", model, "--port", "0", .. options ?? []], environment);
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_error)
            {
                _error.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        Assert.True(line.Wait(s_patience) && line.Result is not null, $"the server does not start: {Error}");
        FirstLine = line.Result!;
        Port = int.Parse(Regex.Match(FirstLine, @"^listening on http://\S+:(\d+) ").Groups[1].Value, CultureInfo.InvariantCulture);
        Client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = s_patience };
    }

    public string FirstLine { get; }

    public int Port { get; }

    public HttpClient Client { get; }

    public string Error
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    /// <summary>Sends a request and gives its status and its body.</summary>
    public async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage response = await AskAsync(method, path, body, headers);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public Task<(HttpStatusCode Status, string Body)> ClassifyAsync(byte[] image, string query = "") =>
        SendAsync(HttpMethod.Post, "/classify" + query, new ByteArrayContent(image));

    /// <summary>The classes of an image that must be classified.</summary>
    public async Task<JsonArray> TopAsync(byte[] image)
    {
        (HttpStatusCode status, string body) = await ClassifyAsync(image);
        Assert.True(status == HttpStatusCode.OK, body);
        return JsonNode.Parse(body)!["top"]!.AsArray();
    }

    /// <summary>The value of a metric, summed over its labels.</summary>
    public async Task<double> MetricAsync(string name)
    {
        (_, string body) = await SendAsync(HttpMethod.Get, "/metrics");
        return body.Split('\n').Where(l => Regex.IsMatch(l, $@"^{name}(\{{| )")).Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>Sends bytes as they are and gives all that comes back until the server ends the connection.</summary>
    public async Task<string> RawAsync(byte[] bytes, bool endAfterwards = false)
    {
        using Socket socket = await ConnectAsync();
        try
        {
            await socket.SendAsync(bytes);
            if (endAfterwards)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // It has answered before it has read everything.
        }

        return await ReadAsync(socket);
    }

    public Task<string> RawAsync(string text, bool endAfterwards = false) => RawAsync(Encoding.Latin1.GetBytes(text), endAfterwards);

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return socket;
    }

    public static async Task<string> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(s_patience);
        using var answer = new MemoryStream();
        byte[] part = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(part, limit.Token) is var read and > 0)
            {
                answer.Write(part, 0, read);
            }
        }
        catch (SocketException)
        {
            // Reset: there is no more.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    public void Signal(string signal) => EdgeVitProcess.Signal(_process, signal);

    /// <summary>Waits for the end and gives the exit code.</summary>
    public int WaitForExit()
    {
        Assert.True(_process.WaitForExit(s_patience), "the server does not end");
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}

/// <summary>One server for the tests that only ask: small bounds, two workers.</summary>
public sealed class SharedServer : IDisposable
{
    public const int MaxBytes = 200_000, MaxPixels = 1_000_000;

    private readonly SmallModel _model = new();

    public SharedServer() => Server = new ServerProcess(_model.Path, ["--max-bytes", "200000", "--max-pixels", "1000000", "--timeout", "1m", "--workers", "2"]);

    internal ServerProcess Server { get; }

    public string ModelPath => _model.Path;

    public void Dispose()
    {
        Server.Dispose();
        _model.Dispose();
    }
}
