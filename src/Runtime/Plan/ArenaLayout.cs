namespace EdgeVit.Runtime;

/// <summary>Places values in one piece of memory so that those alive at the same time do not overlap: largest first, each at the lowest
/// offset that is free over its whole life.</summary>
internal sealed class ArenaLayout
{
    private const int Alignment = 64;

    private readonly List<(long Bytes, int From, int To, Action<long> Place)> _blocks = [];

    /// <summary>Asks for memory.</summary>
    /// <param name="bytes">Size.</param>
    /// <param name="from">First step that touches it.</param>
    /// <param name="to">Last step that touches it.</param>
    /// <param name="place">Receives the offset when all are placed.</param>
    internal void Add(long bytes, int from, int to, Action<long> place) => _blocks.Add(((bytes + Alignment - 1) / Alignment * Alignment, from, to, place));

    /// <summary>Places all blocks.</summary>
    /// <returns>Bytes of the arena.</returns>
    internal long Place()
    {
        var placed = new List<(long Begin, long End, int From, int To)>();
        long total = 0;
        foreach ((long bytes, int from, int to, Action<long> place) in _blocks.OrderByDescending(b => b.Bytes).ThenBy(b => b.From))
        {
            long offset = 0;
            foreach ((long begin, long end, int _, int _) in placed.Where(p => p.From <= to && from <= p.To).OrderBy(p => p.Begin))
            {
                if (offset + bytes <= begin)
                {
                    break;
                }

                offset = Math.Max(offset, end);
            }

            placed.Add((offset, offset + bytes, from, to));
            total = Math.Max(total, offset + bytes);
            place(offset);
        }

        return total;
    }
}
