using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>NEON: sixteen bits of eight outputs fill a vector, so that sixteen bits of a token, repeated eight times, meet eight outputs and
/// no horizontal sum is needed. EOR, CNT, one ADD for two steps, UADALP: three vector instructions for 128 products, which keep both vector
/// pipes of an A72 or A76 busy.</summary>
/// <remarks>Weights <c>[outputs / 32][inputs / 32][2][4][8 outputs]</c>, sixteen bits each. Activations sixteen bits of the row in all eight
/// lanes. A byte holds at most 2 * 8 before UADALP takes it into sixteen bits, which grow by at most 16 for every 16 inputs and so hold
/// <see cref="GraphValidator.MaxInputs"/>. Bits behind the row are 0 on both sides. Scalar twin: <see cref="ScalarBitKernel"/>.</remarks>
internal sealed unsafe class NeonBitKernel : BitKernel
{
    private const int BlockOutputs = 32;
    private const int StepBytes = 2 * 4 * 16;

    internal override long PackedBytes(int outputs, int inputs) => (long)ValueShape.Pad(outputs) / BlockOutputs * ((inputs + 31) >> 5) * StepBytes;

    internal override void Pack(ulong* words, int outputs, int inputs, byte* packed)
    {
        int n = (inputs + 63) >> 6;
        int steps = (inputs + 31) >> 5;
        for (int o = 0; o < outputs; o++)
        {
            ulong* row = words + ((long)o * n);
            ushort* to = (ushort*)(packed + ((long)(o / BlockOutputs) * steps * StepBytes)) + (o % BlockOutputs);
            for (int k = 0; k < 2 * steps; k++)
            {
                to[k * BlockOutputs] = (ushort)(row[k >> 2] >> (16 * (k & 3)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Expand(ulong* row, int inputs, byte* expanded)
    {
        ushort* to = (ushort*)expanded;
        ulong* end = row + ((inputs + 63) >> 6);
        for (; row < end; row++, to += 32)
        {
            Vector64<ushort> word = AdvSimd.LoadVector64((ushort*)row);
            AdvSimd.Store(to, AdvSimd.DuplicateSelectedScalarToVector128(word, 0));
            AdvSimd.Store(to + 8, AdvSimd.DuplicateSelectedScalarToVector128(word, 1));
            AdvSimd.Store(to + 16, AdvSimd.DuplicateSelectedScalarToVector128(word, 2));
            AdvSimd.Store(to + 24, AdvSimd.DuplicateSelectedScalarToVector128(word, 3));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int bytes = ((inputs + 31) >> 5) * StepBytes;
        for (int o = 0; o < outputs; o += BlockOutputs, weights += bytes)
        {
            int t = 0;
            for (; t + 1 < tokens; t += 4)
            {
                Four(expanded + (t * RowStride), weights, weights + bytes, counts + (t * outputs) + o, outputs);
            }

            if (t < tokens)
            {
                One(expanded + (t * RowStride), weights, weights + bytes, counts + (t * outputs) + o);
            }
        }
    }

    /// <summary>Four tokens, 32 outputs, 32 inputs a round: sixteen sums in sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(byte* a, byte* w, byte* end, ushort* counts, int outputs)
    {
        Vector128<ushort> s00 = default;
        Vector128<ushort> s01 = default;
        Vector128<ushort> s02 = default;
        Vector128<ushort> s03 = default;
        Vector128<ushort> s10 = default;
        Vector128<ushort> s11 = default;
        Vector128<ushort> s12 = default;
        Vector128<ushort> s13 = default;
        Vector128<ushort> s20 = default;
        Vector128<ushort> s21 = default;
        Vector128<ushort> s22 = default;
        Vector128<ushort> s23 = default;
        Vector128<ushort> s30 = default;
        Vector128<ushort> s31 = default;
        Vector128<ushort> s32 = default;
        Vector128<ushort> s33 = default;
        do
        {
            Vector128<byte> w0 = AdvSimd.LoadVector128(w);
            Vector128<byte> w1 = AdvSimd.LoadVector128(w + 16);
            Vector128<byte> w2 = AdvSimd.LoadVector128(w + 32);
            Vector128<byte> w3 = AdvSimd.LoadVector128(w + 48);
            Vector128<byte> w4 = AdvSimd.LoadVector128(w + 64);
            Vector128<byte> w5 = AdvSimd.LoadVector128(w + 80);
            Vector128<byte> w6 = AdvSimd.LoadVector128(w + 96);
            Vector128<byte> w7 = AdvSimd.LoadVector128(w + 112);
            byte* b = a + RowStride;
            byte* c = a + (2 * RowStride);
            byte* d = a + (3 * RowStride);
            Vector128<byte> first = AdvSimd.LoadVector128(a);
            Vector128<byte> second = AdvSimd.LoadVector128(a + 16);
            Token(ref first, ref second, b, w0, w1, w2, w3, w4, w5, w6, w7, ref s00, ref s01, ref s02, ref s03);
            Token(ref first, ref second, c, w0, w1, w2, w3, w4, w5, w6, w7, ref s10, ref s11, ref s12, ref s13);
            Token(ref first, ref second, d, w0, w1, w2, w3, w4, w5, w6, w7, ref s20, ref s21, ref s22, ref s23);
            Token(ref first, ref second, a, w0, w1, w2, w3, w4, w5, w6, w7, ref s30, ref s31, ref s32, ref s33);
            w += StepBytes;
            a += 32;
        }
        while (w < end);

        Store(counts, s00, s01, s02, s03);
        Store(counts + outputs, s10, s11, s12, s13);
        Store(counts + (2 * outputs), s20, s21, s22, s23);
        Store(counts + (3 * outputs), s30, s31, s32, s33);
    }

    /// <summary>One token, 32 outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* a, byte* w, byte* end, ushort* counts)
    {
        Vector128<ushort> s0 = default;
        Vector128<ushort> s1 = default;
        Vector128<ushort> s2 = default;
        Vector128<ushort> s3 = default;
        do
        {
            Vector128<byte> w0 = AdvSimd.LoadVector128(w);
            Vector128<byte> w1 = AdvSimd.LoadVector128(w + 16);
            Vector128<byte> w2 = AdvSimd.LoadVector128(w + 32);
            Vector128<byte> w3 = AdvSimd.LoadVector128(w + 48);
            Vector128<byte> w4 = AdvSimd.LoadVector128(w + 64);
            Vector128<byte> w5 = AdvSimd.LoadVector128(w + 80);
            Vector128<byte> w6 = AdvSimd.LoadVector128(w + 96);
            Vector128<byte> w7 = AdvSimd.LoadVector128(w + 112);
            Vector128<byte> first = AdvSimd.LoadVector128(a);
            Vector128<byte> second = AdvSimd.LoadVector128(a + 16);
            Token(ref first, ref second, a, w0, w1, w2, w3, w4, w5, w6, w7, ref s0, ref s1, ref s2, ref s3);
            w += StepBytes;
            a += 32;
        }
        while (w < end);

        Store(counts, s0, s1, s2, s3);
    }

    /// <summary>Two steps of one token: eight chains side by side, because the JIT keeps this order and small cores run it as it
    /// stands; the next token's bits are read before the last sums are needed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Token(
        ref Vector128<byte> first,
        ref Vector128<byte> second,
        byte* next,
        Vector128<byte> w0,
        Vector128<byte> w1,
        Vector128<byte> w2,
        Vector128<byte> w3,
        Vector128<byte> w4,
        Vector128<byte> w5,
        Vector128<byte> w6,
        Vector128<byte> w7,
        ref Vector128<ushort> s0,
        ref Vector128<ushort> s1,
        ref Vector128<ushort> s2,
        ref Vector128<ushort> s3)
    {
        Vector128<byte> x0 = first ^ w0;
        Vector128<byte> x1 = first ^ w1;
        Vector128<byte> x2 = first ^ w2;
        Vector128<byte> x3 = first ^ w3;
        Vector128<byte> x4 = second ^ w4;
        Vector128<byte> x5 = second ^ w5;
        Vector128<byte> x6 = second ^ w6;
        Vector128<byte> x7 = second ^ w7;
        x0 = AdvSimd.PopCount(x0);
        x1 = AdvSimd.PopCount(x1);
        x2 = AdvSimd.PopCount(x2);
        x3 = AdvSimd.PopCount(x3);
        x4 = AdvSimd.PopCount(x4);
        x5 = AdvSimd.PopCount(x5);
        x6 = AdvSimd.PopCount(x6);
        x7 = AdvSimd.PopCount(x7);
        x0 += x4;
        x1 += x5;
        x2 += x6;
        x3 += x7;
        first = AdvSimd.LoadVector128(next);
        second = AdvSimd.LoadVector128(next + 16);
        s0 = AdvSimd.AddPairwiseWideningAndAdd(s0, x0);
        s1 = AdvSimd.AddPairwiseWideningAndAdd(s1, x1);
        s2 = AdvSimd.AddPairwiseWideningAndAdd(s2, x2);
        s3 = AdvSimd.AddPairwiseWideningAndAdd(s3, x3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ushort* counts, Vector128<ushort> s0, Vector128<ushort> s1, Vector128<ushort> s2, Vector128<ushort> s3)
    {
        AdvSimd.Store(counts, s0);
        AdvSimd.Store(counts + 8, s1);
        AdvSimd.Store(counts + 16, s2);
        AdvSimd.Store(counts + 24, s3);
    }
}
