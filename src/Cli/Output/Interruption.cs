using System.Runtime.InteropServices;

namespace EdgeVit.Cli;

/// <summary>Ctrl+C, SIGTERM and SIGHUP: the first asks the verb to stop in good order, the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>So long a verb that has nothing to save may take to stop: it may be writing to a reader that does not read.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private static int s_orderly;
    private static Action? s_last;
    private static bool s_stopped;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action? _first;
    private readonly bool _saves;
    private readonly bool _atOnce;
    private readonly object _state = new();
    private Timer? _end;
    private int _handling;
    private bool _disposed;
    private int _count;

    /// <summary>Begins to listen; <paramref name="first"/> is called once, at the first signal, and says what happens now.</summary>
    /// <param name="first">What to say.</param>
    /// <param name="saves">Whether stopping takes its time, because something is saved or cleared away; else it ends the process after a few seconds.</param>
    public Interruption(Action? first = null, bool saves = false) : this(first, saves, atOnce: false) => Interlocked.Increment(ref s_orderly);

    private Interruption(Action? first, bool saves, bool atOnce)
    {
        (_first, _saves, _atOnce) = (first, saves, atOnce);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
    }

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>For all that a verb does before and after it stops in good order, or where it has no order to keep: the first signal ends the process, whatever
    /// it waits for.</summary>
    /// <param name="last">Says that it ends.</param>
    public static Interruption AtOnce(Action last)
    {
        s_last = last;
        return new Interruption(null, saves: false, atOnce: true);
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        if (!_atOnce)
        {
            Interlocked.Decrement(ref s_orderly);
        }

        lock (_state)
        {
            _disposed = true;
            Clear();
        }
    }

    /// <summary>Frees what handlers use, when the last of them has ended.</summary>
    private void Clear()
    {
        if (_disposed && _handling == 0)
        {
            _source.Dispose();
            _end?.Dispose();
        }
    }

    private void Handle(PosixSignalContext context)
    {
        if (_atOnce)
        {
            // Handlers run in the reverse order of their registration with one context: what an orderly stop has taken is not taken again, though it may have
            // ended meanwhile.
            if (!context.Cancel && Volatile.Read(ref s_orderly) == 0)
            {
                // Where the verb has stopped in good order it has said so.
                context.Cancel = true;
                End(words: !Volatile.Read(ref s_stopped));
            }

            return;
        }

        lock (_state)
        {
            if (_disposed)
            {
                return;
            }

            _handling++;
        }

        try
        {
            if (Interlocked.Increment(ref _count) == 1)
            {
                context.Cancel = true;
                Stop();
            }
        }
        finally
        {
            lock (_state)
            {
                _handling--;
                Clear();
            }
        }
    }

    private void Stop()
    {
        _first?.Invoke();
        _source.Cancel();
        Volatile.Write(ref s_stopped, true);
        _end = _saves ? null : new Timer(_ => EndUnlessDisposed(), null, s_patience, Timeout.InfiniteTimeSpan);
    }

    private void EndUnlessDisposed()
    {
        if (!Volatile.Read(ref _disposed))
        {
            End(words: true);
        }
    }

    private static void End(bool words)
    {
        // Who holds the writers may be waiting for a reader.
        Task.Run(() => (words ? s_last : null)?.Invoke()).Wait(TimeSpan.FromMilliseconds(300));
        Environment.Exit(ExitCode.Interrupted);
    }
}
