namespace EdgeVit.Runtime;

/// <summary>Places values in one piece of memory so that those alive at the same time do not overlap: largest first, each at the lowest
/// offset that is free over its whole life.</summary>
internal sealed class ArenaLayout
{
    private const int Alignment = 64;

    private readonly List<Block> _blocks = [];

    /// <summary>Asks for memory.</summary>
    /// <param name="bytes">Size.</param>
    /// <param name="from">First step that touches it.</param>
    /// <param name="to">Last step that touches it.</param>
    /// <param name="place">Receives the offset when all are placed.</param>
    internal void Add(long bytes, int from, int to, Action<long> place) =>
        _blocks.Add(new Block((bytes + Alignment - 1) / Alignment * Alignment, from, to, _blocks.Count, place));

    /// <summary>Places all blocks.</summary>
    /// <returns>Bytes of the arena.</returns>
    internal long Place()
    {
        Block[] blocks = [.. _blocks];
        Array.Sort(blocks, Block.LargestFirst);

        // In the order of their offsets.
        var placed = new List<Block>(blocks.Length);
        long total = 0;
        foreach (Block block in blocks)
        {
            long offset = 0;
            foreach (Block other in placed)
            {
                if (other.From > block.To || block.From > other.To)
                {
                    continue;
                }

                if (offset + block.Bytes <= other.Offset)
                {
                    break;
                }

                offset = Math.Max(offset, other.Offset + other.Bytes);
            }

            block.Offset = offset;
            int at = placed.Count;
            while (at > 0 && placed[at - 1].Offset > offset)
            {
                at--;
            }

            placed.Insert(at, block);
            total = Math.Max(total, offset + block.Bytes);
            block.Place(offset);
        }

        return total;
    }

    private sealed class Block(long bytes, int from, int to, int order, Action<long> place)
    {
        internal long Bytes { get; } = bytes;

        internal int From { get; } = from;

        internal int To { get; } = to;

        internal Action<long> Place { get; } = place;

        internal long Offset { get; set; }

        private int Order { get; } = order;

        internal static int LargestFirst(Block a, Block b)
        {
            int result = b.Bytes.CompareTo(a.Bytes);
            result = result != 0 ? result : a.From.CompareTo(b.From);
            return result != 0 ? result : a.Order.CompareTo(b.Order);
        }
    }
}
