using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace EdgeVit.Bench;

/// <summary>Malformed, truncated and oversized requests at an even pace, and slow ones beside them.</summary>
/// <param name="port">The server's port.</param>
/// <param name="image">A good PNG file, of which bad ones are made.</param>
internal sealed class HostileTraffic(int port, byte[] image)
{
    private const int Clients = 2;

    private readonly byte[][] _requests = Requests(image);
    private int _sent;
    private int _answered;

    /// <summary>Requests sent so far.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Those that were refused by an answer; the others were hung up on.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Sends a number of requests spread over a time.</summary>
    public void Run(int count, TimeSpan over)
    {
        long start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(0, Clients).Select(c => new Thread(() => Send(c, count, over, start)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    /// <summary>Opens connections whose requests never end, gives each a byte a second, and returns how many the server has ended at last.</summary>
    public int Trickle(int count, TimeSpan over)
    {
        var open = new List<Socket>();
        byte[] head = Encoding.ASCII.GetBytes("POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n");
        for (int i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(System.Net.IPAddress.Loopback, port);
            socket.Send(i % 2 == 0 ? head : head.AsSpan(0, 30));
            open.Add(socket);
        }

        var ended = new HashSet<Socket>();
        var time = Stopwatch.StartNew();
        while (ended.Count < count && time.Elapsed < over)
        {
            Thread.Sleep(1000);
            foreach (Socket socket in open.Where(s => !ended.Contains(s)))
            {
                try
                {
                    socket.Send("x"u8);
                    if (socket.Poll(0, SelectMode.SelectRead))
                    {
                        ended.Add(socket);
                    }
                }
                catch (SocketException)
                {
                    ended.Add(socket);
                }
            }
        }

        open.ForEach(s => s.Dispose());
        return ended.Count;
    }

    private static byte[][] Requests(byte[] image)
    {
        byte[] wide = [.. image];
        wide.AsSpan(16, 8).Fill(0x7F);
        byte[] broken = [.. image];
        broken.AsSpan(image.Length / 2, 64).Clear();
        return
        [
            "\u0016\u0003\u0001 nonsense\r\n\r\n"u8.ToArray(),
            HttpConnection.Post("/classify", "this is no image"u8),
            HttpConnection.Post("/classify", image.AsSpan(0, image.Length / 2)),
            HttpConnection.Post("/classify", wide),
            HttpConnection.Post("/classify", broken),
            HttpConnection.Post("/classify", []),
            "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"u8.ToArray(),
            "POST /classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"u8.ToArray(),
            "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 3\r\n\r\nabc"u8.ToArray(),
            Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 30_000)}\r\n\r\n"),
            HttpConnection.Get("/../../etc/passwd").Concat(HttpConnection.Get("/")).ToArray(),
        ];
    }

    private void Send(int client, int count, TimeSpan over, long start)
    {
        for (int i = client; i < count; i += Clients)
        {
            TimeSpan early = (over * ((double)i / count)) - Stopwatch.GetElapsedTime(start);
            if (early > TimeSpan.Zero)
            {
                Thread.Sleep(early);
            }

            Interlocked.Increment(ref _sent);
            try
            {
                using var connection = new HttpConnection(port);
                if (connection.Exchange(_requests[i % _requests.Length]) >= 400)
                {
                    Interlocked.Increment(ref _answered);
                }
            }
            catch (SocketException)
            {
                // Hung up on.
            }
        }
    }
}
