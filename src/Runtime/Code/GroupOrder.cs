using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>The order in which compiled code keeps the hidden channels of a feed-forward network, so that means of adjacent channels need
/// no shuffling: as many groups side by side as a vector has lanes, first their first members, then their second ones, and so on. Position
/// <c>(b * size + j) * lanes + i</c> holds channel <c>(lanes * b + i) * size + j</c>.</summary>
/// <param name="Groups">Number of groups, a multiple of 64.</param>
/// <param name="Size">Channels of a group: 2, 4 or 8.</param>
/// <param name="Lanes">Floats of a vector: 8 or 16.</param>
internal sealed record GroupOrder(int Groups, int Size, int Lanes)
{
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
        var permuted = new byte[bytes.Length];
        Span<ulong> result = MemoryMarshal.Cast<byte, ulong>(permuted.AsSpan());
        for (int i = 0; i < rows.Length; i++)
        {
            int row = i / words * words;
            int group = (i - row) * groups;
            for (int j = 0; j < Size; j++)
            {
                ulong members = rows[i] >> j;
                for (int size = Size; size > 1; size /= 2)
                {
                    members = EvenBits(members);
                }

                // At most as many as there are lanes lie side by side.
                for (int g = 0; g < groups; g += Lanes, members >>= Lanes)
                {
                    int position = (((((group + g) / Lanes) * Size) + j) * Lanes) + ((group + g) % Lanes);
                    result[row + (position >> 6)] |= (members & ((1UL << Lanes) - 1)) << (position & 63);
                }
            }
        }

        return permuted;
    }

    /// <summary>Bits 0, 2, 4 ... side by side.</summary>
    private static ulong EvenBits(ulong x)
    {
        x &= 0x5555555555555555;
        x = (x | (x >> 1)) & 0x3333333333333333;
        x = (x | (x >> 2)) & 0x0F0F0F0F0F0F0F0F;
        x = (x | (x >> 4)) & 0x00FF00FF00FF00FF;
        x = (x | (x >> 8)) & 0x0000FFFF0000FFFF;
        return (x | (x >> 16)) & 0x00000000FFFFFFFF;
    }
}
