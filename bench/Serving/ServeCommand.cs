using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace EdgeVit.Bench;

/// <summary>The HTTP server as a process of its own: 1,000 requests at a time of 32, a good client beside 10,000 bad ones, and the end under load. Prints
/// what was measured; the exit code is 3 where something does not hold.</summary>
internal static class ServeCommand
{
    private const int Requests = 1000, AtATime = 32, Hostile = 9900, Slow = 100;
    private const double MostGrowthMb = 20;
    private static readonly TimeSpan s_alone = TimeSpan.FromSeconds(20), s_attack = TimeSpan.FromSeconds(55), s_pause = TimeSpan.FromMilliseconds(20);

    private static bool s_holds = true;

    public static int Run(string[] arguments)
    {
        string[] options = [.. arguments.SkipWhile(a => !a.StartsWith("--", StringComparison.Ordinal))];
        if (arguments.Length - options.Length is < 1 or > 2)
        {
            Console.Error.WriteLine("bench: serve MODEL [PATH/TO/edgevit] [options of edgevit serve]");
            return 2;
        }

        string root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../.."));
        byte[] image = File.ReadAllBytes(Path.Combine(root, "packaging", "icon.png"));
        string[] tool = arguments.Length - options.Length == 2 ? [arguments[1]] : ["dotnet", Path.Combine(root, "artifacts/bin/EdgeVit.Cli/release/edgevit.dll")];
        using Process server = Process.Start(new ProcessStartInfo(tool[0], [.. tool[1..], "serve", arguments[0], "--port", "0", .. options]) { RedirectStandardOutput = true })!;
        try
        {
            string line = server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the server does not start");
            int port = int.Parse(Regex.Match(line, @":(\d+) ").Groups[1].Value, CultureInfo.InvariantCulture);
            Say($"{line}; {Environment.ProcessorCount} cores, {image.Length} bytes an image");
            byte[] request = HttpConnection.Post("/classify", image);
            Load(port, request);
            Attack(port, request, image);
            Stop(server, port, request);
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill();
            }
        }

        return s_holds ? 0 : 3;
    }

    private static void Load(int port, byte[] request)
    {
        Clients(port, request, 400);
        double before = ResidentMb(port);
        long start = Stopwatch.GetTimestamp();
        (double[] latencies, int errors) = Clients(port, request, Requests);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double grown = ResidentMb(port) - before;
        Say($"{Requests} requests, {AtATime} at a time: {Percentiles(latencies)}, {latencies.Length / seconds:F0} a second, {errors} errors; memory {before:F1} MB, {grown:+0.0;-0.0} MB");
        Require(errors == 0, "no errors");
        Require(grown <= MostGrowthMb, $"memory grows by at most {MostGrowthMb} MB");
    }

    private static (double[] Latencies, int Errors) Clients(int port, byte[] request, int count)
    {
        var latencies = new double[count];
        int next = -1, errors = 0;
        Thread[] threads = [.. Enumerable.Range(0, AtATime).Select(_ => new Thread(() =>
        {
            using var connection = new HttpConnection(port);
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                long start = Stopwatch.GetTimestamp();
                if (connection.Exchange(request) != 200)
                {
                    Interlocked.Increment(ref errors);
                    return;
                }

                latencies[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        return (latencies, errors);
    }

    private static void Attack(int port, byte[] request, byte[] image)
    {
        (double[] alone, int errorsAlone) = GoodClient(port, request, () => false, s_alone);
        Say($"a good client alone: {Percentiles(alone)} ({alone.Length} requests, {errorsAlone} errors)");
        var traffic = new HostileTraffic(port, image);
        long start = Stopwatch.GetTimestamp();
        int ended = 0;
        Thread[] hostile = [new Thread(() => traffic.Run(Hostile, s_attack)), new Thread(() => ended = traffic.Trickle(Slow, s_attack))];
        Array.ForEach(hostile, t => t.Start());
        (double[] beside, int errors) = GoodClient(port, request, () => !hostile[0].IsAlive, TimeSpan.FromMinutes(3));
        Array.ForEach(hostile, t => t.Join());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double ratio = At(beside, 0.99) / At(alone, 0.99);
        Say($"beside {traffic.Sent} malformed, truncated and oversized requests and {Slow} slow ones in {seconds:F0} s: {Percentiles(beside)} ({beside.Length} requests, {errors} errors), p99 {ratio:F2} of its own; {traffic.Answered} refused in words, {ended} slow ones ended; memory {ResidentMb(port):F1} MB");
        Require(errorsAlone + errors == 0, "the good client has no errors");
        Require(ratio <= 2, "p99 is at most twice its own");
        Require(ended == Slow, "slow ones are ended");
        Require(seconds <= 60, "within 60 s");
    }

    private static (double[] Latencies, int Errors) GoodClient(int port, byte[] request, Func<bool> end, TimeSpan most)
    {
        var latencies = new List<double>();
        int errors = 0;
        long begin = Stopwatch.GetTimestamp();
        using var connection = new HttpConnection(port);
        while (!end() && Stopwatch.GetElapsedTime(begin) < most && errors == 0)
        {
            long start = Stopwatch.GetTimestamp();
            errors += connection.Exchange(request) == 200 ? 0 : 1;
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Thread.Sleep(s_pause);
        }

        return ([.. latencies], errors);
    }

    /// <summary>Clients send without pause; what was sent before the signal must be answered.</summary>
    private static void Stop(Process server, int port, byte[] request)
    {
        long signal = long.MaxValue;
        int before = 0, lost = 0;
        Thread[] threads = [.. Enumerable.Range(0, AtATime).Select(_ => new Thread(() =>
        {
            using var connection = new HttpConnection(port);
            while (!connection.Ends)
            {
                long sent = 0;
                int status = 0;
                try
                {
                    connection.Send(request);
                    sent = Stopwatch.GetTimestamp();
                    status = connection.Receive();
                }
                catch (SocketException)
                {
                    // Judged below.
                }

                if (sent > 0 && sent < Volatile.Read(ref signal))
                {
                    Interlocked.Increment(ref before);
                    Interlocked.Add(ref lost, status == 200 ? 0 : 1);
                }

                if (status == 0)
                {
                    return;
                }
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Thread.Sleep(2000);
        Volatile.Write(ref signal, Stopwatch.GetTimestamp());
        Process.Start("bash", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -TERM {server.Id}")]).WaitForExit();
        Array.ForEach(threads, t => t.Join());
        bool ended = server.WaitForExit(TimeSpan.FromSeconds(30));
        Say($"SIGTERM under load: {before} requests sent before it, {lost} of them without an answer, exit code {(ended ? server.ExitCode : -1)}");
        Require(ended && server.ExitCode == 0 && lost == 0, "all are answered and the exit code is 0");
    }

    private static double ResidentMb(int port)
    {
        using var connection = new HttpConnection(port);
        connection.Exchange(HttpConnection.Get("/metrics"));
        return double.Parse(Regex.Match(connection.Body, @"^process_resident_memory_bytes (\S+)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture) / 1e6;
    }

    private static string Percentiles(double[] latencies) => string.Create(CultureInfo.InvariantCulture, $"p50 {At(latencies, 0.5):F2} ms, p99 {At(latencies, 0.99):F2} ms");

    private static double At(double[] latencies, double share)
    {
        double[] sorted = [.. latencies.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }

    private static void Say(string line) => Console.WriteLine(line);

    private static void Require(bool holds, string what)
    {
        s_holds &= holds;
        Console.WriteLine($"  {(holds ? "holds" : "DOES NOT HOLD")}: {what}");
    }
}
