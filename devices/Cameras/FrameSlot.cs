namespace EdgeVit.Devices;

/// <summary>Hands frames from the thread that reads them to the one that asks: the newest, or each of them.</summary>
/// <param name="keepAll">Whether the reader waits until a frame is taken; else a newer one takes its place.</param>
internal sealed class FrameSlot(bool keepAll)
{
    private readonly object _lock = new();
    private Frame? _waiting;
    private byte[] _bytes = [], _taken = [];
    private Exception? _failure;
    private bool _ended;

    /// <summary>Frames whose place a newer one took.</summary>
    public long Replaced { get; private set; }

    /// <summary>Leaves a frame, whose bytes are copied.</summary>
    /// <returns>Whether another one is wanted.</returns>
    public bool Put(Frame frame)
    {
        lock (_lock)
        {
            while (keepAll && _waiting is not null && !_ended)
            {
                Monitor.Wait(_lock);
            }

            if (_ended)
            {
                return false;
            }

            Replaced += _waiting is null ? 0 : 1;
            int length = frame.Data.Length;
            if (_bytes.Length < length)
            {
                _bytes = new byte[length];
            }

            frame.Data.Span.CopyTo(_bytes);
            _waiting = frame with { Data = _bytes.AsMemory(0, length) };
            Monitor.PulseAll(_lock);
            return true;
        }
    }

    /// <summary>No frame comes any more.</summary>
    /// <param name="failure">Why; null where the source came to its end.</param>
    public void End(Exception? failure = null)
    {
        lock (_lock)
        {
            _failure ??= _ended ? null : failure;
            _ended = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Takes the frame that waits, or waits for one; its bytes hold until the next call. What has come before the end is still given.</summary>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="frame">Null at the end of the source.</param>
    /// <returns>Whether the time sufficed.</returns>
    public bool Take(TimeSpan timeout, CancellationToken cancellation, out Frame? frame)
    {
        using CancellationTokenRegistration wake = cancellation.Register(Wake);
        long start = Environment.TickCount64;
        lock (_lock)
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                if (_waiting is not null || _ended)
                {
                    break;
                }

                double left = timeout == Timeout.InfiniteTimeSpan ? -1 : Math.Max(0, timeout.TotalMilliseconds - (Environment.TickCount64 - start));
                if (left == 0)
                {
                    frame = null;
                    return false;
                }

                Monitor.Wait(_lock, left < 0 ? Timeout.Infinite : (int)Math.Min(left + 1, int.MaxValue));
            }

            if (_waiting is null && _failure is not null)
            {
                throw _failure;
            }

            frame = _waiting;
            _waiting = null;
            (_bytes, _taken) = (_taken, _bytes);
            Monitor.PulseAll(_lock);
            return true;
        }
    }

    private void Wake()
    {
        lock (_lock)
        {
            Monitor.PulseAll(_lock);
        }
    }
}
