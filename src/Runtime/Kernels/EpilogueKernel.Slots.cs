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
    private static Column<TVector> Row(Slot* s, nint c)
    {
        byte* row = (byte*)((float*)s->Row + c);
        nint step = s->Step;
        Column<TVector> x = default;
        x.A = TLanes.Load((float*)row);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Load((float*)(row + step));
            x.C = TLanes.Load((float*)(row + (2 * step)));
            x.D = TLanes.Load((float*)(row + (3 * step)));
        }

        return x;
    }

    /// <summary>Sums of the tokens' neighbouring rows times a factor. A place outside of the grid is a row of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(Slot* s, nint c, out Column<TVector> x0, out Column<TVector> x1)
    {
        int rows = s->Rows;
        int* at = s->At + (s->Parts > 1 && ((int)c & TokenShift.BlockChannels) != 0 ? rows : 0);
        int* behind = at + rows;
        nint step = s->Step;

        // The second vector's rows, where it lies in the next block of channels.
        nint next = s->Parts > 1 && TLanes.Count == TokenShift.BlockChannels ? rows : 0;
        float* first = (float*)s->Row + c;
        Near(first, at++, step, next, out x0, out x1);
        if ((rows & 1) == 0)
        {
            Near(first, at++, step, next, out Column<TVector> r0, out Column<TVector> r1);
            x0 = Add(x0, r0);
            x1 = Add(x1, r1);
        }

        for (; at < behind; at += 2)
        {
            Two(first, at, step, next, ref x0, ref x1);
        }

        if (s->Factor != 1)
        {
            TVector factor = TLanes.Broadcast(s->Factor);
            x0 = Multiply(x0, factor);
            x1 = Multiply(x1, factor);
        }
    }

    /// <summary>One neighbouring row of each token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Near(float* first, int* at, nint step, nint next, out Column<TVector> x0, out Column<TVector> x1)
    {
        x0 = x1 = default;
        byte* a = (byte*)first + at[0];
        if (TLanes.Tokens > 1)
        {
            byte* b = (byte*)first + at[step];
            byte* d = (byte*)first + at[2 * step];
            byte* e = (byte*)first + at[3 * step];
            x0.B = TLanes.Load((float*)b);
            x1.B = Second(first, b, at + step, next);
            x0.C = TLanes.Load((float*)d);
            x1.C = Second(first, d, at + (2 * step), next);
            x0.D = TLanes.Load((float*)e);
            x1.D = Second(first, e, at + (3 * step), next);
        }

        x0.A = TLanes.Load((float*)a);
        x1.A = Second(first, a, at, next);
    }

    /// <summary>Adds two neighbouring rows of each token, one after the other; both places are read at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two(float* first, int* at, nint step, nint next, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        Column<TVector> r0 = default;
        Column<TVector> r1 = default;
        long a = *(long*)at;
        byte* row = (byte*)first + (int)a;
        byte* below = (byte*)first + (a >> 32);
        if (TLanes.Tokens > 1)
        {
            long b = *(long*)(at + step);
            long d = *(long*)(at + (2 * step));
            long e = *(long*)(at + (3 * step));
            byte* rowB = (byte*)first + (int)b;
            byte* rowC = (byte*)first + (int)d;
            byte* rowD = (byte*)first + (int)e;
            byte* belowB = (byte*)first + (b >> 32);
            byte* belowC = (byte*)first + (d >> 32);
            byte* belowD = (byte*)first + (e >> 32);
            r0.B = TLanes.Load((float*)rowB);
            r1.B = Second(first, rowB, at + step, next);
            r0.C = TLanes.Load((float*)rowC);
            r1.C = Second(first, rowC, at + (2 * step), next);
            r0.D = TLanes.Load((float*)rowD);
            r1.D = Second(first, rowD, at + (3 * step), next);
            r0.A = TLanes.Load((float*)row);
            r1.A = Second(first, row, at, next);
            x0 = Add(x0, r0);
            x1 = Add(x1, r1);
            r0.B = TLanes.Load((float*)belowB);
            r1.B = Second(first, belowB, at + step + 1, next);
            r0.C = TLanes.Load((float*)belowC);
            r1.C = Second(first, belowC, at + (2 * step) + 1, next);
            r0.D = TLanes.Load((float*)belowD);
            r1.D = Second(first, belowD, at + (3 * step) + 1, next);
        }
        else
        {
            x0.A = TLanes.Add(x0.A, TLanes.Load((float*)row));
            x1.A = TLanes.Add(x1.A, Second(first, row, at, next));
        }

        r0.A = TLanes.Load((float*)below);
        r1.A = Second(first, below, at + 1, next);
        x0 = Add(x0, r0);
        x1 = Add(x1, r1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Second(float* first, byte* row, int* at, nint next) =>
        TLanes.Load((float*)(TLanes.Count == TokenShift.BlockChannels ? (byte*)first + at[next] : row) + TLanes.Count);

    /// <summary>The same where it is rare, apart from the loop so that the others keep their registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static (Column<TVector> X0, Column<TVector> X1) SumApart(Slot* s, nint c)
    {
        Sum(s, c, out Column<TVector> x0, out Column<TVector> x1);
        return (x0, x1);
    }

    /// <summary>The tokens' neighbouring rows, each times its own vector of weights, from a bias on. A place outside of the grid is a row of zeros.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static (Column<TVector> X0, Column<TVector> X1) WeightedApart(Slot* s, nint c, int channels)
    {
        nint n = TLanes.Count;
        int* at = s->At;
        int* behind = at + s->Rows;
        nint step = s->Step;
        float* first = (float*)s->Row + c;
        float* weights = s->P2 + c;
        Column<TVector> x0, x1;
        x0.A = x0.B = x0.C = x0.D = TLanes.Load(s->P1 + c);
        x1.A = x1.B = x1.C = x1.D = TLanes.Load(s->P1 + c + n);
        do
        {
            TVector w0 = TLanes.Load(weights);
            TVector w1 = TLanes.Load(weights + n);
            Times(first, *at, w0, w1, ref x0.A, ref x1.A);
            if (TLanes.Tokens > 1)
            {
                Times(first, at[step], w0, w1, ref x0.B, ref x1.B);
                Times(first, at[2 * step], w0, w1, ref x0.C, ref x1.C);
                Times(first, at[3 * step], w0, w1, ref x0.D, ref x1.D);
            }

            weights += ValueShape.Pad(channels);
        }
        while (++at < behind);
        return (x0, x1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Times(float* first, int place, TVector w0, TVector w1, ref TVector x0, ref TVector x1)
    {
        float* row = (float*)((byte*)first + place);
        x0 = TLanes.Fma(w0, TLanes.Load(row), x0);
        x1 = TLanes.Fma(w1, TLanes.Load(row + TLanes.Count), x1);
    }

    /// <summary>scale * x + y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scaled(float* scales, Column<TVector> y0, Column<TVector> y1, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        TVector scale0 = TLanes.Load(scales);
        TVector scale1 = TLanes.Load(scales + TLanes.Count);
        x0 = Fma(x0, scale0, y0);
        x1 = Fma(x1, scale1, y1);
    }

    /// <summary>Counts that take a shortcut into their rounding: fma(scale, count, row + offset).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Joined(Slot* s, nint c, Column<TVector> r0, Column<TVector> r1, out Column<TVector> x0, out Column<TVector> x1)
    {
        TVector offset0 = TLanes.Load(s->P1 + c);
        TVector offset1 = TLanes.Load(s->P1 + c + TLanes.Count);
        TLanes.Counts((short*)s->Row + c, s->Step, out x0, out x1);
        r0 = Add(r0, offset0);
        r1 = Add(r1, offset1);
        Scaled(s->P0 + c, r0, r1, ref x0, ref x1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Affine(Slot* s, nint c, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        TVector scale0 = TLanes.Load(s->P0 + c);
        TVector scale1 = TLanes.Load(s->P0 + c + TLanes.Count);
        Column<TVector> y0 = Broadcast(TLanes.Load(s->P1 + c));
        Column<TVector> y1 = Broadcast(TLanes.Load(s->P1 + c + TLanes.Count));
        x0 = Fma(x0, scale0, y0);
        x1 = Fma(x1, scale1, y1);
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
        x0 = Fma(below0, slope0, x0);
        x1 = Fma(below1, slope1, x1);
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
