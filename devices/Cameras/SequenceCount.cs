namespace EdgeVit.Devices;

/// <summary>Counts lost frames by the numbers that a driver gives its frames.</summary>
internal sealed class SequenceCount
{
    // A jump of more than this is a driver that begins again.
    private const uint MostLost = 1_000_000;

    private uint _last = uint.MaxValue;
    private long _sequence = -1, _damagedBefore;

    /// <summary>Frames between those that were handed out, without the damaged ones.</summary>
    public long Dropped { get; private set; }

    public long Damaged { get; set; }

    /// <summary>Notes a frame as handed out.</summary>
    /// <param name="number">Its number, which wraps at 2^32; before the first frame comes 0.</param>
    /// <returns>Its number among all frames, which only grows.</returns>
    public long HandOut(uint number)
    {
        uint step = unchecked(number - _last);
        step = step is 0 or > MostLost ? 1 : step;
        Dropped += Math.Max(0, step - 1 - (Damaged - _damagedBefore));
        (_last, _damagedBefore) = (number, Damaged);
        return _sequence += step;
    }
}
