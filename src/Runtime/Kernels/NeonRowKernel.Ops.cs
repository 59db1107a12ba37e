using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <content>The ops. A column holds four channels of four tokens, so that a parameter vector is loaded once for all of them.</content>
internal sealed unsafe partial class NeonRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsEven(float inputs) => ((int)inputs & 1) == 0;

    /// <summary>2^24 + K, or where K is odd, which is no float then, 2^24 + K - 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Base24(float inputs) => Vector128.Create((float)((1 << 24) + ((int)inputs & ~1)));

    /// <summary>What <see cref="Counts"/> subtracts.</summary>
    private static Vector128<float> Base23 => Vector128.Create((float)(1 << 23));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadDifferences(EpilogueOp* s, int c, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1)
    {
        Differences(s, c, Base24(s->Number), out x0, out x1);
        if (!IsEven(s->Number))
        {
            Column<Vector128<float>> one;
            one.A = one.B = one.C = one.D = Vector128<float>.One;
            x0 = Add(x0, one);
            x1 = Add(x1, one);
        }

        x0 = Affine(s, c, x0);
        x1 = Affine(s, c + 4, x1);
    }

    /// <summary>K - 2 * count without a conversion: the bits 0x4B80 over a count below 2^16 are the float 2^24 + 2 * count, whose difference
    /// from <see cref="Base24"/> is exact (and 1 too small where K is odd).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Differences(EpilogueOp* s, int c, Vector128<float> base24, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1)
    {
        byte* row = (byte*)((ushort*)s->Rows[0] + c);
        nint step = (nint)s->Step;
        Vector128<ushort> a = AdvSimd.LoadVector128((ushort*)row);
        Vector128<ushort> b = AdvSimd.LoadVector128((ushort*)(row + step));
        Vector128<ushort> d = AdvSimd.LoadVector128((ushort*)(row + (2 * step)));
        Vector128<ushort> e = AdvSimd.LoadVector128((ushort*)(row + (3 * step)));
        Vector128<ushort> high = Vector128.Create((ushort)0x4B80);
        x0.A = base24 - AdvSimd.Arm64.ZipLow(a, high).AsSingle();
        x0.B = base24 - AdvSimd.Arm64.ZipLow(b, high).AsSingle();
        x0.C = base24 - AdvSimd.Arm64.ZipLow(d, high).AsSingle();
        x0.D = base24 - AdvSimd.Arm64.ZipLow(e, high).AsSingle();
        x1.A = base24 - AdvSimd.Arm64.ZipHigh(a, high).AsSingle();
        x1.B = base24 - AdvSimd.Arm64.ZipHigh(b, high).AsSingle();
        x1.C = base24 - AdvSimd.Arm64.ZipHigh(d, high).AsSingle();
        x1.D = base24 - AdvSimd.Arm64.ZipHigh(e, high).AsSingle();
    }

    /// <summary>A count below 2^15 without a conversion: the bits 0x4B00 over it are the float 2^23 + count, the difference from 2^23 is
    /// exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Counts(EpilogueOp* s, int c, Vector128<float> base23, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1)
    {
        byte* row = (byte*)((ushort*)s->Rows[0] + c);
        nint step = (nint)s->Step;
        Vector128<ushort> a = AdvSimd.LoadVector128((ushort*)row);
        Vector128<ushort> b = AdvSimd.LoadVector128((ushort*)(row + step));
        Vector128<ushort> d = AdvSimd.LoadVector128((ushort*)(row + (2 * step)));
        Vector128<ushort> e = AdvSimd.LoadVector128((ushort*)(row + (3 * step)));
        Vector128<ushort> high = Vector128.Create((ushort)0x4B00);
        x0.A = AdvSimd.Arm64.ZipLow(a, high).AsSingle() - base23;
        x0.B = AdvSimd.Arm64.ZipLow(b, high).AsSingle() - base23;
        x0.C = AdvSimd.Arm64.ZipLow(d, high).AsSingle() - base23;
        x0.D = AdvSimd.Arm64.ZipLow(e, high).AsSingle() - base23;
        x1.A = AdvSimd.Arm64.ZipHigh(a, high).AsSingle() - base23;
        x1.B = AdvSimd.Arm64.ZipHigh(b, high).AsSingle() - base23;
        x1.C = AdvSimd.Arm64.ZipHigh(d, high).AsSingle() - base23;
        x1.D = AdvSimd.Arm64.ZipHigh(e, high).AsSingle() - base23;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadCounts(EpilogueOp* s, int c, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1)
    {
        byte* row = (byte*)((short*)s->Rows[0] + c);
        nint step = (nint)s->Step;
        Vector128<short> a = AdvSimd.LoadVector128((short*)row);
        Vector128<short> b = AdvSimd.LoadVector128((short*)(row + step));
        Vector128<short> d = AdvSimd.LoadVector128((short*)(row + (2 * step)));
        Vector128<short> e = AdvSimd.LoadVector128((short*)(row + (3 * step)));
        x0.A = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(a.GetLower()));
        x0.B = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(b.GetLower()));
        x0.C = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(d.GetLower()));
        x0.D = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(e.GetLower()));
        x1.A = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningUpper(a));
        x1.B = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningUpper(b));
        x1.C = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningUpper(d));
        x1.D = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningUpper(e));
        x0 = Affine(s, c, x0);
        x1 = Affine(s, c + 4, x1);
    }

    /// <summary>Where channel c of a row that repeats lies; a row that repeats after a power of two of channels is spared the
    /// division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Wrap(EpilogueOp* s, int c)
    {
        int modulo = s->Modulo;
        return modulo == 0 ? c : (modulo & (modulo - 1)) == 0 ? c & (modulo - 1) : (int)((uint)c % (uint)modulo);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> Row(EpilogueOp* s, int c)
    {
        byte* row = (byte*)((float*)s->Rows[0] + c);
        nint step = (nint)s->Step;
        Column<Vector128<float>> x;
        x.A = AdvSimd.LoadVector128((float*)row);
        x.B = AdvSimd.LoadVector128((float*)(row + step));
        x.C = AdvSimd.LoadVector128((float*)(row + (2 * step)));
        x.D = AdvSimd.LoadVector128((float*)(row + (3 * step)));
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> Scattered(EpilogueOp* s, int c)
    {
        Column<Vector128<float>> x;
        x.A = AdvSimd.LoadVector128((float*)s->Rows[0] + c);
        x.B = AdvSimd.LoadVector128((float*)s->Rows[1] + c);
        x.C = AdvSimd.LoadVector128((float*)s->Rows[2] + c);
        x.D = AdvSimd.LoadVector128((float*)s->Rows[3] + c);
        return x;
    }

    /// <summary>The rows that a shift reads for the block of channels that the vector lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> Shifted(EpilogueOp* s, int c)
    {
        float** rows = s->Places + ((int)((uint)c / TokenShift.BlockChannels % TokenShift.Directions) * 4);
        Column<Vector128<float>> x;
        x.A = AdvSimd.LoadVector128(rows[0] + c);
        x.B = AdvSimd.LoadVector128(rows[1] + c);
        x.C = AdvSimd.LoadVector128(rows[2] + c);
        x.D = AdvSimd.LoadVector128(rows[3] + c);
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> Add(Column<Vector128<float>> x, Column<Vector128<float>> y)
    {
        x.A += y.A;
        x.B += y.B;
        x.C += y.C;
        x.D += y.D;
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> Affine(EpilogueOp* s, int c, Column<Vector128<float>> x)
    {
        Vector128<float> scale = AdvSimd.LoadVector128(s->P0 + c);
        Vector128<float> offset = AdvSimd.LoadVector128(s->P1 + c);
        x.A = AdvSimd.FusedMultiplyAdd(offset, scale, x.A);
        x.B = AdvSimd.FusedMultiplyAdd(offset, scale, x.B);
        x.C = AdvSimd.FusedMultiplyAdd(offset, scale, x.C);
        x.D = AdvSimd.FusedMultiplyAdd(offset, scale, x.D);
        return x;
    }

    /// <summary>scale * x + y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> Scaled(EpilogueOp* s, int c, Column<Vector128<float>> x, Column<Vector128<float>> y)
    {
        Vector128<float> scale = AdvSimd.LoadVector128(s->P0 + c);
        x.A = AdvSimd.FusedMultiplyAdd(y.A, scale, x.A);
        x.B = AdvSimd.FusedMultiplyAdd(y.B, scale, x.B);
        x.C = AdvSimd.FusedMultiplyAdd(y.C, scale, x.C);
        x.D = AdvSimd.FusedMultiplyAdd(y.D, scale, x.D);
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> RPReLU(EpilogueOp* s, int c, Column<Vector128<float>> x)
    {
        Vector128<float> shift = AdvSimd.LoadVector128(s->P0 + c);
        Vector128<float> offset = AdvSimd.LoadVector128(s->P2 + c);
        x.A -= shift;
        x.B -= shift;
        x.C -= shift;
        x.D -= shift;
        x = Leaky(s, c, x);
        x.A += offset;
        x.B += offset;
        x.C += offset;
        x.D += offset;
        return x;
    }

    /// <summary>An RPReLU without shift and offset. The operations of the four tokens take turns, so that a core that runs them in order need
    /// not wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<Vector128<float>> Leaky(EpilogueOp* s, int c, Column<Vector128<float>> x)
    {
        Vector128<float> slope = AdvSimd.LoadVector128(s->P1 + c);
        Vector128<float> zero = Vector128<float>.Zero;
        Vector128<float> a = slope * x.A;
        Vector128<float> b = slope * x.B;
        Vector128<float> d = slope * x.C;
        Vector128<float> e = slope * x.D;
        Vector128<float> ma = AdvSimd.CompareGreaterThan(x.A, zero);
        Vector128<float> mb = AdvSimd.CompareGreaterThan(x.B, zero);
        Vector128<float> md = AdvSimd.CompareGreaterThan(x.C, zero);
        Vector128<float> me = AdvSimd.CompareGreaterThan(x.D, zero);
        x.A = AdvSimd.BitwiseSelect(ma, x.A, a);
        x.B = AdvSimd.BitwiseSelect(mb, x.B, b);
        x.C = AdvSimd.BitwiseSelect(md, x.C, d);
        x.D = AdvSimd.BitwiseSelect(me, x.D, e);
        return x;
    }

    /// <summary>Averages of the tokens' windows, rows added in order. Where a window leaves the grid, a table names a row for each of its
    /// places, zeros outside: as a sum begins at +0 it is never -0, and adding +0 does not change it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pool(EpilogueOp* s, int c, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1)
    {
        x0 = default;
        x1 = default;
        float** places = s->Places;
        if (places == null)
        {
            float* a = (float*)s->Rows[0] + c;
            float* b = (float*)s->Rows[1] + c;
            float* d = (float*)s->Rows[2] + c;
            float* e = (float*)s->Rows[3] + c;
            nint step = (nint)s->Stride;
            nint next = (nint)((s->GridWidth - s->Window.KernelW) * s->Stride);
            nint at = 0;
            for (int y = s->Window.KernelH; y > 0; y--, at += next)
            {
                for (int x = s->Window.KernelW; x > 0; x--, at += step)
                {
                    AddPlaces((float*)((byte*)a + at), (float*)((byte*)b + at), (float*)((byte*)d + at), (float*)((byte*)e + at), ref x0, ref x1);
                }
            }
        }
        else
        {
            float** behind = places + (s->Window.KernelH * s->Window.KernelW * 4);
            for (; places < behind; places += 4)
            {
                AddPlaces(places[0] + c, places[1] + c, places[2] + c, places[3] + c, ref x0, ref x1);
            }
        }

        Vector128<float> factor = Vector128.Create(s->Number);
        x0.A *= factor;
        x0.B *= factor;
        x0.C *= factor;
        x0.D *= factor;
        x1.A *= factor;
        x1.B *= factor;
        x1.C *= factor;
        x1.D *= factor;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPlaces(float* a, float* b, float* c, float* d, ref Column<Vector128<float>> x0, ref Column<Vector128<float>> x1)
    {
        x0.A += AdvSimd.LoadVector128(a);
        x1.A += AdvSimd.LoadVector128(a + 4);
        x0.B += AdvSimd.LoadVector128(b);
        x1.B += AdvSimd.LoadVector128(b + 4);
        x0.C += AdvSimd.LoadVector128(c);
        x1.C += AdvSimd.LoadVector128(c + 4);
        x0.D += AdvSimd.LoadVector128(d);
        x1.D += AdvSimd.LoadVector128(d + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(EpilogueOp* s, int c, Column<Vector128<float>> x)
    {
        byte* row = (byte*)((float*)s->Rows[0] + c);
        nint step = (nint)s->Step;
        AdvSimd.Store((float*)row, x.A);
        AdvSimd.Store((float*)(row + step), x.B);
        AdvSimd.Store((float*)(row + (2 * step)), x.C);
        AdvSimd.Store((float*)(row + (3 * step)), x.D);
    }

    /// <summary>Means of eight adjacent channels, one for each token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreEighths(EpilogueOp* s, int c, Column<Vector128<float>> x0, Column<Vector128<float>> x1)
    {
        Vector128<float> mean = AddChannels(AddChannels(Vector128<float>.Zero, x0), x1) * Vector128.Create(s->Number);
        byte* row = (byte*)((float*)s->Rows[0] + (c >> 3));
        nint step = (nint)s->Step;
        *(float*)row = mean.ToScalar();
        AdvSimd.StoreSelectedScalar((float*)(row + step), mean, 1);
        AdvSimd.StoreSelectedScalar((float*)(row + (2 * step)), mean, 2);
        AdvSimd.StoreSelectedScalar((float*)(row + (3 * step)), mean, 3);
    }

    /// <summary>Means of four adjacent channels, two for each token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreQuarters(EpilogueOp* s, int c, Column<Vector128<float>> x0, Column<Vector128<float>> x1)
    {
        Vector128<float> factor = Vector128.Create(s->Number);
        Vector128<float> first = AddChannels(Vector128<float>.Zero, x0) * factor;
        Vector128<float> second = AddChannels(Vector128<float>.Zero, x1) * factor;
        Vector128<ulong> ab = AdvSimd.Arm64.ZipLow(first, second).AsUInt64();
        Vector128<ulong> cd = AdvSimd.Arm64.ZipHigh(first, second).AsUInt64();
        byte* row = (byte*)((float*)s->Rows[0] + (c >> 2));
        nint step = (nint)s->Step;
        AdvSimd.Store((ulong*)row, ab.GetLower());
        AdvSimd.StoreSelectedScalar((ulong*)(row + step), ab, 1);
        AdvSimd.Store((ulong*)(row + (2 * step)), cd.GetLower());
        AdvSimd.StoreSelectedScalar((ulong*)(row + (3 * step)), cd, 1);
    }

    /// <summary>Lane t of the result is the sum with token t's four channels added in order: a transposition puts the tokens side by
    /// side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddChannels(Vector128<float> sum, Column<Vector128<float>> x)
    {
        Vector128<double> ab02 = AdvSimd.Arm64.TransposeEven(x.A, x.B).AsDouble();
        Vector128<double> ab13 = AdvSimd.Arm64.TransposeOdd(x.A, x.B).AsDouble();
        Vector128<double> cd02 = AdvSimd.Arm64.TransposeEven(x.C, x.D).AsDouble();
        Vector128<double> cd13 = AdvSimd.Arm64.TransposeOdd(x.C, x.D).AsDouble();
        sum += AdvSimd.Arm64.TransposeEven(ab02, cd02).AsSingle();
        sum += AdvSimd.Arm64.TransposeEven(ab13, cd13).AsSingle();
        sum += AdvSimd.Arm64.TransposeOdd(ab02, cd02).AsSingle();
        return sum + AdvSimd.Arm64.TransposeOdd(ab13, cd13).AsSingle();
    }

    /// <summary>A byte of signs for each token: comparisons narrowed to bytes, each byte the bit of its place, pairwise
    /// additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Signs(EpilogueOp* s, int c, Column<Vector128<float>> x0, Column<Vector128<float>> x1)
    {
        Vector128<float> t0 = AdvSimd.LoadVector128(s->P0 + c);
        Vector128<float> t1 = AdvSimd.LoadVector128(s->P0 + c + 4);
        Vector128<byte> place = Vector128.Create(0x8040201008040201UL).AsByte();
        Vector128<byte> ab = Narrow(Narrow(x0.A, x1.A, t0, t1), Narrow(x0.B, x1.B, t0, t1)) & place;
        Vector128<byte> cd = Narrow(Narrow(x0.C, x1.C, t0, t1), Narrow(x0.D, x1.D, t0, t1)) & place;
        ab = AdvSimd.Arm64.AddPairwise(ab, cd);
        ab = AdvSimd.Arm64.AddPairwise(ab, ab);
        return AdvSimd.Arm64.AddPairwise(ab, ab).AsUInt32().ToScalar();
    }

    /// <summary>The bits of real channels in a byte of every token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint RealChannels(int left) => left >= BlockChannels ? uint.MaxValue : left <= 0 ? 0 : 0x01010101U * ((1U << left) - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSigns(EpilogueOp* s, int c, uint signs)
    {
        byte* row = (byte*)s->Rows[0] + (c >> 3);
        nint step = (nint)s->Step;
        *row = (byte)signs;
        row[step] = (byte)(signs >> 8);
        row[2 * step] = (byte)(signs >> 16);
        row[3 * step] = (byte)(signs >> 24);
    }

    /// <summary>Eight comparisons as sixteen bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<float> x0, Vector128<float> x1, Vector128<float> t0, Vector128<float> t1) =>
        AdvSimd.Arm64.UnzipEven(AdvSimd.CompareGreaterThanOrEqual(x0, t0).AsUInt16(), AdvSimd.CompareGreaterThanOrEqual(x1, t1).AsUInt16()).AsByte();

    /// <summary>Sixteen comparisons as a byte each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<byte> first, Vector128<byte> second) => AdvSimd.Arm64.UnzipEven(first, second);
}
