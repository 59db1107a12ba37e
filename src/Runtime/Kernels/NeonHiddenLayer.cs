using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>NEON: the epilogue of a hidden layer whose product left it channels in <see cref="GroupOrder"/>. A vector holds one member of each of four
/// groups, so means are sums of vectors, and a comparison puts the member's bit into the lane of its group. Scalar twin: the same epilogue in the
/// channels' own order with <see cref="Lanes1"/>.</summary>
internal static unsafe class NeonHiddenLayer
{
    /// <summary>Groups side by side.</summary>
    internal const int Lanes = 4;

    private const int VectorBytes = 16;
    private const int Parameters = 4;

    /// <summary>See <see cref="RowKernel.Epilogue"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(Slot* e, uint present, int channels)
    {
        int size = e->Group;
        Slot* s = e + Slots.Shortcut;
        Slot* to = e + Slots.Transposed;
        for (int t = 0; t < Slots.MaxTokens; t++)
        {
            Transpose((float*)(s->Row + (t * s->Step)), (float*)(to->Row + (t * to->Step)), s->Modulo, size);
        }

        Rows counts = Rows.Of(e);
        Rows rows = Rows.Of(to);
        byte* behindRow = rows.A + ((nint)s->Modulo * sizeof(float));
        byte* parameters = (byte*)e->P0;
        byte* end = parameters + ((nint)channels * Parameters * sizeof(float));
        Slot* mean = e + Slots.Mean;
        Slot* sign = e + Slots.Sign;
        byte* means = mean->Row;
        byte* signs = sign->Row;
        Vector128<float> factor = Vector128.Create(mean->Factor);

        // 0, which the JIT does not know: it would make constants anew wherever they are used.
        int nothing = (int)(present >> Slots.Count);
        Vector128<float> zero = Vector128.Create(nothing).AsSingle();
        Vector128<int> high = Vector128.Create(NeonEnds.Base + nothing);
        do
        {
            Column<Vector128<float>> sum = default;
            Column<Vector128<uint>> bits = default;
            Vector128<uint> bit0 = Vector128<uint>.One;
            byte* behind = parameters + (size * Parameters * VectorBytes);
            do
            {
                // Two members of four groups of four tokens: eight chains, whose operations take turns so that a core that runs them in order need not wait.
                Vector64<short> k0 = AdvSimd.LoadVector64((short*)counts.A);
                Vector64<short> k1 = AdvSimd.LoadVector64((short*)counts.B);
                Vector64<short> k2 = AdvSimd.LoadVector64((short*)counts.C);
                Vector64<short> k3 = AdvSimd.LoadVector64((short*)counts.D);
                Vector64<short> l0 = AdvSimd.LoadVector64((short*)(counts.A + (VectorBytes / 2)));
                Vector64<short> l1 = AdvSimd.LoadVector64((short*)(counts.B + (VectorBytes / 2)));
                Vector64<short> l2 = AdvSimd.LoadVector64((short*)(counts.C + (VectorBytes / 2)));
                Vector64<short> l3 = AdvSimd.LoadVector64((short*)(counts.D + (VectorBytes / 2)));
                Vector128<float> x0 = AdvSimd.LoadVector128((float*)rows.A);
                Vector128<float> x1 = AdvSimd.LoadVector128((float*)rows.B);
                Vector128<float> x2 = AdvSimd.LoadVector128((float*)rows.C);
                Vector128<float> x3 = AdvSimd.LoadVector128((float*)rows.D);
                Vector128<float> p = AdvSimd.LoadVector128((float*)(parameters + VectorBytes));
                Vector128<float> c0 = AdvSimd.AddWideningLower(high, k0).AsSingle();
                Vector128<float> c1 = AdvSimd.AddWideningLower(high, k1).AsSingle();
                Vector128<float> c2 = AdvSimd.AddWideningLower(high, k2).AsSingle();
                Vector128<float> c3 = AdvSimd.AddWideningLower(high, k3).AsSingle();
                Vector128<float> d0 = AdvSimd.AddWideningLower(high, l0).AsSingle();
                Vector128<float> d1 = AdvSimd.AddWideningLower(high, l1).AsSingle();
                Vector128<float> d2 = AdvSimd.AddWideningLower(high, l2).AsSingle();
                Vector128<float> d3 = AdvSimd.AddWideningLower(high, l3).AsSingle();
                x0 += p;
                x1 += p;
                x2 += p;
                x3 += p;
                c0 -= high.AsSingle();
                c1 -= high.AsSingle();
                c2 -= high.AsSingle();
                c3 -= high.AsSingle();
                Vector128<float> y0 = AdvSimd.LoadVector128((float*)(rows.A + VectorBytes));
                Vector128<float> y1 = AdvSimd.LoadVector128((float*)(rows.B + VectorBytes));
                Vector128<float> y2 = AdvSimd.LoadVector128((float*)(rows.C + VectorBytes));
                Vector128<float> y3 = AdvSimd.LoadVector128((float*)(rows.D + VectorBytes));
                p = AdvSimd.LoadVector128((float*)(parameters + (5 * VectorBytes)));
                Vector128<float> q = AdvSimd.LoadVector128((float*)parameters);
                d0 -= high.AsSingle();
                d1 -= high.AsSingle();
                d2 -= high.AsSingle();
                d3 -= high.AsSingle();
                y0 += p;
                y1 += p;
                y2 += p;
                y3 += p;
                p = AdvSimd.LoadVector128((float*)(parameters + (4 * VectorBytes)));
                x0 = AdvSimd.FusedMultiplyAdd(x0, q, c0);
                x1 = AdvSimd.FusedMultiplyAdd(x1, q, c1);
                x2 = AdvSimd.FusedMultiplyAdd(x2, q, c2);
                x3 = AdvSimd.FusedMultiplyAdd(x3, q, c3);
                y0 = AdvSimd.FusedMultiplyAdd(y0, p, d0);
                y1 = AdvSimd.FusedMultiplyAdd(y1, p, d1);
                y2 = AdvSimd.FusedMultiplyAdd(y2, p, d2);
                y3 = AdvSimd.FusedMultiplyAdd(y3, p, d3);
                q = AdvSimd.LoadVector128((float*)(parameters + (2 * VectorBytes)));
                p = AdvSimd.LoadVector128((float*)(parameters + (6 * VectorBytes)));
                c0 = NeonEnds.Negative(x0, zero);
                c1 = NeonEnds.Negative(x1, zero);
                c2 = NeonEnds.Negative(x2, zero);
                c3 = NeonEnds.Negative(x3, zero);
                d0 = NeonEnds.Negative(y0, zero);
                d1 = NeonEnds.Negative(y1, zero);
                d2 = NeonEnds.Negative(y2, zero);
                d3 = NeonEnds.Negative(y3, zero);
                x0 = AdvSimd.FusedMultiplyAdd(x0, c0, q);
                x1 = AdvSimd.FusedMultiplyAdd(x1, c1, q);
                x2 = AdvSimd.FusedMultiplyAdd(x2, c2, q);
                x3 = AdvSimd.FusedMultiplyAdd(x3, c3, q);
                y0 = AdvSimd.FusedMultiplyAdd(y0, d0, p);
                y1 = AdvSimd.FusedMultiplyAdd(y1, d1, p);
                y2 = AdvSimd.FusedMultiplyAdd(y2, d2, p);
                y3 = AdvSimd.FusedMultiplyAdd(y3, d3, p);
                q = AdvSimd.LoadVector128((float*)(parameters + (3 * VectorBytes)));
                p = AdvSimd.LoadVector128((float*)(parameters + (7 * VectorBytes)));
                sum.A += x0;
                sum.B += x1;
                sum.C += x2;
                sum.D += x3;
                Vector128<uint> bit1 = bit0 + bit0;
                x0 = AdvSimd.CompareGreaterThanOrEqual(x0, q);
                x1 = AdvSimd.CompareGreaterThanOrEqual(x1, q);
                x2 = AdvSimd.CompareGreaterThanOrEqual(x2, q);
                x3 = AdvSimd.CompareGreaterThanOrEqual(x3, q);
                sum.A += y0;
                sum.B += y1;
                sum.C += y2;
                sum.D += y3;
                y0 = AdvSimd.CompareGreaterThanOrEqual(y0, p);
                y1 = AdvSimd.CompareGreaterThanOrEqual(y1, p);
                y2 = AdvSimd.CompareGreaterThanOrEqual(y2, p);
                y3 = AdvSimd.CompareGreaterThanOrEqual(y3, p);
                bits.A = AdvSimd.BitwiseSelect(bit0, x0.AsUInt32(), bits.A);
                bits.B = AdvSimd.BitwiseSelect(bit0, x1.AsUInt32(), bits.B);
                bits.C = AdvSimd.BitwiseSelect(bit0, x2.AsUInt32(), bits.C);
                bits.D = AdvSimd.BitwiseSelect(bit0, x3.AsUInt32(), bits.D);
                counts.A += VectorBytes;
                counts.B += VectorBytes;
                counts.C += VectorBytes;
                counts.D += VectorBytes;
                rows.A += 2 * VectorBytes;
                rows.B += 2 * VectorBytes;
                rows.C += 2 * VectorBytes;
                rows.D += 2 * VectorBytes;
                bit0 = AdvSimd.ShiftLeftLogical(bit0, 2);
                parameters += 2 * Parameters * VectorBytes;
                bits.A = AdvSimd.BitwiseSelect(bit1, y0.AsUInt32(), bits.A);
                bits.B = AdvSimd.BitwiseSelect(bit1, y1.AsUInt32(), bits.B);
                bits.C = AdvSimd.BitwiseSelect(bit1, y2.AsUInt32(), bits.C);
                bits.D = AdvSimd.BitwiseSelect(bit1, y3.AsUInt32(), bits.D);
            }
            while (parameters < behind);

            if (rows.A == behindRow)
            {
                rows = Rows.Of(to);
            }

            byte* m = means;
            nint step = mean->Step;
            sum.A *= factor;
            sum.B *= factor;
            sum.C *= factor;
            sum.D *= factor;
            AdvSimd.Store((float*)m, sum.A);
            AdvSimd.Store((float*)(m + step), sum.B);
            m += 2 * step;
            AdvSimd.Store((float*)m, sum.C);
            AdvSimd.Store((float*)(m + step), sum.D);
            means += VectorBytes;
            StoreSigns(signs, sign->Step, bits, size);
            signs += size >> 1;
        }
        while (parameters < end);
    }

    /// <summary>The bits of four groups of four tokens, the lowest of their lanes: those of a group lie side by side, in the order of its channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSigns(byte* row, nint step, Column<Vector128<uint>> bits, int size)
    {
        Vector128<byte> ab = AdvSimd.Arm64.UnzipEven(bits.A.AsUInt16(), bits.B.AsUInt16()).AsByte();
        Vector128<byte> cd = AdvSimd.Arm64.UnzipEven(bits.C.AsUInt16(), bits.D.AsUInt16()).AsByte();
        Vector128<byte> groups = AdvSimd.Arm64.UnzipEven(ab, cd);
        if (size == 8)
        {
            Vector128<uint> words = groups.AsUInt32();
            AdvSimd.StoreSelectedScalar((uint*)row, words, 0);
            AdvSimd.StoreSelectedScalar((uint*)(row + step), words, 1);
            row += 2 * step;
            AdvSimd.StoreSelectedScalar((uint*)row, words, 2);
            AdvSimd.StoreSelectedScalar((uint*)(row + step), words, 3);
            return;
        }

        // Half of a group's byte is free, or three quarters, for the bits of the next.
        Vector128<ushort> pairs = groups.AsUInt16();
        pairs |= AdvSimd.ShiftLogical(pairs, Vector128.Create((short)(size - 8)));
        Vector64<byte> narrow = AdvSimd.ExtractNarrowingLower(pairs);
        if (size == 4)
        {
            Vector64<ushort> fours = narrow.AsUInt16();
            AdvSimd.StoreSelectedScalar((ushort*)row, fours, 0);
            AdvSimd.StoreSelectedScalar((ushort*)(row + step), fours, 1);
            row += 2 * step;
            AdvSimd.StoreSelectedScalar((ushort*)row, fours, 2);
            AdvSimd.StoreSelectedScalar((ushort*)(row + step), fours, 3);
            return;
        }

        narrow |= AdvSimd.ShiftRightLogical(narrow.AsUInt16(), 4).AsByte();
        AdvSimd.StoreSelectedScalar(row, narrow, 0);
        AdvSimd.StoreSelectedScalar(row + step, narrow, 2);
        row += 2 * step;
        AdvSimd.StoreSelectedScalar(row, narrow, 4);
        AdvSimd.StoreSelectedScalar(row + step, narrow, 6);
    }

    /// <summary>A shortcut's row in the order in which it is added: of four groups at a time the members that belong together side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* from, float* to, int count, int size)
    {
        float* end = from + count;
        do
        {
            if (size == 2)
            {
                Vector128<float> lower = AdvSimd.LoadVector128(from);
                Vector128<float> upper = AdvSimd.LoadVector128(from + Lanes);
                AdvSimd.Store(to, AdvSimd.Arm64.UnzipEven(lower, upper));
                AdvSimd.Store(to + Lanes, AdvSimd.Arm64.UnzipOdd(lower, upper));
                to += 2 * Lanes;
            }
            else
            {
                for (int j = 0; j < size; j += Lanes, to += Lanes * Lanes)
                {
                    Square(from + j, size, to);
                }
            }

            from += Lanes * size;
        }
        while (from < end);
    }

    /// <summary>Four by four floats, transposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(float* from, int stride, float* to)
    {
        Vector128<float> a = AdvSimd.LoadVector128(from);
        Vector128<float> b = AdvSimd.LoadVector128(from + stride);
        Vector128<float> c = AdvSimd.LoadVector128(from + (2 * stride));
        Vector128<float> d = AdvSimd.LoadVector128(from + (3 * stride));
        Vector128<double> ab02 = AdvSimd.Arm64.TransposeEven(a, b).AsDouble();
        Vector128<double> ab13 = AdvSimd.Arm64.TransposeOdd(a, b).AsDouble();
        Vector128<double> cd02 = AdvSimd.Arm64.TransposeEven(c, d).AsDouble();
        Vector128<double> cd13 = AdvSimd.Arm64.TransposeOdd(c, d).AsDouble();
        AdvSimd.Store(to, AdvSimd.Arm64.TransposeEven(ab02, cd02).AsSingle());
        AdvSimd.Store(to + Lanes, AdvSimd.Arm64.TransposeEven(ab13, cd13).AsSingle());
        AdvSimd.Store(to + (2 * Lanes), AdvSimd.Arm64.TransposeOdd(ab02, cd02).AsSingle());
        AdvSimd.Store(to + (3 * Lanes), AdvSimd.Arm64.TransposeOdd(ab13, cd13).AsSingle());
    }

    /// <summary>Where a slot's rows of four tokens are.</summary>
    private struct Rows
    {
        internal byte* A;
        internal byte* B;
        internal byte* C;
        internal byte* D;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Rows Of(Slot* s) => new()
        {
            A = s->Row,
            B = s->Row + s->Step,
            C = s->Row + (2 * s->Step),
            D = s->Row + (3 * s->Step),
        };
    }
}
