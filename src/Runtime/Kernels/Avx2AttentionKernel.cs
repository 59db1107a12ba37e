using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX2: four words at a time, counted by nibble look-up; heads of up to 64 channels. The sum of exponentials takes four keys at a time by
/// gather; integer addition does not mind the order.</summary>
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
            Vector256<long> sum = Vector256<long>.Zero;
            for (; j + 4 <= count; j += 4)
            {
                Vector256<long> same = full - PopCount(q ^ Vector256.Load(keys + j));
                sum += Avx2.GatherVector256(exp, same, 8);
                matches[j] = (ushort)same.GetElement(0);
                matches[j + 1] = (ushort)same.GetElement(1);
                matches[j + 2] = (ushort)same.GetElement(2);
                matches[j + 3] = (ushort)same.GetElement(3);
            }

            total = Vector256.Sum(sum);
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
