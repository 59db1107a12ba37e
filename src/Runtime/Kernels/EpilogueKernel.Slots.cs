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

    /// <summary>Sums of the tokens' neighbouring rows, from +0 on, times a factor. A place outside of the grid is a row of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(Slot* s, nint c, out Column<TVector> x0, out Column<TVector> x1)
    {
        nint n = TLanes.Count;
        int rows = s->Rows;
        int* at = s->At + (s->Parts > 1 && ((int)c & TokenShift.BlockChannels) != 0 ? rows : 0);
        int* behind = at + rows;
        nint step = s->Step;

        // The second vector's rows, where it lies in the next block of channels.
        nint next = s->Parts > 1 && n == TokenShift.BlockChannels ? rows : 0;
        float* first = (float*)s->Row + c;
        x0.A = x0.B = x0.C = x0.D = x1.A = x1.B = x1.C = x1.D = TLanes.Broadcast(0f);
        do
        {
            Plus(first, at, next, ref x0.A, ref x1.A);
            if (TLanes.Tokens > 1)
            {
                Plus(first, at + step, next, ref x0.B, ref x1.B);
                Plus(first, at + (2 * step), next, ref x0.C, ref x1.C);
                Plus(first, at + (3 * step), next, ref x0.D, ref x1.D);
            }
        }
        while (++at < behind);
        TVector factor = TLanes.Broadcast(s->Factor);
        x0.A = TLanes.Multiply(x0.A, factor);
        x0.B = TLanes.Multiply(x0.B, factor);
        x0.C = TLanes.Multiply(x0.C, factor);
        x0.D = TLanes.Multiply(x0.D, factor);
        x1.A = TLanes.Multiply(x1.A, factor);
        x1.B = TLanes.Multiply(x1.B, factor);
        x1.C = TLanes.Multiply(x1.C, factor);
        x1.D = TLanes.Multiply(x1.D, factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Plus(float* first, int* at, nint next, ref TVector x0, ref TVector x1)
    {
        float* row = (float*)((byte*)first + *at);
        x0 = TLanes.Add(x0, TLanes.Load(row));
        row = TLanes.Count == TokenShift.BlockChannels ? (float*)((byte*)first + at[next]) : row;
        x1 = TLanes.Add(x1, TLanes.Load(row + TLanes.Count));
    }

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Add(Column<TVector> x, Column<TVector> y)
    {
        x.A = TLanes.Add(x.A, y.A);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Add(x.B, y.B);
            x.C = TLanes.Add(x.C, y.C);
            x.D = TLanes.Add(x.D, y.D);
        }

        return x;
    }

    /// <summary>scale * x + y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Scaled(float* scales, Column<TVector> x, Column<TVector> y)
    {
        TVector scale = TLanes.Load(scales);
        x.A = TLanes.Fma(scale, x.A, y.A);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Fma(scale, x.B, y.B);
            x.C = TLanes.Fma(scale, x.C, y.C);
            x.D = TLanes.Fma(scale, x.D, y.D);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Counts(Slot* s, nint c, out Column<TVector> x0, out Column<TVector> x1)
    {
        byte* row = (byte*)((short*)s->Row + c);
        nint step = s->Step;
        bool isNatural = s->Number != 0;
        x0 = default;
        x1 = default;
        (x0.A, x1.A) = TLanes.Counts((short*)row, isNatural);
        if (TLanes.Tokens > 1)
        {
            (x0.B, x1.B) = TLanes.Counts((short*)(row + step), isNatural);
            (x0.C, x1.C) = TLanes.Counts((short*)(row + (2 * step)), isNatural);
            (x0.D, x1.D) = TLanes.Counts((short*)(row + (3 * step)), isNatural);
        }
    }

    /// <summary>Counts that take a shortcut into their rounding: fma(scale, count, row + offset).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Joined(Slot* s, nint c, Column<TVector> r0, Column<TVector> r1, out Column<TVector> x0, out Column<TVector> x1)
    {
        nint n = TLanes.Count;
        Counts(s, c, out x0, out x1);
        x0 = Scaled(s->P0 + c, x0, Plus(s->P1 + c, r0));
        x1 = Scaled(s->P0 + c + n, x1, Plus(s->P1 + c + n, r1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Plus(float* offsets, Column<TVector> x)
    {
        TVector offset = TLanes.Load(offsets);
        x.A = TLanes.Add(x.A, offset);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Add(x.B, offset);
            x.C = TLanes.Add(x.C, offset);
            x.D = TLanes.Add(x.D, offset);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Affine(Slot* s, nint c, Column<TVector> x)
    {
        TVector scale = TLanes.Load(s->P0 + c);
        TVector offset = TLanes.Load(s->P1 + c);
        x.A = TLanes.Fma(scale, x.A, offset);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Fma(scale, x.B, offset);
            x.C = TLanes.Fma(scale, x.C, offset);
            x.D = TLanes.Fma(scale, x.D, offset);
        }

        return x;
    }

    /// <summary>With shift and offset, which no folded graph has, and so apart from the loop.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Column<TVector> RPReLU(Slot* s, nint c, Column<TVector> x)
    {
        TVector shift = TLanes.Load(s->P0 + c);
        x.A = TLanes.Subtract(x.A, shift);
        x.B = TLanes.Subtract(x.B, shift);
        x.C = TLanes.Subtract(x.C, shift);
        x.D = TLanes.Subtract(x.D, shift);
        x = Leaky(s, c, x);
        TVector offset = TLanes.Load(s->P2 + c);
        x.A = TLanes.Add(x.A, offset);
        x.B = TLanes.Add(x.B, offset);
        x.C = TLanes.Add(x.C, offset);
        x.D = TLanes.Add(x.D, offset);
        return x;
    }

    /// <summary>fma(min(x, 0), P1, x). The operations of the tokens take turns, so that a core that runs them in order need not wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Leaky(Slot* s, nint c, Column<TVector> x)
    {
        TVector slope = TLanes.Load(s->P1 + c);
        Column<TVector> below = default;
        below.A = TLanes.Negative(x.A);
        if (TLanes.Tokens > 1)
        {
            below.B = TLanes.Negative(x.B);
            below.C = TLanes.Negative(x.C);
            below.D = TLanes.Negative(x.D);
        }

        x.A = TLanes.Fma(below.A, slope, x.A);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Fma(below.B, slope, x.B);
            x.C = TLanes.Fma(below.C, slope, x.C);
            x.D = TLanes.Fma(below.D, slope, x.D);
        }

        return x;
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
