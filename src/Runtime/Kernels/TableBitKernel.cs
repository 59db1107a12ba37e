using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>The bit kernel of all instruction sets with byte shuffles on wide vectors. A table that is loaded once meets two vectors of
/// weights, a vector of weights all tokens, and where there are registers, eight activations come in one load: loads would be the limit, not
/// shuffles.</summary>
/// <remarks>Weights <c>[outputs / Lanes][steps][Lanes]</c>, one group of bits a byte; activations one group a byte. Bits behind the row are 0 on
/// both sides and never differ. A byte of the sum holds at most 252 before it is widened. Scalar twin:
/// <see cref="ScalarBitKernel"/>.</remarks>
internal sealed unsafe partial class TableBitKernel<TTables, TVector> : BitKernel
    where TTables : struct, ITables<TVector>
    where TVector : struct
{
    // An argument of the loops: a static would be looked up within them.
    private readonly byte* _tables = Tables();

    private static int StepsPerWiden
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 252 / TTables.Bits;
    }

    internal override long PackedBytes(int outputs, int inputs) => (long)ValueShape.Pad(outputs) * Steps(inputs);

    internal override void Pack(ulong* words, int outputs, int inputs, byte* packed)
    {
        int n = (inputs + 63) >> 6;
        int steps = Steps(inputs);
        for (int o = 0; o < ValueShape.Pad(outputs); o += TTables.Lanes)
        {
            TTables.Pack(words + ((long)o * n), n, outputs - o, steps, packed + ((long)o * steps));
        }
    }

    internal override void Expand(ulong* row, int inputs, byte* expanded) => TTables.Expand(row, inputs, expanded);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int steps = Steps(inputs);
        int o = 0;
        for (; o + (2 * TTables.Lanes) <= outputs; o += 2 * TTables.Lanes)
        {
            byte* w = weights + ((long)o * steps);
            int t = 0;
            if (TTables.ManyRegisters && tokens > 4)
            {
                EightByTwo(_tables, expanded, w, steps, counts + o, outputs);
                continue;
            }

            for (; t + 1 < tokens; t += 4)
            {
                FourByTwo(_tables, expanded + (t * RowStride), w, steps, counts + (t * outputs) + o, outputs);
            }

            if (t < tokens)
            {
                One(_tables, expanded + (t * RowStride), w, steps, counts + (t * outputs) + o);
                One(_tables, expanded + (t * RowStride), w + (steps * TTables.Lanes), steps, counts + (t * outputs) + o + TTables.Lanes);
            }
        }

        if (o < outputs)
        {
            byte* w = weights + ((long)o * steps);
            if (tokens > 1)
            {
                Eight(_tables, expanded, w, steps, counts + o, outputs);
                return;
            }

            One(_tables, expanded, w, steps, counts + o);
        }
    }

    private static int Steps(int inputs) => (inputs + TTables.Bits - 1) / TTables.Bits;

    private static byte* Tables()
    {
        int count = 1 << TTables.Bits;
        byte* tables = NativeBuffer.AllocateForever(count * count);
        for (int i = 0; i < count * count; i++)
        {
            tables[i] = (byte)int.PopCount((i / count) ^ (i % count));
        }

        return tables;
    }
}
