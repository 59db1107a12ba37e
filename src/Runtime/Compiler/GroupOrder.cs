namespace EdgeVit.Runtime;

/// <summary>The order in which compiled code keeps the hidden channels of a feed-forward network, so that means of adjacent channels need
/// no shuffling: sixteen groups side by side, first their first members, then their second ones, and so on. Position
/// <c>(b * size + j) * 16 + i</c> holds channel <c>(16 * b + i) * size + j</c>.</summary>
/// <param name="Groups">Number of groups, a multiple of 64.</param>
/// <param name="Size">Channels of a group: 2, 4 or 8.</param>
internal readonly record struct GroupOrder(int Groups, int Size)
{
    /// <summary>All channels.</summary>
    internal int Channels => Groups * Size;

    /// <summary>Members of one class of the shortcut (channels equal modulo <see cref="Size"/>) that repeat over the groups.</summary>
    internal int ClassLength => Groups / Size;

    /// <summary>Floats of the shortcut's row in this order, after which it repeats.</summary>
    internal int ShortcutFloats => Math.Max(ClassLength, 16) * Size;

    /// <summary>True where this order has code: the shortcut's classes fill whole blocks or repeat within one.</summary>
    internal bool IsSupported => Groups % 64 == 0 && Size is 2 or 4 or 8 && (ClassLength == 8 || ClassLength % 16 == 0);

    /// <summary>The channel at a position.</summary>
    internal int Channel(int position)
    {
        int block = position / (16 * Size);
        int member = position / 16 % Size;
        return (((16 * block) + (position % 16)) * Size) + member;
    }

    /// <summary>Reorders the bits of packed rows.</summary>
    internal ulong[] Permute(ReadOnlySpan<ulong> rows)
    {
        int words = Channels / 64;
        var result = new ulong[rows.Length];
        for (int r = 0; r < rows.Length; r += words)
        {
            for (int p = 0; p < Channels; p++)
            {
                int c = Channel(p);
                result[r + (p >> 6)] |= ((rows[r + (c >> 6)] >> (c & 63)) & 1) << (p & 63);
            }
        }

        return result;
    }
}
