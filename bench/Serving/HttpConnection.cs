using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EdgeVit.Bench;

/// <summary>A connection to the server under test that costs little: one request at a time, answers with a Content-Length.</summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000, SendTimeout = 30_000 };
    private readonly byte[] _buffer = new byte[64 << 10];

    public HttpConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>The body of the last answer.</summary>
    public string Body { get; private set; } = "";

    /// <summary>Whether the server has said that this connection ends.</summary>
    public bool Ends { get; private set; }

    /// <summary>A whole request with a body.</summary>
    public static byte[] Post(string path, ReadOnlySpan<byte> body) =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n")), .. body];

    public static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    /// <summary>Sends and returns the status of the answer; 0 where there was none.</summary>
    public int Exchange(byte[] request)
    {
        Send(request);
        return Receive();
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    /// <summary>The status of the answer; 0 where the connection ended before one was whole.</summary>
    public int Receive()
    {
        int length = 0, head, whole = int.MaxValue;
        while (length < whole)
        {
            if (length == _buffer.Length || _socket.Receive(_buffer.AsSpan(length)) is not (> 0 and var read))
            {
                return 0;
            }

            length += read;
            head = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (whole == int.MaxValue && head >= 0)
            {
                string headers = Encoding.ASCII.GetString(_buffer, 0, head);
                Ends = headers.Contains("\nConnection: close", StringComparison.OrdinalIgnoreCase);
                int at = headers.IndexOf("\nContent-Length: ", StringComparison.OrdinalIgnoreCase);
                whole = head + 4 + (at < 0 ? 0 : int.Parse(headers.AsSpan(at + 17).TrimEnd().ToString().Split('\r')[0], CultureInfo.InvariantCulture));
            }
        }

        string text = Encoding.UTF8.GetString(_buffer, 0, whole);
        Body = text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        return int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture);
    }

    public void Dispose() => _socket.Dispose();
}
