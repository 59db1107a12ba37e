using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>The parts of binary attention that are not binary products: both products, query by key and attention by value, are those of a
/// <see cref="BitKernel"/>, for a tile of queries at a time. The scalar twin of the whole is <see cref="ScalarAttentionKernel"/>.</summary>
internal abstract unsafe class TableAttention
{
    /// <summary>The exponentials by number of differing bits, in this kernel's form.</summary>
    /// <param name="exp">By number of matching bits, ascending, at most 2^46.</param>
    /// <param name="size">Bits of a head.</param>
    /// <param name="allocate">Gives memory that lives as long as the plan.</param>
    internal virtual byte* Table(long* exp, int size, Func<long, nint> allocate)
    {
        long* table = (long*)allocate((size + 1L) * sizeof(long));
        for (int c = 0; c <= size; c++)
        {
            table[c] = exp[size - c];
        }

        return (byte*)table;
    }

    /// <summary>The exact sum of a row's exponentials.</summary>
    /// <param name="differences">Of the keys; room for a multiple of 64.</param>
    /// <param name="count">Number of keys.</param>
    /// <param name="table">From <see cref="Table"/>.</param>
    /// <param name="size">Bits of a head.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal virtual long Sum(ushort* differences, int count, byte* table, int size)
    {
        long* exp = (long*)table;
        long sum0 = 0;
        long sum1 = 0;
        long sum2 = 0;
        long sum3 = 0;
        ushort* end = differences + count;
        for (; differences + 4 <= end; differences += 4)
        {
            ulong four = *(ulong*)differences;
            sum0 += exp[(ushort)four];
            sum1 += exp[(ushort)(four >> 16)];
            sum2 += exp[(ushort)(four >> 32)];
            sum3 += exp[four >> 48];
        }

        for (; differences < end; differences++)
        {
            sum0 += exp[*differences];
        }

        return sum0 + sum1 + sum2 + sum3;
    }

    /// <summary>Bits of the keys with at most <paramref name="most"/> differences, padding bits 0.</summary>
    /// <param name="differences">Room for a multiple of 64, all below 2^15.</param>
    /// <param name="count">Number of keys.</param>
    /// <param name="most">From -1.</param>
    /// <param name="attended">Receives the words.</param>
    internal abstract void Select(ushort* differences, int count, int most, ulong* attended);
}
