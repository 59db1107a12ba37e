using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>What epilogues end with, in the operations of <see cref="ILanes{TVector}"/>.</summary>
internal static unsafe class EpilogueEnds<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Counts(short* source, nint step, out Column<TVector> x0, out Column<TVector> x1)
    {
        byte* row = (byte*)source;
        x0 = x1 = default;
        (x0.A, x1.A) = TLanes.Counts(source);
        if (TLanes.Tokens > 1)
        {
            (x0.B, x1.B) = TLanes.Counts((short*)(row + step));
            (x0.C, x1.C) = TLanes.Counts((short*)(row + (2 * step)));
            (x0.D, x1.D) = TLanes.Counts((short*)(row + (3 * step)));
        }
    }

    /// <summary>A bit for each channel, one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreSigns(Slot* s, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        int n = TLanes.Count;
        TVector t0 = TLanes.Load(s->P0 + c);
        TVector t1 = TLanes.Load(s->P0 + c + n);
        byte* row = s->Row + (c >> 3);
        nint step = s->Step;
        int first = (int)c & 7;
        TLanes.StoreMask(row, first, TLanes.MaskAtLeast(x0.A, t0) | (TLanes.MaskAtLeast(x1.A, t1) << n));
        if (TLanes.Tokens > 1)
        {
            TLanes.StoreMask(row + step, first, TLanes.MaskAtLeast(x0.B, t0) | (TLanes.MaskAtLeast(x1.B, t1) << n));
            TLanes.StoreMask(row + (2 * step), first, TLanes.MaskAtLeast(x0.C, t0) | (TLanes.MaskAtLeast(x1.C, t1) << n));
            TLanes.StoreMask(row + (3 * step), first, TLanes.MaskAtLeast(x0.D, t0) | (TLanes.MaskAtLeast(x1.D, t1) << n));
        }
    }

    /// <summary>Means of four or eight adjacent channels. The groups of four of two tokens make a vector of sums; where eight are asked for, the sums
    /// of the even groups go on over the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreMeans(Slot* s, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        (TVector v0, TVector v1, TVector v2, TVector v3) = TLanes.Quarters(x0.A, x1.A, x0.B, x1.B);
        (TVector w0, TVector w1, TVector w2, TVector w3) = TLanes.Quarters(x0.C, x1.C, x0.D, x1.D);
        TVector zero = TLanes.Broadcast(0f);
        TVector factor = TLanes.Broadcast(s->Factor);
        nint step = s->Step / sizeof(float);
        if (s->Number == 4)
        {
            float* fours = (float*)s->Row + (c >> 2);
            TLanes.StoreFours(fours, fours + step, TLanes.Multiply(Sum(zero, v0, v1, v2, v3), factor));
            TLanes.StoreFours(fours + (2 * step), fours + (3 * step), TLanes.Multiply(Sum(zero, w0, w1, w2, w3), factor));
            return;
        }

        float* eights = (float*)s->Row + (c >> 3);
        (TVector f0, TVector f4) = TLanes.Pairs(v0, w0);
        (TVector f1, TVector f5) = TLanes.Pairs(v1, w1);
        (TVector f2, TVector f6) = TLanes.Pairs(v2, w2);
        (TVector f3, TVector f7) = TLanes.Pairs(v3, w3);
        TVector means = TLanes.Multiply(Sum(Sum(zero, f0, f1, f2, f3), f4, f5, f6, f7), factor);
        TLanes.StoreEights(eights, eights + step, eights + (2 * step), eights + (3 * step), means);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sum(TVector sum, TVector a, TVector b, TVector c, TVector d) =>
        TLanes.Add(TLanes.Add(TLanes.Add(TLanes.Add(sum, a), b), c), d);
}
