using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>What of an epilogue is written for NEON: how counts become floats, signs and means. Scalar twin: <see cref="Lanes1"/>.</summary>
internal static unsafe class NeonEnds
{
    /// <summary>A count of 0 to 2^15 - 1 needs no conversion: the bits 0x4B00 over it are the float 2^23 + count, the difference from 2^23 is
    /// exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (Vector128<float> X0, Vector128<float> X1) Counts(short* source, bool isNatural)
    {
        Vector128<short> counts = AdvSimd.LoadVector128(source);
        if (!isNatural)
        {
            return (
                AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(counts.GetLower())),
                AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningUpper(counts)));
        }

        Vector128<short> high = Vector128.Create((short)0x4B00);
        Vector128<float> base23 = Vector128.Create((float)(1 << 23));
        return (AdvSimd.Arm64.ZipLow(counts, high).AsSingle() - base23, AdvSimd.Arm64.ZipHigh(counts, high).AsSingle() - base23);
    }

    /// <summary>A byte of signs for each token: comparisons narrowed to bytes, each byte the bit of its place, pairwise additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreSigns(Slot* s, nint c, Column<Vector128<float>> x0, Column<Vector128<float>> x1)
    {
        Vector128<float> t0 = AdvSimd.LoadVector128(s->P0 + c);
        Vector128<float> t1 = AdvSimd.LoadVector128(s->P0 + c + 4);
        Vector128<byte> place = Vector128.Create(0x8040201008040201UL).AsByte();
        Vector128<byte> ab = Narrow(Narrow(x0.A, x1.A, t0, t1), Narrow(x0.B, x1.B, t0, t1)) & place;
        Vector128<byte> cd = Narrow(Narrow(x0.C, x1.C, t0, t1), Narrow(x0.D, x1.D, t0, t1)) & place;
        ab = AdvSimd.Arm64.AddPairwise(ab, cd);
        ab = AdvSimd.Arm64.AddPairwise(ab, ab);
        uint signs = AdvSimd.Arm64.AddPairwise(ab, ab).AsUInt32().ToScalar();
        int left = s->Number - (int)c;
        signs &= left >= 8 ? uint.MaxValue : left <= 0 ? 0 : 0x01010101U * ((1U << left) - 1);
        byte* row = s->Row + (c >> 3);
        nint step = s->Step;
        *row = (byte)signs;
        row[step] = (byte)(signs >> 8);
        row[2 * step] = (byte)(signs >> 16);
        row[3 * step] = (byte)(signs >> 24);
    }

    /// <summary>Means of eight adjacent channels, one for each token, or of four, two for each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreMeans(Slot* s, nint c, Column<Vector128<float>> x0, Column<Vector128<float>> x1)
    {
        Vector128<float> factor = Vector128.Create(s->Factor);
        nint step = s->Step;
        Vector128<float> first = AddChannels(Vector128<float>.Zero, x0);
        if (s->Number == 8)
        {
            Vector128<float> mean = AddChannels(first, x1) * factor;
            byte* eights = s->Row + (c >> 3 << 2);
            *(float*)eights = mean.ToScalar();
            AdvSimd.StoreSelectedScalar((float*)(eights + step), mean, 1);
            AdvSimd.StoreSelectedScalar((float*)(eights + (2 * step)), mean, 2);
            AdvSimd.StoreSelectedScalar((float*)(eights + (3 * step)), mean, 3);
            return;
        }

        first *= factor;
        Vector128<float> second = AddChannels(Vector128<float>.Zero, x1) * factor;
        Vector128<ulong> ab = AdvSimd.Arm64.ZipLow(first, second).AsUInt64();
        Vector128<ulong> cd = AdvSimd.Arm64.ZipHigh(first, second).AsUInt64();
        byte* fours = s->Row + c;
        AdvSimd.Store((ulong*)fours, ab.GetLower());
        AdvSimd.StoreSelectedScalar((ulong*)(fours + step), ab, 1);
        AdvSimd.Store((ulong*)(fours + (2 * step)), cd.GetLower());
        AdvSimd.StoreSelectedScalar((ulong*)(fours + (3 * step)), cd, 1);
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

    /// <summary>Eight comparisons as sixteen bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<float> x0, Vector128<float> x1, Vector128<float> t0, Vector128<float> t1) =>
        AdvSimd.Arm64.UnzipEven(AdvSimd.CompareGreaterThanOrEqual(x0, t0).AsUInt16(), AdvSimd.CompareGreaterThanOrEqual(x1, t1).AsUInt16()).AsByte();

    /// <summary>Sixteen comparisons as a byte each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<byte> first, Vector128<byte> second) => AdvSimd.Arm64.UnzipEven(first, second);
}
