using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>The order in which compiled code, and NEON, keep the hidden channels of a feed-forward network, so that means of adjacent channels need
/// no shuffling: as many groups side by side as a vector has lanes, first their first members, then their second ones, and so on. Position
/// <c>(b * size + j) * lanes + i</c> holds channel <c>(lanes * b + i) * size + j</c>.</summary>
/// <param name="Groups">Number of groups, a multiple of 64.</param>
/// <param name="Size">Channels of a group: 2, 4 or 8.</param>
/// <param name="Lanes">Floats of a vector: 4, 8 or 16.</param>
internal sealed record GroupOrder(int Groups, int Size, int Lanes)
{
    /// <summary>The second quarter of each block of 4, 8, 16, 32 and 64 bits.</summary>
    private static readonly ulong[] s_seconds = [0x2222222222222222, 0x0C0C0C0C0C0C0C0C, 0x00F000F000F000F0, 0x0000FF000000FF00, 0x00000000FFFF0000];

    /// <summary>All channels.</summary>
    internal int Channels => Groups * Size;

    /// <summary>Members of one class of the shortcut (channels equal modulo <see cref="Size"/>) that repeat over the groups.</summary>
    internal int ClassLength => Groups / Size;

    /// <summary>Floats of the shortcut's row in this order, after which it repeats.</summary>
    internal int ShortcutFloats => Math.Max(ClassLength, Lanes) * Size;

    /// <summary>True where this order has code: the shortcut's classes fill whole blocks or repeat within one.</summary>
    internal bool IsSupported => Groups % 64 == 0 && Size is 2 or 4 or 8 && (ClassLength == 8 || ClassLength % Lanes == 0);

    /// <summary>The channel at a position.</summary>
    internal int Channel(int position)
    {
        int block = position / (Lanes * Size);
        int member = position / Lanes % Size;
        return (((Lanes * block) + (position % Lanes)) * Size) + member;
    }

    /// <summary>Reorders the bits of packed rows. A word holds the members of 64 / <see cref="Size"/> groups; those of one place within
    /// their group are taken out together.</summary>
    internal byte[] Permute(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> rows = MemoryMarshal.Cast<byte, ulong>(bytes);
        int words = Channels / 64;
        int groups = 64 / Size;

        // At most as many as there are lanes lie side by side.
        int side = Math.Min(groups, Lanes);
        var permuted = new byte[bytes.Length];
        Span<ulong> result = MemoryMarshal.Cast<byte, ulong>(permuted.AsSpan());
        for (int i = 0; i < rows.Length; i++)
        {
            int row = i / words * words;
            int group = (i - row) * groups;
            ulong members = rows[i];
            for (int width = 64; width > groups; width /= 2)
            {
                members = EvenBitsFirst(members, width);
            }

            for (int part = 0; part < Size; part++)
            {
                // Each halving wrote one more bit of the member's number, the lowest first.
                int j = Reversed(part);
                for (int g = 0; g < groups; g += side, members >>= side)
                {
                    int position = (((((group + g) / Lanes) * Size) + j) * Lanes) + ((group + g) % Lanes);
                    result[row + (position >> 6)] |= (members & ((1UL << side) - 1)) << (position & 63);
                }
            }
        }

        return permuted;
    }

    /// <summary>In each part of so many bits the bits 0, 2, 4 ... and behind them 1, 3, 5 ...: the inverse of the perfect shuffle, quarters exchanged
    /// in blocks that double (H. S. Warren, Hacker's Delight, 2nd edition, section 7-2).</summary>
    private static ulong EvenBitsFirst(ulong x, int width)
    {
        for (int by = 1; by < width / 2; by *= 2)
        {
            ulong exchanged = (x ^ (x >> by)) & s_seconds[BitOperations.Log2((uint)by)];
            x ^= exchanged ^ (exchanged << by);
        }

        return x;
    }

    private int Reversed(int part) => Size switch
    {
        2 => part,
        4 => ((part & 1) << 1) | (part >> 1),
        _ => ((part & 1) << 2) | (part & 2) | (part >> 2),
    };
}
