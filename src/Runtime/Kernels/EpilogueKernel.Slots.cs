using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <content>What a slot does with a block of channels, or with a column: one vector of them of all tokens.</content>
internal static unsafe partial class EpilogueKernel<TLanes, TVector>
{
    /// <summary>Where channel c of a row that repeats lies; a row that repeats after a power of two of channels is spared the
    /// division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Wrap(Slot* s, nint c)
    {
        int modulo = s->Modulo;
        return modulo == 0 ? c : (modulo & (modulo - 1)) == 0 ? c & (modulo - 1) : (nint)((uint)c % (uint)modulo);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows(Slot* s, nint c, out Column<TVector> x0, out Column<TVector> x1)
    {
        nint n = TLanes.Count;
        if (s->Places != null)
        {
            (x0, x1) = SumApart(s, c);
            return;
        }

        nint at = Wrap(s, c);
        x0 = Row(s, at);
        x1 = Row(s, at + n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Row(Slot* s, nint c) => Rows((byte*)((float*)s->Row + c), s->Step);

    /// <summary>A vector of each token, from the first one's on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Rows(byte* row, nint step)
    {
        Column<TVector> x = default;
        x.A = TLanes.Load((float*)row);
        if (TLanes.Tokens > 1)
        {
            byte* third = row + (2 * step);
            x.B = TLanes.Load((float*)(row + step));
            x.C = TLanes.Load((float*)third);
            x.D = TLanes.Load((float*)(third + step));
        }

        return x;
    }

    /// <summary>sum += scale * x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled(float* scales, Column<TVector> x0, Column<TVector> x1, ref Column<TVector> sum0, ref Column<TVector> sum1)
    {
        TVector scale0 = TLanes.Load(scales);
        TVector scale1 = TLanes.Load(scales + TLanes.Count);
        AddProduct(ref sum0, x0, scale0);
        AddProduct(ref sum1, x1, scale1);
    }

    /// <summary>Counts that take a shortcut into their rounding: fma(scale, count, row + offset), in place of the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Joined(Slot* s, nint c, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        TVector offset0 = TLanes.Load(s->P1 + c);
        TVector offset1 = TLanes.Load(s->P1 + c + TLanes.Count);
        TLanes.Counts((short*)s->Row + c, s->Step, out Column<TVector> n0, out Column<TVector> n1);
        x0 = Add(x0, offset0);
        x1 = Add(x1, offset1);
        AddScaled(s->P0 + c, n0, n1, ref x0, ref x1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Affine(Slot* s, nint c, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        Column<TVector> y0 = Broadcast(TLanes.Load(s->P1 + c));
        Column<TVector> y1 = Broadcast(TLanes.Load(s->P1 + c + TLanes.Count));
        AddScaled(s->P0 + c, x0, x1, ref y0, ref y1);
        (x0, x1) = (y0, y1);
    }

    /// <summary>With shift and offset, which no folded graph has, and so apart from the loop.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static (Column<TVector> X0, Column<TVector> X1) RPReLU(Slot* s, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        x0 = Subtract(x0, TLanes.Load(s->P0 + c));
        x1 = Subtract(x1, TLanes.Load(s->P0 + c + TLanes.Count));
        Leaky(s, c, TLanes.Broadcast(0f), ref x0, ref x1);
        return (Add(x0, TLanes.Load(s->P2 + c)), Add(x1, TLanes.Load(s->P2 + c + TLanes.Count)));
    }

    /// <summary>fma(min(x, 0), P1, x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Leaky(Slot* s, nint c, TVector zero, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        TVector slope0 = TLanes.Load(s->P1 + c);
        TVector slope1 = TLanes.Load(s->P1 + c + TLanes.Count);
        Column<TVector> below0 = Negative(x0, zero);
        Column<TVector> below1 = Negative(x1, zero);
        AddProduct(ref x0, below0, slope0);
        AddProduct(ref x1, below1, slope1);
    }

    /// <summary>Means that are not a hidden layer's.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void StoreMeans(Slot* s, nint c, Column<TVector> x0, Column<TVector> x1) => TLanes.StoreMeans(s, c, x0, x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Slot* s, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        byte* row = (byte*)((float*)s->Row + c);
        nint step = s->Step;
        int n = TLanes.Count * sizeof(float);
        TLanes.Store((float*)row, x0.A);
        TLanes.Store((float*)(row + n), x1.A);
        if (TLanes.Tokens > 1)
        {
            row += step;
            TLanes.Store((float*)row, x0.B);
            TLanes.Store((float*)(row + n), x1.B);
            row += step;
            TLanes.Store((float*)row, x0.C);
            TLanes.Store((float*)(row + n), x1.C);
            row += step;
            TLanes.Store((float*)row, x0.D);
            TLanes.Store((float*)(row + n), x1.D);
        }
    }
}
