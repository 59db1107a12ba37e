using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX2 by table: four activation bits a choose a 16-byte table T with T[w] = popcount(a ^ w); the weights stand as nibbles, 32
/// outputs side by side, and index it. One shuffle and one add count 32 x 4 products; nothing is summed horizontally.</summary>
/// <remarks>Weights <c>[outputs / 32][inputs / 4][32]</c>, one nibble a byte. Activations one nibble a byte, times 16 (the offset of its
/// table). A byte of the sum holds at most 63 * 4 = 252 before it is widened.</remarks>
internal sealed unsafe class Avx2BitKernel : BitKernel
{
    private const int StepsPerWiden = 63;

    private static readonly byte* s_tables = Tables();

    internal override byte* Pack(ReadOnlySpan<ulong> words, int outputs, int inputs, Func<long, nint> allocate)
    {
        int n = (inputs + 63) >> 6;
        int steps = (inputs + 3) >> 2;
        byte* packed = (byte*)allocate((long)Pad(outputs) * steps);
        for (int o = 0; o < outputs; o++)
        {
            ReadOnlySpan<ulong> row = words.Slice(o * n, n);
            byte* to = packed + ((long)(o >> 5) * steps * 32) + (o & 31);
            for (int k = 0; k < steps; k++, to += 32)
            {
                *to = (byte)((row[k >> 4] >> (4 * (k & 15))) & 15);
            }
        }

        return packed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Expand(ulong* row, int inputs, byte* expanded)
    {
        int words = (inputs + 63) >> 6;
        Vector128<byte> high = Vector128.Create((byte)0xF0);
        for (int w = 0; w < words; w++)
        {
            Vector128<byte> x = Vector128.CreateScalar(row[w]).AsByte();
            Vector128<byte> even = Sse2.ShiftLeftLogical(x.AsUInt16(), 4).AsByte() & high;
            Sse2.UnpackLow(even, x & high).Store(expanded + (16 * w));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int steps = (inputs + 3) >> 2;
        for (int o = 0; o < outputs; o += 64)
        {
            byte* w = weights + ((long)o * steps);
            int t = 0;
            for (; t + 2 < tokens; t += 4)
            {
                Four(expanded + (t * RowStride), w, steps, counts + (t * outputs) + o, outputs);
            }

            for (; t < tokens; t++)
            {
                One(expanded + (t * RowStride), w, steps, counts + (t * outputs) + o);
            }
        }
    }

    // Four tokens, 64 outputs: a table is loaded once for two vectors of weights.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(byte* a, byte* w, int steps, ushort* counts, int outputs)
    {
        byte* tables = s_tables;
        int second = steps * 32;
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            Vector256<byte> a0 = Vector256<byte>.Zero;
            Vector256<byte> a1 = a0;
            Vector256<byte> b0 = a0;
            Vector256<byte> b1 = a0;
            Vector256<byte> c0 = a0;
            Vector256<byte> c1 = a0;
            Vector256<byte> d0 = a0;
            Vector256<byte> d1 = a0;
            byte* at = a + k0;
            byte* end = a + Math.Min(steps, k0 + StepsPerWiden);
            byte* weight = w + (k0 * 32);
            for (; at < end; at++, weight += 32)
            {
                Vector256<byte> x = Vector256.Load(weight);
                Vector256<byte> y = Vector256.Load(weight + second);
                Vector256<byte> table = Avx2.BroadcastVector128ToVector256(tables + at[0]);
                a0 += Avx2.Shuffle(table, x);
                a1 += Avx2.Shuffle(table, y);
                table = Avx2.BroadcastVector128ToVector256(tables + at[RowStride]);
                b0 += Avx2.Shuffle(table, x);
                b1 += Avx2.Shuffle(table, y);
                table = Avx2.BroadcastVector128ToVector256(tables + at[2 * RowStride]);
                c0 += Avx2.Shuffle(table, x);
                c1 += Avx2.Shuffle(table, y);
                table = Avx2.BroadcastVector128ToVector256(tables + at[3 * RowStride]);
                d0 += Avx2.Shuffle(table, x);
                d1 += Avx2.Shuffle(table, y);
            }

            ushort* to = counts;
            Store(to, a0, k0);
            Store(to + 32, a1, k0);
            Store(to += outputs, b0, k0);
            Store(to + 32, b1, k0);
            Store(to += outputs, c0, k0);
            Store(to + 32, c1, k0);
            Store(to += outputs, d0, k0);
            Store(to + 32, d1, k0);
        }
    }

    // One token, 64 outputs.
    private static void One(byte* a, byte* w, int steps, ushort* counts)
    {
        byte* tables = s_tables;
        byte* w1 = w + (steps * 32);
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            Vector256<byte> s0 = Vector256<byte>.Zero;
            Vector256<byte> s1 = s0;
            int k1 = Math.Min(steps, k0 + StepsPerWiden);
            for (int k = k0; k < k1; k++)
            {
                Vector256<byte> table = Avx2.BroadcastVector128ToVector256(tables + a[k]);
                s0 += Avx2.Shuffle(table, Vector256.Load(w + (k * 32)));
                s1 += Avx2.Shuffle(table, Vector256.Load(w1 + (k * 32)));
            }

            Store(counts, s0, k0);
            Store(counts + 32, s1, k0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ushort* counts, Vector256<byte> sum, int k0)
    {
        Vector256<ushort> lower = Avx2.ConvertToVector256Int16(sum.GetLower()).AsUInt16();
        Vector256<ushort> upper = Avx2.ConvertToVector256Int16(sum.GetUpper()).AsUInt16();
        if (k0 != 0)
        {
            lower += Vector256.Load(counts);
            upper += Vector256.Load(counts + 16);
        }

        lower.Store(counts);
        upper.Store(counts + 16);
    }

    private static byte* Tables()
    {
        byte* tables = NativeBuffer.AllocateForever(16 * 16);
        for (int a = 0; a < 16; a++)
        {
            for (int w = 0; w < 16; w++)
            {
                tables[(a * 16) + w] = (byte)int.PopCount(a ^ w);
            }
        }

        return tables;
    }
}
