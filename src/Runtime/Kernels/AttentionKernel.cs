using System.Numerics;

namespace EdgeVit.Runtime;

/// <summary>The inner loops of binary attention for one row of one head, in integers.</summary>
internal abstract unsafe class AttentionKernel
{
    /// <summary>Matching bits of a query with every key, and the sum of their exponentials.</summary>
    /// <param name="query">The head's words, <paramref name="words"/> of them, padding bits 0.</param>
    /// <param name="keys"><c>[keys][words]</c>.</param>
    /// <param name="count">Number of keys.</param>
    /// <param name="words">Words of a head.</param>
    /// <param name="size">Bits of a head.</param>
    /// <param name="exp">Fixed-point exponentials by number of matches.</param>
    /// <param name="matches">Receives the matches; room for a multiple of 64.</param>
    internal abstract long Score(ulong* query, ulong* keys, int count, int words, int size, long* exp, ushort* matches);

    /// <summary>counts[c] = 2 * popcount(attended &amp; values of c) - selected.</summary>
    /// <param name="attended">Attention bits over the keys, <paramref name="keyWords"/> words.</param>
    /// <param name="values"><c>[keyWords][stride]</c>, a word for each channel.</param>
    /// <param name="keyWords">Words of the keys' bits.</param>
    /// <param name="stride">Channels rounded up to 64.</param>
    /// <param name="selected">popcount(attended).</param>
    /// <param name="size">Channels of the head.</param>
    /// <param name="counts">Receives the counts of the head's channels.</param>
    internal virtual void Context(ulong* attended, ulong* values, int keyWords, int stride, int selected, int size, short* counts)
    {
        for (int c = 0; c < size; c++)
        {
            int positive = 0;
            for (int w = 0; w < keyWords; w++)
            {
                positive += BitOperations.PopCount(attended[w] & values[((long)w * stride) + c]);
            }

            counts[c] = (short)((2 * positive) - selected);
        }
    }

    /// <summary>Bits of the keys with at least <paramref name="threshold"/> matches.</summary>
    /// <returns>Their number.</returns>
    internal virtual int Select(ushort* matches, int count, int threshold, ulong* attended)
    {
        int selected = 0;
        for (int j = 0; j < count; j += 64)
        {
            ulong bits = 0;
            int end = Math.Min(64, count - j);
            for (int i = 0; i < end; i++)
            {
                bits |= (matches[j + i] >= threshold ? 1UL : 0UL) << i;
            }

            attended[j >> 6] = bits;
            selected += BitOperations.PopCount(bits);
        }

        return selected;
    }

    /// <summary>The sum of the exponentials of matches.</summary>
    internal static long Sum(ushort* matches, int count, long* exp)
    {
        long sum = 0;
        for (int j = 0; j < count; j++)
        {
            sum += exp[matches[j]];
        }

        return sum;
    }

    /// <summary>The fewest matches m with <c>2 * exp[m] &gt; limit</c>; the table ascends.</summary>
    internal static int Threshold(long* exp, int size, double limit)
    {
        int low = 0;
        int high = size + 1;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (2 * (double)exp[middle] > limit)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
