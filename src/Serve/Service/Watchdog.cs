using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace EdgeVit.Serve;

/// <summary>Tells systemd how the server is: ready, stopping, and alive as long as its workers finish what they are given, each within the time that systemd waits. Does nothing where no systemd
/// listens.</summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly ServiceState s_alive = new("WATCHDOG=1");

    private readonly SystemdNotifier _systemd = new();
    private readonly WorkerPool _pool;
    private readonly Action<string> _warn;
    private readonly CancellationTokenSource _end = new();
    private readonly TimeSpan? _period = Period();

    /// <summary>Asks the pool for signs of life; <paramref name="warn"/> is told where systemd cannot be reached.</summary>
    public Watchdog(WorkerPool pool, Action<string> warn)
    {
        _pool = pool;
        _warn = warn;
    }

    /// <summary>The server takes requests.</summary>
    public void Ready()
    {
        if (!Tell(ServiceState.Ready))
        {
            _warn("nothing listens where NOTIFY_SOCKET points: systemd is not told that the server runs.");
        }

        if (_period is { } period && _systemd.IsEnabled)
        {
            _ = BeatAsync(period);
        }
    }

    /// <summary>The server answers what it has and ends.</summary>
    public void Stopping() => Tell(ServiceState.Stopping);

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    /// <summary>Half of what systemd waits for at most; null where it does not wait for this process.</summary>
    private static TimeSpan? Period()
    {
        string? pid = Environment.GetEnvironmentVariable("WATCHDOG_PID");
        bool ours = string.IsNullOrEmpty(pid) || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return ours && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds / 2) : null;
    }

    // A systemd that starts itself anew is not there for a moment: the next message may arrive.
    private bool Tell(ServiceState state)
    {
        try
        {
            _systemd.Notify(state);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task BeatAsync(TimeSpan period)
    {
        CancellationToken end = _end.Token;
        try
        {
            while (true)
            {
                Task wait = Task.Delay(period, end);
                if (_pool.LongestRunning < 2 * period && await AnswersAsync(_pool, wait))
                {
                    Tell(s_alive);
                }

                await wait;
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    /// <summary>Whether a worker finishes anything until the time is over: a run of the network, or what the queue is full of.</summary>
    internal static async Task<bool> AnswersAsync(WorkerPool pool, Task wait)
    {
        long before = pool.Finished;
        var probe = new ProbeJob();
        if (pool.TryAdd(probe))
        {
            await Task.WhenAny(probe.Done, wait);
            return probe.Done.IsCompletedSuccessfully || pool.Finished > before;
        }

        await wait;
        return pool.Finished > before;
    }
}
