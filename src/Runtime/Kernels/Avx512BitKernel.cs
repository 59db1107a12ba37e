using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX-512 VBMI by table: six activation bits a choose a 64-byte table T with T[w] = popcount(a ^ w); the weights stand as 6-bit
/// numbers, 64 outputs side by side, and index it. One byte permute and one add count 64 x 6 products.</summary>
/// <remarks>Weights <c>[outputs / 64][ceil(inputs / 6)][64]</c>. Activations one 6-bit number a byte; bits behind the row are 0 on both
/// sides and never differ. A byte of the sum holds at most 42 * 6 = 252 before it is widened.</remarks>
internal sealed unsafe class Avx512BitKernel : BitKernel
{
    private const int StepsPerWiden = 42;
    private const int GroupsPerVector = 64;

    private static readonly byte* s_tables = Tables();

    internal override byte* Pack(ReadOnlySpan<ulong> words, int outputs, int inputs, Func<long, nint> allocate)
    {
        int n = (inputs + 63) >> 6;
        int steps = Steps(inputs);
        byte* packed = (byte*)allocate((long)Pad(outputs) * steps);
        for (int o = 0; o < outputs; o++)
        {
            ReadOnlySpan<ulong> row = words.Slice(o * n, n);
            byte* to = packed + ((long)(o >> 6) * steps * 64) + (o & 63);
            for (int k = 0; k < steps; k++, to += 64)
            {
                *to = (byte)Bits(row, 6 * k, 6);
            }
        }

        return packed;
    }

    // 48 bytes are 64 groups of six bits: six bytes go into each 64-bit lane, a multi-shift takes its eight groups out.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Expand(ulong* row, int inputs, byte* expanded)
    {
        Vector512<byte> spread = Vector512.Create(
            (byte)0, 1, 2, 3, 4, 5, 0, 0, 6, 7, 8, 9, 10, 11, 0, 0, 12, 13, 14, 15, 16, 17, 0, 0, 18, 19, 20, 21, 22, 23, 0, 0,
            24, 25, 26, 27, 28, 29, 0, 0, 30, 31, 32, 33, 34, 35, 0, 0, 36, 37, 38, 39, 40, 41, 0, 0, 42, 43, 44, 45, 46, 47, 0, 0);
        Vector512<byte> shifts = Vector512.Create(0x2A241E18120C0600UL).AsByte();
        Vector512<byte> six = Vector512.Create((byte)63);
        Vector512<byte> lane = Vector512.Create(
            (byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
            32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63);
        int bytes = ((inputs + 63) >> 6) * 8;
        byte* source = (byte*)row;
        for (int at = 0; at < bytes; at += 48, expanded += GroupsPerVector)
        {
            Vector512<byte> x = Vector512.Load(source + at);
            int left = bytes - at;
            if (left < 48)
            {
                // Behind the row lies the next one; its bits must not count.
                x &= Vector512.LessThan(lane, Vector512.Create((byte)left));
            }

            x = Avx512Vbmi.PermuteVar64x8(x, spread);
            (Avx512Vbmi.MultiShift(shifts, x.AsUInt64()) & six).Store(expanded);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int steps = Steps(inputs);
        if (tokens > 2)
        {
            int o = 0;
            for (; o + 128 <= outputs; o += 128)
            {
                EightByTwo(expanded, weights + ((long)o * steps), steps, counts + o, outputs);
            }

            if (o < outputs)
            {
                Eight(expanded, weights + ((long)o * steps), steps, counts + o, outputs);
            }

            return;
        }

        for (int t = 0; t < tokens; t++)
        {
            for (int o = 0; o < outputs; o += 64)
            {
                One(expanded + (t * RowStride), weights + ((long)o * steps), steps, counts + (t * outputs) + o);
            }
        }
    }

    // Eight tokens, 128 outputs: a table is loaded once for two vectors of weights.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightByTwo(byte* a, byte* w, int steps, ushort* counts, int outputs)
    {
        byte* tables = s_tables;
        int second = steps * 64;
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            Vector512<byte> a0 = Vector512<byte>.Zero;
            Vector512<byte> a1 = a0;
            Vector512<byte> b0 = a0;
            Vector512<byte> b1 = a0;
            Vector512<byte> c0 = a0;
            Vector512<byte> c1 = a0;
            Vector512<byte> d0 = a0;
            Vector512<byte> d1 = a0;
            Vector512<byte> e0 = a0;
            Vector512<byte> e1 = a0;
            Vector512<byte> f0 = a0;
            Vector512<byte> f1 = a0;
            Vector512<byte> g0 = a0;
            Vector512<byte> g1 = a0;
            Vector512<byte> h0 = a0;
            Vector512<byte> h1 = a0;
            byte* at = a + k0;
            byte* end = a + Math.Min(steps, k0 + StepsPerWiden);
            byte* weight = w + (k0 * 64);
            for (; at < end; at++, weight += 64)
            {
                Vector512<byte> x = Vector512.Load(weight);
                Vector512<byte> y = Vector512.Load(weight + second);
                Vector512<byte> table = Vector512.Load(tables + ((nuint)at[0] << 6));
                a0 += Avx512Vbmi.PermuteVar64x8(table, x);
                a1 += Avx512Vbmi.PermuteVar64x8(table, y);
                table = Vector512.Load(tables + ((nuint)at[RowStride] << 6));
                b0 += Avx512Vbmi.PermuteVar64x8(table, x);
                b1 += Avx512Vbmi.PermuteVar64x8(table, y);
                table = Vector512.Load(tables + ((nuint)at[2 * RowStride] << 6));
                c0 += Avx512Vbmi.PermuteVar64x8(table, x);
                c1 += Avx512Vbmi.PermuteVar64x8(table, y);
                table = Vector512.Load(tables + ((nuint)at[3 * RowStride] << 6));
                d0 += Avx512Vbmi.PermuteVar64x8(table, x);
                d1 += Avx512Vbmi.PermuteVar64x8(table, y);
                table = Vector512.Load(tables + ((nuint)at[4 * RowStride] << 6));
                e0 += Avx512Vbmi.PermuteVar64x8(table, x);
                e1 += Avx512Vbmi.PermuteVar64x8(table, y);
                table = Vector512.Load(tables + ((nuint)at[5 * RowStride] << 6));
                f0 += Avx512Vbmi.PermuteVar64x8(table, x);
                f1 += Avx512Vbmi.PermuteVar64x8(table, y);
                table = Vector512.Load(tables + ((nuint)at[6 * RowStride] << 6));
                g0 += Avx512Vbmi.PermuteVar64x8(table, x);
                g1 += Avx512Vbmi.PermuteVar64x8(table, y);
                table = Vector512.Load(tables + ((nuint)at[7 * RowStride] << 6));
                h0 += Avx512Vbmi.PermuteVar64x8(table, x);
                h1 += Avx512Vbmi.PermuteVar64x8(table, y);
            }

            ushort* to = counts;
            Store(to, a0, k0);
            Store(to + 64, a1, k0);
            Store(to += outputs, b0, k0);
            Store(to + 64, b1, k0);
            Store(to += outputs, c0, k0);
            Store(to + 64, c1, k0);
            Store(to += outputs, d0, k0);
            Store(to + 64, d1, k0);
            Store(to += outputs, e0, k0);
            Store(to + 64, e1, k0);
            Store(to += outputs, f0, k0);
            Store(to + 64, f1, k0);
            Store(to += outputs, g0, k0);
            Store(to + 64, g1, k0);
            Store(to += outputs, h0, k0);
            Store(to + 64, h1, k0);
        }
    }

    // Eight tokens, 64 outputs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(byte* a, byte* w, int steps, ushort* counts, int outputs)
    {
        byte* tables = s_tables;
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            Vector512<byte> s0 = Vector512<byte>.Zero;
            Vector512<byte> s1 = s0;
            Vector512<byte> s2 = s0;
            Vector512<byte> s3 = s0;
            Vector512<byte> s4 = s0;
            Vector512<byte> s5 = s0;
            Vector512<byte> s6 = s0;
            Vector512<byte> s7 = s0;
            byte* at = a + k0;
            byte* end = a + Math.Min(steps, k0 + StepsPerWiden);
            byte* weight = w + (k0 * 64);
            for (; at < end; at++, weight += 64)
            {
                Vector512<byte> x = Vector512.Load(weight);
                s0 += Look(tables, at[0], x);
                s1 += Look(tables, at[RowStride], x);
                s2 += Look(tables, at[2 * RowStride], x);
                s3 += Look(tables, at[3 * RowStride], x);
                s4 += Look(tables, at[4 * RowStride], x);
                s5 += Look(tables, at[5 * RowStride], x);
                s6 += Look(tables, at[6 * RowStride], x);
                s7 += Look(tables, at[7 * RowStride], x);
            }

            ushort* to = counts;
            Store(to, s0, k0);
            Store(to += outputs, s1, k0);
            Store(to += outputs, s2, k0);
            Store(to += outputs, s3, k0);
            Store(to += outputs, s4, k0);
            Store(to += outputs, s5, k0);
            Store(to += outputs, s6, k0);
            Store(to + outputs, s7, k0);
        }
    }

    private static void One(byte* a, byte* w, int steps, ushort* counts)
    {
        byte* tables = s_tables;
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            Vector512<byte> s = Vector512<byte>.Zero;
            int k1 = Math.Min(steps, k0 + StepsPerWiden);
            for (int k = k0; k < k1; k++)
            {
                s += Look(tables, a[k], Vector512.Load(w + (k * 64)));
            }

            Store(counts, s, k0);
        }
    }

    private static int Steps(int inputs) => (inputs + 5) / 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Look(byte* tables, byte bits, Vector512<byte> weights) =>
        Avx512Vbmi.PermuteVar64x8(Vector512.Load(tables + ((nuint)bits << 6)), weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ushort* counts, Vector512<byte> sum, int k0)
    {
        Vector512<ushort> lower = Avx512BW.ConvertToVector512UInt16(sum.GetLower());
        Vector512<ushort> upper = Avx512BW.ConvertToVector512UInt16(sum.GetUpper());
        if (k0 != 0)
        {
            lower += Vector512.Load(counts);
            upper += Vector512.Load(counts + 32);
        }

        lower.Store(counts);
        upper.Store(counts + 32);
    }

    private static byte* Tables()
    {
        byte* tables = NativeBuffer.AllocateForever(64 * 64);
        for (int a = 0; a < 64; a++)
        {
            for (int w = 0; w < 64; w++)
            {
                tables[(a * 64) + w] = (byte)int.PopCount(a ^ w);
            }
        }

        return tables;
    }
}
