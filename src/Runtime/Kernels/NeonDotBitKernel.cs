using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>NEON with dot products: 32 bits of four outputs fill a vector. EOR, CNT, one ADD for two steps, then UDOT by ones, which sums
/// the four bytes of a lane into 32 bits: three vector instructions for 128 products, none of them tied to one pipe.</summary>
/// <remarks>Weights <c>[outputs / 16][inputs / 64][2][4][4 outputs]</c>, 32 bits each. Activations 32 bits of the row in all four lanes. A
/// byte holds at most 2 * 8 before UDOT takes it into 32 bits; a count is at most <see cref="GraphValidator.MaxInputs"/>, so its low half is all of
/// it. Bits behind the row are 0 on both sides. Scalar twin: <see cref="ScalarBitKernel"/>.</remarks>
internal sealed unsafe class NeonDotBitKernel : BitKernel
{
    private const int BlockOutputs = 16;
    private const int StepBytes = 2 * 4 * 16;

    internal override long PackedBytes(int outputs, int inputs) => (long)ValueShape.Pad(outputs) / BlockOutputs * ((inputs + 63) >> 6) * StepBytes;

    internal override void Pack(ulong* words, int outputs, int inputs, byte* packed)
    {
        int n = (inputs + 63) >> 6;
        for (int o = 0; o < outputs; o++)
        {
            ulong* row = words + ((long)o * n);
            uint* to = (uint*)(packed + ((long)(o / BlockOutputs) * n * StepBytes)) + (o % BlockOutputs);
            for (int k = 0; k < 2 * n; k++)
            {
                to[k * BlockOutputs] = (uint)(row[k >> 1] >> (32 * (k & 1)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Expand(ulong* row, int inputs, byte* expanded)
    {
        uint* to = (uint*)expanded;
        ulong* end = row + ((inputs + 63) >> 6);
        for (; row < end; row++, to += 8)
        {
            Vector64<uint> word = Vector64.Create(*row).AsUInt32();
            AdvSimd.Store(to, AdvSimd.DuplicateSelectedScalarToVector128(word, 0));
            AdvSimd.Store(to + 4, AdvSimd.DuplicateSelectedScalarToVector128(word, 1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int bytes = ((inputs + 63) >> 6) * StepBytes;
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

    /// <summary>Four tokens, 16 outputs, 64 inputs a round: sixteen sums in sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(byte* a, byte* w, byte* end, ushort* counts, int outputs)
    {
        Vector128<uint> s00 = default;
        Vector128<uint> s01 = default;
        Vector128<uint> s02 = default;
        Vector128<uint> s03 = default;
        Vector128<uint> s10 = default;
        Vector128<uint> s11 = default;
        Vector128<uint> s12 = default;
        Vector128<uint> s13 = default;
        Vector128<uint> s20 = default;
        Vector128<uint> s21 = default;
        Vector128<uint> s22 = default;
        Vector128<uint> s23 = default;
        Vector128<uint> s30 = default;
        Vector128<uint> s31 = default;
        Vector128<uint> s32 = default;
        Vector128<uint> s33 = default;
        Vector128<byte> ones = Vector128<byte>.One;
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
            Token(a, ones, w0, w1, w2, w3, w4, w5, w6, w7, ref s00, ref s01, ref s02, ref s03);
            Token(a + RowStride, ones, w0, w1, w2, w3, w4, w5, w6, w7, ref s10, ref s11, ref s12, ref s13);
            Token(a + (2 * RowStride), ones, w0, w1, w2, w3, w4, w5, w6, w7, ref s20, ref s21, ref s22, ref s23);
            Token(a + (3 * RowStride), ones, w0, w1, w2, w3, w4, w5, w6, w7, ref s30, ref s31, ref s32, ref s33);
            w += StepBytes;
            a += 32;
        }
        while (w < end);

        Store(counts, s00, s01, s02, s03);
        Store(counts + outputs, s10, s11, s12, s13);
        Store(counts + (2 * outputs), s20, s21, s22, s23);
        Store(counts + (3 * outputs), s30, s31, s32, s33);
    }

    /// <summary>One token, 16 outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* a, byte* w, byte* end, ushort* counts)
    {
        Vector128<uint> s0 = default;
        Vector128<uint> s1 = default;
        Vector128<uint> s2 = default;
        Vector128<uint> s3 = default;
        Vector128<byte> ones = Vector128<byte>.One;
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
            Token(a, ones, w0, w1, w2, w3, w4, w5, w6, w7, ref s0, ref s1, ref s2, ref s3);
            w += StepBytes;
            a += 32;
        }
        while (w < end);

        Store(counts, s0, s1, s2, s3);
    }

    /// <summary>Two steps of one token: eight chains side by side, because the JIT keeps this order and small cores run it as it
    /// stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Token(
        byte* a,
        Vector128<byte> ones,
        Vector128<byte> w0,
        Vector128<byte> w1,
        Vector128<byte> w2,
        Vector128<byte> w3,
        Vector128<byte> w4,
        Vector128<byte> w5,
        Vector128<byte> w6,
        Vector128<byte> w7,
        ref Vector128<uint> s0,
        ref Vector128<uint> s1,
        ref Vector128<uint> s2,
        ref Vector128<uint> s3)
    {
        Vector128<byte> first = AdvSimd.LoadVector128(a);
        Vector128<byte> second = AdvSimd.LoadVector128(a + 16);
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
        s0 = Dp.DotProduct(s0, x0, ones);
        s1 = Dp.DotProduct(s1, x1, ones);
        s2 = Dp.DotProduct(s2, x2, ones);
        s3 = Dp.DotProduct(s3, x3, ones);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ushort* counts, Vector128<uint> s0, Vector128<uint> s1, Vector128<uint> s2, Vector128<uint> s3)
    {
        AdvSimd.Store(counts, AdvSimd.Arm64.UnzipEven(s0.AsUInt16(), s1.AsUInt16()));
        AdvSimd.Store(counts + 8, AdvSimd.Arm64.UnzipEven(s2.AsUInt16(), s3.AsUInt16()));
    }
}
