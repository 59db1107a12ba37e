namespace EdgeVit.Runtime;

/// <summary>Emits the binary product of a tile: sixteen outputs in 32-bit lanes, one vector a token. Each 32 bits of the reduction cost one
/// load of weights for the tile and, for each token, an exclusive or with the token's word repeated over the lanes, a population count and
/// an addition. Weights <c>[outputs / 16][words][16]</c> of 32-bit words.</summary>
/// <remarks>A lane counts at most K bits and K is at most <see cref="GraphValidator.MaxInputs"/>. Padding bits are 0 on both sides. Scalar twin:
/// <see cref="ScalarBitKernel"/>.</remarks>
internal sealed class ProductEmitter(VectorCode code, int words, int rowStride, int tokens)
{
    private const int MostUnrolled = 16;

    /// <summary>Emits the count of differing bits for the block at <see cref="Registers.Weights"/>, which moves on to the next block.</summary>
    /// <param name="rows">Register with the address of the tile's rows.</param>
    /// <param name="offset">Bytes from there to the first row.</param>
    internal void Differences(Gpr rows, int offset) => Emit(rows, offset, code.XorEach);

    /// <summary>The same for bits set in both.</summary>
    internal void Common(Gpr rows, int offset) => Emit(rows, offset, code.AndEach);

    private void Emit(Gpr rows, int offset, Action<int, int, Mem> combine)
    {
        if (words <= MostUnrolled)
        {
            for (int k = 0; k < words; k++)
            {
                Word(new Mem(rows, offset), k, k == 0, combine);
            }

            code.Add(Registers.Weights, words * 64);
            return;
        }

        int unrolled = words % 8 == 0 ? 8 : words % 2 == 0 ? 2 : 1;
        for (int t = 0; t < tokens; t++)
        {
            code.Xor(t, t, t);
        }

        var loop = new CodeLabel();
        code.Zero(Gpr.Rsi);
        code.Place(loop);
        for (int k = 0; k < unrolled; k++)
        {
            Word(new Mem(rows, Gpr.Rsi, offset), k, false, combine);
        }

        code.Add(Registers.Weights, unrolled * 64);
        code.Add(Gpr.Rsi, unrolled * sizeof(uint));
        code.Cmp(Gpr.Rsi, words * sizeof(uint));
        code.JumpIfBelow(loop);
    }

    private void Word(Mem rows, int k, bool first, Action<int, int, Mem> combine)
    {
        code.LoadVector(code.Parameter, new Mem(Registers.Weights, k * 64));
        for (int t = 0; t < tokens; t++)
        {
            int temporary = code.Temporary + t;
            combine(temporary, code.Parameter, rows with { Displacement = rows.Displacement + (t * rowStride) + (k * sizeof(uint)) });
            if (first)
            {
                code.PopCount32(t, temporary);
            }
            else
            {
                code.PopCount32(temporary, temporary);
                code.Add32(t, t, temporary);
            }
        }
    }
}
