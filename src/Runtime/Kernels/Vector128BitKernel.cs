using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>128-bit vectors: byte k of sixteen outputs lies together, so that one broadcast byte of a token meets sixteen outputs and no
/// horizontal sum is needed. Weights <c>[outputs / 16][inputs / 8][16]</c> bytes. A byte of the sum holds at most 31 * 8 = 248 before it is
/// widened. NEON counts with CNT; x64 looks nibbles up.</summary>
internal sealed unsafe class Vector128BitKernel : BitKernel
{
    private const int StepsPerWiden = 31;

    internal override long PackedBytes(int outputs, int inputs) => (long)ValueShape.Pad(outputs) * ((inputs + 7) >> 3);

    internal override void Pack(ulong* words, int outputs, int inputs, byte* packed)
    {
        int n = (inputs + 63) >> 6;
        int steps = (inputs + 7) >> 3;
        for (int o = 0; o < outputs; o++)
        {
            byte* row = (byte*)(words + ((long)o * n));
            for (int k = 0; k < steps; k++)
            {
                packed[(((long)(o >> 4) * steps) + k) * 16 + (o & 15)] = row[k];
            }
        }
    }

    internal override void Expand(ulong* row, int inputs, byte* expanded) => Buffer.MemoryCopy(row, expanded, RowStride, (inputs + 7) >> 3);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int steps = (inputs + 7) >> 3;
        for (int o = 0; o < outputs; o += 16)
        {
            byte* w = weights + ((long)o * steps);
            int t = 0;
            for (; t + 4 <= tokens; t += 4)
            {
                Four(expanded + (t * RowStride), w, steps, counts + (t * outputs) + o, outputs);
            }

            for (; t < tokens; t++)
            {
                One(expanded + (t * RowStride), w, steps, counts + (t * outputs) + o);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(byte* a, byte* w, int steps, ushort* counts, int outputs)
    {
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            int k1 = Math.Min(steps, k0 + StepsPerWiden);
            Vector128<byte> s0 = Vector128<byte>.Zero;
            Vector128<byte> s1 = s0;
            Vector128<byte> s2 = s0;
            Vector128<byte> s3 = s0;
            for (int k = k0; k < k1; k++)
            {
                Vector128<byte> weight = Vector128.Load(w + (k * 16));
                byte* at = a + k;
                s0 += PopCount(weight ^ Vector128.Create(at[0]));
                s1 += PopCount(weight ^ Vector128.Create(at[RowStride]));
                s2 += PopCount(weight ^ Vector128.Create(at[2 * RowStride]));
                s3 += PopCount(weight ^ Vector128.Create(at[3 * RowStride]));
            }

            Store(counts, s0, k0);
            Store(counts + outputs, s1, k0);
            Store(counts + (2 * outputs), s2, k0);
            Store(counts + (3 * outputs), s3, k0);
        }
    }

    private static void One(byte* a, byte* w, int steps, ushort* counts)
    {
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            int k1 = Math.Min(steps, k0 + StepsPerWiden);
            Vector128<byte> s = Vector128<byte>.Zero;
            for (int k = k0; k < k1; k++)
            {
                s += PopCount(Vector128.Load(w + (k * 16)) ^ Vector128.Create(a[k]));
            }

            Store(counts, s, k0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ushort* counts, Vector128<byte> sum, int k0)
    {
        (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(sum);
        if (k0 != 0)
        {
            lower += Vector128.Load(counts);
            upper += Vector128.Load(counts + 8);
        }

        lower.Store(counts);
        upper.Store(counts + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> PopCount(Vector128<byte> x)
    {
        if (AdvSimd.IsSupported)
        {
            return AdvSimd.PopCount(x);
        }

        Vector128<byte> table = Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        Vector128<byte> nibble = Vector128.Create((byte)15);
        Vector128<byte> high = (x.AsUInt16() >> 4).AsByte() & nibble;
        return Ssse3.Shuffle(table, x & nibble) + Ssse3.Shuffle(table, high);
    }
}
