using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <content>Rows of other tokens.</content>
internal static unsafe partial class EpilogueKernel<TLanes, TVector>
{
    /// <summary>Adds the tokens' own rows, or the one that a place of each names.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTaken(Slot* s, nint c, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        Column<TVector> r0, r1;
        if (s->Places != null)
        {
            Near((float*)s->Row + c, s->At, s->Step, 0, out r0, out r1);
        }
        else
        {
            r0 = Row(s, c);
            r1 = Row(s, c + TLanes.Count);
        }

        x0 = Add(x0, r0);
        x1 = Add(x1, r1);
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
}
