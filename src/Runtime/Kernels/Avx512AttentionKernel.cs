using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX-512: eight words at a time, counted by nibble look-up; heads of up to 64 channels. .NET has no VPOPCNTQ.</summary>
internal sealed unsafe class Avx512AttentionKernel : AttentionKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override long Score(ulong* query, ulong* keys, int count, int words, int size, long* exp, ushort* matches)
    {
        long total = 0;
        int j = 0;
        if (words == 1)
        {
            Vector512<ulong> q = Vector512.Create(*query);
            Vector512<long> full = Vector512.Create((long)size);
            long sum0 = 0;
            long sum1 = 0;
            for (; j + 8 <= count; j += 8)
            {
                Vector128<ushort> same = Avx512F.ConvertToVector128UInt16(full - PopCount(q ^ Vector512.Load(keys + j)));
                same.Store(matches + j);
                ulong low = same.AsUInt64().ToScalar();
                ulong high = same.AsUInt64().GetElement(1);
                sum0 += exp[(ushort)low] + exp[(ushort)(low >> 16)];
                sum1 += exp[(ushort)(low >> 32)] + exp[low >> 48];
                sum0 += exp[(ushort)high] + exp[(ushort)(high >> 16)];
                sum1 += exp[(ushort)(high >> 32)] + exp[high >> 48];
            }

            total = sum0 + sum1;
            keys += j;
        }

        for (; j < count; j++, keys += words)
        {
            int same = size;
            for (int w = 0; w < words; w++)
            {
                same -= BitOperations.PopCount(query[w] ^ keys[w]);
            }

            matches[j] = (ushort)same;
            total += exp[same];
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override int Select(ushort* matches, int count, int threshold, ulong* attended)
    {
        int selected = 0;
        Vector512<ushort> limit = Vector512.Create((ushort)threshold);
        for (int j = 0; j < count; j += 64)
        {
            ulong bits = Vector512.GreaterThanOrEqual(Vector512.Load(matches + j), limit).ExtractMostSignificantBits()
                | (Vector512.GreaterThanOrEqual(Vector512.Load(matches + j + 32), limit).ExtractMostSignificantBits() << 32);
            if (count - j < 64)
            {
                bits &= (1UL << (count - j)) - 1;
            }

            attended[j >> 6] = bits;
            selected += BitOperations.PopCount(bits);
        }

        return selected;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Context(ulong* attended, ulong* values, int keyWords, int stride, int selected, int size, short* counts)
    {
        Vector512<long> minus = Vector512.Create((long)selected);
        int c = 0;
        for (; c + 8 <= size; c += 8)
        {
            Vector512<long> positive = Vector512<long>.Zero;
            for (int w = 0; w < keyWords; w++)
            {
                positive += PopCount(Vector512.Create(attended[w]) & Vector512.Load(values + ((long)w * stride) + c));
            }

            Avx512F.ConvertToVector128Int16(positive + positive - minus).Store(counts + c);
        }

        base.Context(attended, values + c, keyWords, stride, selected, size - c, counts + c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> PopCount(Vector512<ulong> x)
    {
        Vector512<byte> table = Vector512.Create(
            Vector256.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4),
            Vector256.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        Vector512<byte> nibble = Vector512.Create((byte)15);
        Vector512<byte> low = x.AsByte() & nibble;
        Vector512<byte> high = (x.AsUInt16() >> 4).AsByte() & nibble;
        return Avx512BW.SumAbsoluteDifferences(Avx512BW.Shuffle(table, low) + Avx512BW.Shuffle(table, high), Vector512<byte>.Zero).AsInt64();
    }
}
