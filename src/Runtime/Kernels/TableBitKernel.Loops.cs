using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <content>The loops over a reduction, for the numbers of tokens and vectors whose sums fit the registers.</content>
internal sealed unsafe partial class TableBitKernel<TTables, TVector>
{
    // Eight tokens, two vectors of outputs: 16 sums, for 32 registers. Eight steps' activations of a token are loaded at once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightByTwo(byte* tables, byte* a, byte* w, int steps, ushort* counts, int outputs)
    {
        int second = steps * TTables.Lanes;
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            TVector a0 = default;
            TVector a1 = default;
            TVector b0 = default;
            TVector b1 = default;
            TVector c0 = default;
            TVector c1 = default;
            TVector d0 = default;
            TVector d1 = default;
            TVector e0 = default;
            TVector e1 = default;
            TVector f0 = default;
            TVector f1 = default;
            TVector g0 = default;
            TVector g1 = default;
            TVector h0 = default;
            TVector h1 = default;
            byte* at = a + k0;
            byte* end = a + Math.Min(steps, k0 + StepsPerWiden);
            byte* weight = w + (k0 * TTables.Lanes);
            for (; at + 8 <= end; at += 8)
            {
                ulong q0 = *(ulong*)(at);
                ulong q1 = *(ulong*)(at + RowStride);
                ulong q2 = *(ulong*)(at + (2 * RowStride));
                ulong q3 = *(ulong*)(at + (3 * RowStride));
                ulong q4 = *(ulong*)(at + (4 * RowStride));
                ulong q5 = *(ulong*)(at + (5 * RowStride));
                ulong q6 = *(ulong*)(at + (6 * RowStride));
                ulong q7 = *(ulong*)(at + (7 * RowStride));
                for (byte* until = weight + (8 * TTables.Lanes); weight < until; weight += TTables.Lanes)
                {
                    TVector x = TTables.Load(weight);
                    TVector y = TTables.Load(weight + second);
                    TVector table = TTables.Table(tables, (byte)q0);
                    a0 = TTables.Add(a0, TTables.Look(table, x));
                    a1 = TTables.Add(a1, TTables.Look(table, y));
                    table = TTables.Table(tables, (byte)q1);
                    b0 = TTables.Add(b0, TTables.Look(table, x));
                    b1 = TTables.Add(b1, TTables.Look(table, y));
                    table = TTables.Table(tables, (byte)q2);
                    c0 = TTables.Add(c0, TTables.Look(table, x));
                    c1 = TTables.Add(c1, TTables.Look(table, y));
                    table = TTables.Table(tables, (byte)q3);
                    d0 = TTables.Add(d0, TTables.Look(table, x));
                    d1 = TTables.Add(d1, TTables.Look(table, y));
                    table = TTables.Table(tables, (byte)q4);
                    e0 = TTables.Add(e0, TTables.Look(table, x));
                    e1 = TTables.Add(e1, TTables.Look(table, y));
                    table = TTables.Table(tables, (byte)q5);
                    f0 = TTables.Add(f0, TTables.Look(table, x));
                    f1 = TTables.Add(f1, TTables.Look(table, y));
                    table = TTables.Table(tables, (byte)q6);
                    g0 = TTables.Add(g0, TTables.Look(table, x));
                    g1 = TTables.Add(g1, TTables.Look(table, y));
                    table = TTables.Table(tables, (byte)q7);
                    h0 = TTables.Add(h0, TTables.Look(table, x));
                    h1 = TTables.Add(h1, TTables.Look(table, y));
                    q0 >>= 8;
                    q1 >>= 8;
                    q2 >>= 8;
                    q3 >>= 8;
                    q4 >>= 8;
                    q5 >>= 8;
                    q6 >>= 8;
                    q7 >>= 8;
                }
            }

            for (; at < end; at++, weight += TTables.Lanes)
            {
                TVector x = TTables.Load(weight);
                TVector y = TTables.Load(weight + second);
                TVector table = TTables.Table(tables, at[0]);
                a0 = TTables.Add(a0, TTables.Look(table, x));
                a1 = TTables.Add(a1, TTables.Look(table, y));
                table = TTables.Table(tables, at[RowStride]);
                b0 = TTables.Add(b0, TTables.Look(table, x));
                b1 = TTables.Add(b1, TTables.Look(table, y));
                table = TTables.Table(tables, at[2 * RowStride]);
                c0 = TTables.Add(c0, TTables.Look(table, x));
                c1 = TTables.Add(c1, TTables.Look(table, y));
                table = TTables.Table(tables, at[3 * RowStride]);
                d0 = TTables.Add(d0, TTables.Look(table, x));
                d1 = TTables.Add(d1, TTables.Look(table, y));
                table = TTables.Table(tables, at[4 * RowStride]);
                e0 = TTables.Add(e0, TTables.Look(table, x));
                e1 = TTables.Add(e1, TTables.Look(table, y));
                table = TTables.Table(tables, at[5 * RowStride]);
                f0 = TTables.Add(f0, TTables.Look(table, x));
                f1 = TTables.Add(f1, TTables.Look(table, y));
                table = TTables.Table(tables, at[6 * RowStride]);
                g0 = TTables.Add(g0, TTables.Look(table, x));
                g1 = TTables.Add(g1, TTables.Look(table, y));
                table = TTables.Table(tables, at[7 * RowStride]);
                h0 = TTables.Add(h0, TTables.Look(table, x));
                h1 = TTables.Add(h1, TTables.Look(table, y));
            }

            ushort* to = counts;
            TTables.Widen(a0, to, k0 != 0);
            TTables.Widen(a1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(b0, to, k0 != 0);
            TTables.Widen(b1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(c0, to, k0 != 0);
            TTables.Widen(c1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(d0, to, k0 != 0);
            TTables.Widen(d1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(e0, to, k0 != 0);
            TTables.Widen(e1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(f0, to, k0 != 0);
            TTables.Widen(f1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(g0, to, k0 != 0);
            TTables.Widen(g1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(h0, to, k0 != 0);
            TTables.Widen(h1, to + TTables.Lanes, k0 != 0);
        }
    }

    // Four tokens, two vectors of outputs: 8 sums, for 16 registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo(byte* tables, byte* a, byte* w, int steps, ushort* counts, int outputs)
    {
        int second = steps * TTables.Lanes;
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            TVector a0 = default;
            TVector a1 = default;
            TVector b0 = default;
            TVector b1 = default;
            TVector c0 = default;
            TVector c1 = default;
            TVector d0 = default;
            TVector d1 = default;
            byte* at = a + k0;
            byte* end = a + Math.Min(steps, k0 + StepsPerWiden);
            byte* weight = w + (k0 * TTables.Lanes);
            for (; at < end; at++, weight += TTables.Lanes)
            {
                TVector x = TTables.Load(weight);
                TVector y = TTables.Load(weight + second);
                TVector table = TTables.Table(tables, at[0]);
                a0 = TTables.Add(a0, TTables.Look(table, x));
                a1 = TTables.Add(a1, TTables.Look(table, y));
                table = TTables.Table(tables, at[RowStride]);
                b0 = TTables.Add(b0, TTables.Look(table, x));
                b1 = TTables.Add(b1, TTables.Look(table, y));
                table = TTables.Table(tables, at[2 * RowStride]);
                c0 = TTables.Add(c0, TTables.Look(table, x));
                c1 = TTables.Add(c1, TTables.Look(table, y));
                table = TTables.Table(tables, at[3 * RowStride]);
                d0 = TTables.Add(d0, TTables.Look(table, x));
                d1 = TTables.Add(d1, TTables.Look(table, y));
            }

            ushort* to = counts;
            TTables.Widen(a0, to, k0 != 0);
            TTables.Widen(a1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(b0, to, k0 != 0);
            TTables.Widen(b1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(c0, to, k0 != 0);
            TTables.Widen(c1, to + TTables.Lanes, k0 != 0);
            to += outputs;
            TTables.Widen(d0, to, k0 != 0);
            TTables.Widen(d1, to + TTables.Lanes, k0 != 0);
        }
    }

    // Eight tokens, one vector of outputs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(byte* tables, byte* a, byte* w, int steps, ushort* counts, int outputs)
    {
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            TVector a0 = default;
            TVector b0 = default;
            TVector c0 = default;
            TVector d0 = default;
            TVector e0 = default;
            TVector f0 = default;
            TVector g0 = default;
            TVector h0 = default;
            byte* at = a + k0;
            byte* end = a + Math.Min(steps, k0 + StepsPerWiden);
            byte* weight = w + (k0 * TTables.Lanes);
            for (; at + 8 <= end; at += 8)
            {
                ulong q0 = *(ulong*)(at);
                ulong q1 = *(ulong*)(at + RowStride);
                ulong q2 = *(ulong*)(at + (2 * RowStride));
                ulong q3 = *(ulong*)(at + (3 * RowStride));
                ulong q4 = *(ulong*)(at + (4 * RowStride));
                ulong q5 = *(ulong*)(at + (5 * RowStride));
                ulong q6 = *(ulong*)(at + (6 * RowStride));
                ulong q7 = *(ulong*)(at + (7 * RowStride));
                for (byte* until = weight + (8 * TTables.Lanes); weight < until; weight += TTables.Lanes)
                {
                    TVector x = TTables.Load(weight);
                    TVector table = TTables.Table(tables, (byte)q0);
                    a0 = TTables.Add(a0, TTables.Look(table, x));
                    table = TTables.Table(tables, (byte)q1);
                    b0 = TTables.Add(b0, TTables.Look(table, x));
                    table = TTables.Table(tables, (byte)q2);
                    c0 = TTables.Add(c0, TTables.Look(table, x));
                    table = TTables.Table(tables, (byte)q3);
                    d0 = TTables.Add(d0, TTables.Look(table, x));
                    table = TTables.Table(tables, (byte)q4);
                    e0 = TTables.Add(e0, TTables.Look(table, x));
                    table = TTables.Table(tables, (byte)q5);
                    f0 = TTables.Add(f0, TTables.Look(table, x));
                    table = TTables.Table(tables, (byte)q6);
                    g0 = TTables.Add(g0, TTables.Look(table, x));
                    table = TTables.Table(tables, (byte)q7);
                    h0 = TTables.Add(h0, TTables.Look(table, x));
                    q0 >>= 8;
                    q1 >>= 8;
                    q2 >>= 8;
                    q3 >>= 8;
                    q4 >>= 8;
                    q5 >>= 8;
                    q6 >>= 8;
                    q7 >>= 8;
                }
            }

            for (; at < end; at++, weight += TTables.Lanes)
            {
                TVector x = TTables.Load(weight);
                TVector table = TTables.Table(tables, at[0]);
                a0 = TTables.Add(a0, TTables.Look(table, x));
                table = TTables.Table(tables, at[RowStride]);
                b0 = TTables.Add(b0, TTables.Look(table, x));
                table = TTables.Table(tables, at[2 * RowStride]);
                c0 = TTables.Add(c0, TTables.Look(table, x));
                table = TTables.Table(tables, at[3 * RowStride]);
                d0 = TTables.Add(d0, TTables.Look(table, x));
                table = TTables.Table(tables, at[4 * RowStride]);
                e0 = TTables.Add(e0, TTables.Look(table, x));
                table = TTables.Table(tables, at[5 * RowStride]);
                f0 = TTables.Add(f0, TTables.Look(table, x));
                table = TTables.Table(tables, at[6 * RowStride]);
                g0 = TTables.Add(g0, TTables.Look(table, x));
                table = TTables.Table(tables, at[7 * RowStride]);
                h0 = TTables.Add(h0, TTables.Look(table, x));
            }

            ushort* to = counts;
            TTables.Widen(a0, to, k0 != 0);
            to += outputs;
            TTables.Widen(b0, to, k0 != 0);
            to += outputs;
            TTables.Widen(c0, to, k0 != 0);
            to += outputs;
            TTables.Widen(d0, to, k0 != 0);
            to += outputs;
            TTables.Widen(e0, to, k0 != 0);
            to += outputs;
            TTables.Widen(f0, to, k0 != 0);
            to += outputs;
            TTables.Widen(g0, to, k0 != 0);
            to += outputs;
            TTables.Widen(h0, to, k0 != 0);
        }
    }

    // One token, one vector of outputs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* tables, byte* a, byte* w, int steps, ushort* counts)
    {
        for (int k0 = 0; k0 < steps; k0 += StepsPerWiden)
        {
            TVector a0 = default;
            byte* at = a + k0;
            byte* end = a + Math.Min(steps, k0 + StepsPerWiden);
            byte* weight = w + (k0 * TTables.Lanes);
            for (; at < end; at++, weight += TTables.Lanes)
            {
                TVector x = TTables.Load(weight);
                TVector table = TTables.Table(tables, at[0]);
                a0 = TTables.Add(a0, TTables.Look(table, x));
            }

            TTables.Widen(a0, counts, k0 != 0);
        }
    }
}
