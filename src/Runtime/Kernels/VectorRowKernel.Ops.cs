using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <content>What an op does with a column: one vector of channels of all tokens.</content>
internal sealed unsafe partial class VectorRowKernel<TLanes, TVector>
{
    /// <summary>Where channel c of a row that repeats lies; a row that repeats after a power of two of channels is spared the
    /// division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Wrap(EpilogueOp* s, nint c)
    {
        int modulo = s->Modulo;
        return modulo == 0 ? c : (modulo & (modulo - 1)) == 0 ? c & (modulo - 1) : (nint)((uint)c % (uint)modulo);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Row(EpilogueOp* s, nint c)
    {
        byte* row = (byte*)((float*)s->Rows[0] + c);
        nint step = (nint)s->Step;
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Scattered(EpilogueOp* s, nint c)
    {
        Column<TVector> x = default;
        x.A = TLanes.Load((float*)s->Rows[0] + c);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Load((float*)s->Rows[1] + c);
            x.C = TLanes.Load((float*)s->Rows[2] + c);
            x.D = TLanes.Load((float*)s->Rows[3] + c);
        }

        return x;
    }

    /// <summary>The rows that a shift reads for the block of channels that the vector lies in; a vector is no wider than a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Shifted(EpilogueOp* s, nint c)
    {
        float** rows = s->Places + (c / TokenShift.BlockChannels % TokenShift.Directions * TLanes.Tokens);
        Column<TVector> x = default;
        x.A = TLanes.Load(rows[0] + c);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Load(rows[1] + c);
            x.C = TLanes.Load(rows[2] + c);
            x.D = TLanes.Load(rows[3] + c);
        }

        return x;
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
    private static Column<TVector> Scaled(EpilogueOp* s, nint c, Column<TVector> x, Column<TVector> y)
    {
        TVector scale = TLanes.Load(s->P0 + c);
        x.A = TLanes.Fma(scale, x.A, y.A);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Fma(scale, x.B, y.B);
            x.C = TLanes.Fma(scale, x.C, y.C);
            x.D = TLanes.Fma(scale, x.D, y.D);
        }

        return x;
    }

    /// <summary>K - 2 * count is an integer below 2^17: the fused multiply-add that computes it is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Differences(EpilogueOp* s, nint c)
    {
        TVector k = TLanes.Broadcast(s->Number);
        TVector minusTwo = TLanes.Broadcast(-2f);
        byte* row = (byte*)((ushort*)s->Rows[0] + c);
        nint step = (nint)s->Step;
        Column<TVector> x = default;
        x.A = TLanes.Fma(TLanes.FromUnsigned((ushort*)row), minusTwo, k);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Fma(TLanes.FromUnsigned((ushort*)(row + step)), minusTwo, k);
            x.C = TLanes.Fma(TLanes.FromUnsigned((ushort*)(row + (2 * step))), minusTwo, k);
            x.D = TLanes.Fma(TLanes.FromUnsigned((ushort*)(row + (3 * step))), minusTwo, k);
        }

        return Affine(s, c, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Counts(EpilogueOp* s, nint c)
    {
        byte* row = (byte*)((short*)s->Rows[0] + c);
        nint step = (nint)s->Step;
        Column<TVector> x = default;
        x.A = TLanes.FromSigned((short*)row);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.FromSigned((short*)(row + step));
            x.C = TLanes.FromSigned((short*)(row + (2 * step)));
            x.D = TLanes.FromSigned((short*)(row + (3 * step)));
        }

        return Affine(s, c, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Affine(EpilogueOp* s, nint c, Column<TVector> x)
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

    /// <summary>Ops that hardly any graph has once it is folded, apart from the others so that these keep their registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Column<TVector> Rare(EpilogueOp* s, nint c, Column<TVector> x)
    {
        if (s->Kind == EpilogueOpKind.LoadDifferences)
        {
            return Differences(s, c);
        }

        if (s->Kind == EpilogueOpKind.RPReLU)
        {
            return RPReLU(s, c, x);
        }

        nint at = Wrap(s, c);
        return Scaled(s, c, s->Factor > 1 ? Scattered(s, at) : Row(s, at), x);
    }

    /// <summary>An RPReLU without shift and offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Leaky(EpilogueOp* s, nint c, Column<TVector> x)
    {
        TVector slope = TLanes.Load(s->P1 + c);
        x.A = TLanes.Leaky(x.A, slope);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Leaky(x.B, slope);
            x.C = TLanes.Leaky(x.C, slope);
            x.D = TLanes.Leaky(x.D, slope);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> RPReLU(EpilogueOp* s, nint c, Column<TVector> x)
    {
        TVector slope = TLanes.Load(s->P1 + c);
        TVector shift = TLanes.Load(s->P0 + c);
        TVector offset = TLanes.Load(s->P2 + c);
        x.A = TLanes.Add(TLanes.Leaky(TLanes.Subtract(x.A, shift), slope), offset);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Add(TLanes.Leaky(TLanes.Subtract(x.B, shift), slope), offset);
            x.C = TLanes.Add(TLanes.Leaky(TLanes.Subtract(x.C, shift), slope), offset);
            x.D = TLanes.Add(TLanes.Leaky(TLanes.Subtract(x.D, shift), slope), offset);
        }

        return x;
    }

    /// <summary>Averages of the tokens' windows, rows added in order. Where a window leaves the grid, a table names a row for each of its
    /// places, zeros outside: as a sum begins at +0 it is never -0, and adding +0 does not change it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Pool(EpilogueOp* s, nint c)
    {
        Column<TVector> p = default;
        TVector zero = TLanes.Broadcast(0f);
        (p.A, p.B, p.C, p.D) = (zero, zero, zero, zero);
        float** places = s->Places;
        if (places == null)
        {
            byte* a = (byte*)((float*)s->Rows[0] + c);
            byte* b = (byte*)((float*)s->Rows[1] + c);
            byte* d = (byte*)((float*)s->Rows[2] + c);
            byte* e = (byte*)((float*)s->Rows[3] + c);
            long line = s->GridWidth * s->Stride;
            for (int y = 0; y < s->Window.KernelH; y++)
            {
                long at = y * line;
                for (int x = 0; x < s->Window.KernelW; x++, at += s->Stride)
                {
                    p.A = TLanes.Add(p.A, TLanes.Load((float*)(a + at)));
                    if (TLanes.Tokens > 1)
                    {
                        p.B = TLanes.Add(p.B, TLanes.Load((float*)(b + at)));
                        p.C = TLanes.Add(p.C, TLanes.Load((float*)(d + at)));
                        p.D = TLanes.Add(p.D, TLanes.Load((float*)(e + at)));
                    }
                }
            }
        }
        else
        {
            float** behind = places + (s->Window.KernelH * s->Window.KernelW * TLanes.Tokens);
            for (; places < behind; places += TLanes.Tokens)
            {
                p.A = TLanes.Add(p.A, TLanes.Load(places[0] + c));
                if (TLanes.Tokens > 1)
                {
                    p.B = TLanes.Add(p.B, TLanes.Load(places[1] + c));
                }

                if (TLanes.Tokens > 1)
                {
                    p.C = TLanes.Add(p.C, TLanes.Load(places[2] + c));
                    p.D = TLanes.Add(p.D, TLanes.Load(places[3] + c));
                }
            }
        }

        TVector factor = TLanes.Broadcast(s->Number);
        p.A = TLanes.Multiply(p.A, factor);
        p.B = TLanes.Multiply(p.B, factor);
        p.C = TLanes.Multiply(p.C, factor);
        p.D = TLanes.Multiply(p.D, factor);
        return p;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* row, nint step, Column<TVector> x)
    {
        TLanes.Store(row, x.A);
        if (TLanes.Tokens > 1)
        {
            TLanes.Store(row + step, x.B);
            TLanes.Store(row + (2 * step), x.C);
            TLanes.Store(row + (3 * step), x.D);
        }
    }

    /// <summary>Means of adjacent channels of a block in memory, token by token.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreMeans(EpilogueOp* s, nint c, float* block, int count)
    {
        for (int i = 0; i < TLanes.Tokens * count; i += s->Group)
        {
            float sum = 0;
            for (int j = 0; j < s->Group; j++)
            {
                sum += block[i + j];
            }

            ((float*)(s->Rows[0] + (i / count * s->Step)))[(c + (i % count)) / s->Group] = sum * s->Number;
        }
    }

    /// <summary>Means of adjacent channels. The groups of four of two tokens make a vector of sums; where eight are asked for, the sums of
    /// the even groups go on over the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreMeans(EpilogueOp* s, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        (TVector v0, TVector v1, TVector v2, TVector v3) = TLanes.Quarters(x0.A, x1.A, x0.B, x1.B);
        (TVector w0, TVector w1, TVector w2, TVector w3) = TLanes.Quarters(x0.C, x1.C, x0.D, x1.D);
        TVector zero = TLanes.Broadcast(0f);
        TVector factor = TLanes.Broadcast(s->Number);
        nint step = (nint)s->Step / sizeof(float);
        if (s->Group == 4)
        {
            float* fours = (float*)s->Rows[0] + (c >> 2);
            TLanes.StoreFours(fours, fours + step, TLanes.Multiply(Sum(zero, v0, v1, v2, v3), factor));
            TLanes.StoreFours(fours + (2 * step), fours + (3 * step), TLanes.Multiply(Sum(zero, w0, w1, w2, w3), factor));
            return;
        }

        float* eights = (float*)s->Rows[0] + (c >> 3);
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

    /// <summary>Bits of channels behind the real ones are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSigns(EpilogueOp* s, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        int n = TLanes.Count;
        TVector t0 = TLanes.Load(s->P0 + c);
        TVector t1 = TLanes.Load(s->P0 + c + n);
        nint left = s->Channels - c;
        ulong real = left >= 2 * n ? ulong.MaxValue : left <= 0 ? 0 : (1UL << (int)left) - 1;
        byte* row = (byte*)s->Rows[0] + (c >> 3);
        nint step = (nint)s->Step;
        int first = (int)c & 7;
        TLanes.StoreSigns(row, first, (TLanes.MaskAtLeast(x0.A, t0) | (TLanes.MaskAtLeast(x1.A, t1) << n)) & real);
        if (TLanes.Tokens > 1)
        {
            TLanes.StoreSigns(row + step, first, (TLanes.MaskAtLeast(x0.B, t0) | (TLanes.MaskAtLeast(x1.B, t1) << n)) & real);
            TLanes.StoreSigns(row + (2 * step), first, (TLanes.MaskAtLeast(x0.C, t0) | (TLanes.MaskAtLeast(x1.C, t1) << n)) & real);
            TLanes.StoreSigns(row + (3 * step), first, (TLanes.MaskAtLeast(x0.D, t0) | (TLanes.MaskAtLeast(x1.D, t1) << n)) & real);
        }
    }
}
