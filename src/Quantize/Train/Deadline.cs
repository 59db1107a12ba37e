using System.Diagnostics;

namespace EdgeVit.Quantize;

/// <summary>The time at which a call must have ended; the default never passes.</summary>
internal readonly struct Deadline
{
    private readonly long _ticks;

    private Deadline(long ticks) => _ticks = ticks;

    /// <summary>True from that time on.</summary>
    public bool Passed => _ticks != 0 && Stopwatch.GetTimestamp() >= _ticks;

    /// <summary>A deadline so much later than now.</summary>
    public static Deadline In(TimeSpan time) => new(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));
}
