using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX2: four words at a time, counted by nibble look-up; scores of heads of up to 64 channels.</summary>
internal sealed unsafe class Avx2AttentionKernel : AttentionKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override long Score(ulong* query, ulong* keys, int count, int words, int size, long* exp, ushort* matches)
    {
        long total = 0;
        int j = 0;
        if (words == 1)
        {
            Vector256<ulong> q = Vector256.Create(*query);
            Vector256<long> full = Vector256.Create((long)size);
            long sum0 = 0;
            long sum1 = 0;
            for (; j + 4 <= count; j += 4)
            {
                Vector256<long> same = full - PopCount(q ^ Vector256.Load(keys + j));

                // Four 64-bit lanes to four 16-bit ones: 1, 2 in the lower half, 3, 4 in the upper.
                Vector128<ushort> narrow = Sse41.PackUnsignedSaturate(same.GetLower().AsInt32(), same.GetUpper().AsInt32());
                ulong packed = Sse41.PackUnsignedSaturate(narrow.AsInt32(), narrow.AsInt32()).AsUInt64().ToScalar();
                *(ulong*)(matches + j) = packed;
                sum0 += exp[(ushort)packed] + exp[(ushort)(packed >> 16)];
                sum1 += exp[(ushort)(packed >> 32)] + exp[packed >> 48];
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
        Vector256<short> below = Vector256.Create((short)(threshold - 1));
        for (int j = 0; j < count; j += 64)
        {
            ulong bits = 0;
            for (int i = 0; i < 64; i += 32)
            {
                // Matches stay below 2^15, so the signed comparison is right. The pack interleaves 128-bit lanes; the permute puts them
                // in order.
                Vector256<short> low = Vector256.GreaterThan(Vector256.Load((short*)matches + j + i), below);
                Vector256<short> high = Vector256.GreaterThan(Vector256.Load((short*)matches + j + i + 16), below);
                Vector256<long> packed = Avx2.Permute4x64(Avx2.PackSignedSaturate(low, high).AsInt64(), 0xD8);
                bits |= (ulong)packed.AsByte().ExtractMostSignificantBits() << i;
            }

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
        Vector256<long> minus = Vector256.Create((long)selected);
        int c = 0;
        for (; c + 4 <= size; c += 4)
        {
            Vector256<long> positive = Vector256<long>.Zero;
            for (int w = 0; w < keyWords; w++)
            {
                positive += PopCount(Vector256.Create(attended[w]) & Vector256.Load(values + ((long)w * stride) + c));
            }

            Vector256<int> count = (positive + positive - minus).AsInt32();
            Vector128<int> four = Avx2.PermuteVar8x32(count, Vector256.Create(0, 2, 4, 6, 0, 2, 4, 6)).GetLower();
            *(ulong*)(counts + c) = Sse2.PackSignedSaturate(four, four).AsUInt64().ToScalar();
        }

        base.Context(attended, values + c, keyWords, stride, selected, size - c, counts + c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> PopCount(Vector256<ulong> x)
    {
        Vector256<byte> table = Vector256.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        Vector256<byte> nibble = Vector256.Create((byte)15);
        Vector256<byte> low = x.AsByte() & nibble;
        Vector256<byte> high = (x.AsUInt16() >> 4).AsByte() & nibble;
        return Avx2.SumAbsoluteDifferences(Avx2.Shuffle(table, low) + Avx2.Shuffle(table, high), Vector256<byte>.Zero).AsInt64();
    }
}
