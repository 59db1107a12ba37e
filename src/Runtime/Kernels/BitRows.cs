using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>Moves sign bits about.</summary>
internal static unsafe class BitRows
{
    /// <summary>Word <paramref name="word"/> of the <paramref name="count"/> bits of a row that begin at bit <paramref name="start"/>; bits
    /// behind them are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Extract(ulong* row, int start, int count, int word)
    {
        int from = start + (64 * word);
        int left = count - (64 * word);
        int shift = from & 63;
        ulong bits = row[from >> 6] >> shift;
        if (shift != 0 && shift + left > 64)
        {
            bits |= row[(from >> 6) + 1] << (64 - shift);
        }

        return left >= 64 ? bits : bits & ((1UL << left) - 1);
    }

    /// <summary>Clears a bit.</summary>
    /// <returns>What it was.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Clear(ulong* row, int bit)
    {
        ulong word = row[bit >> 6];
        row[bit >> 6] = word & ~(1UL << bit);
        return (int)(word >> bit) & 1;
    }

    /// <summary>Adds counts to counts.</summary>
    internal static void Add(short* counts, short* further, int count)
    {
        int c = 0;
        for (; c + Vector128<short>.Count <= count; c += Vector128<short>.Count)
        {
            (Vector128.Load(counts + c) + Vector128.Load(further + c)).Store(counts + c);
        }

        for (; c < count; c++)
        {
            counts[c] += further[c];
        }
    }

    /// <summary>Transposes a block of 64 x 64 bits in place: bit c of row r becomes bit r of row c. Six rounds of swapping
    /// halves.</summary>
    internal static void Transpose(ulong* block)
    {
        ulong mask = 0x00000000FFFFFFFF;
        for (int half = 32; half != 0; half >>= 1, mask ^= mask << half)
        {
            for (int r = 0; r < 64; r = ((r | half) + 1) & ~half)
            {
                ulong swap = ((block[r] >> half) ^ block[r | half]) & mask;
                block[r] ^= swap << half;
                block[r | half] ^= swap;
            }
        }
    }
}
