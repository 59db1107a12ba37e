namespace EdgeVit.Runtime;

/// <summary>A binary product: <see cref="Op.BinaryLinear"/>, or <see cref="Op.BinaryConv"/> with its windows gathered into rows
/// first.</summary>
internal sealed unsafe class BinaryProductStep(
    string name, string kind, int items, RowProgram program, BitKernel kernel, BitsSource source, byte* weights, int outputs)
    : RowSourceStep(name, kind, items, BitKernel.TileTokens, program, (long)BitKernel.TileTokens * ValueShape.Pad(outputs) * sizeof(ushort))
{
    private readonly int _outputs = ValueShape.Pad(outputs);

    private protected override int TileTokens => BitKernel.TileTokens;

    private protected override long SourceBytes => BitKernel.TileBytes + Align((source.Words * 8) + 64);

    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        ulong* gathered = (ulong*)(own + BitKernel.TileBytes);
        ulong* rows = source.Kernel == 1 ? source.Row(memory, token, gathered) : null;
        for (int i = 0; i < count; i++)
        {
            ulong* row = rows == null ? source.Row(memory, token + i, gathered) : rows + (i * source.Words);
            kernel.Expand(row, source.Inputs, own + (i * BitKernel.RowStride));
        }

        kernel.Count(own, weights, (ushort*)tile, _outputs, source.Inputs, count);
    }
}

/// <summary>Where the rows of a binary product come from: a stored value's, or windows of <c>kernel x kernel</c> of its tokens.</summary>
/// <param name="Offset">Of the value in the arena.</param>
/// <param name="Channels">Bits of a token.</param>
/// <param name="GridWidth">Columns of the value's grid.</param>
/// <param name="OutputWidth">Columns of the product's grid.</param>
/// <param name="Kernel">1 for a plain row.</param>
internal sealed unsafe record BitsSource(long Offset, int Channels, int GridWidth, int OutputWidth, int Kernel)
{
    /// <summary>Bits of a row.</summary>
    internal int Inputs => Kernel * Kernel * Channels;

    /// <summary>Words of a row.</summary>
    internal int Words => (Inputs + 63) >> 6;

    private int TokenWords => (Channels + 63) >> 6;

    /// <summary>A row's words, gathered where the source is windows.</summary>
    internal ulong* Row(in ThreadMemory memory, int token, ulong* gathered)
    {
        ulong* value = (ulong*)(memory.Arena + Offset);
        if (Kernel == 1)
        {
            return value + ((long)token * TokenWords);
        }

        new Span<ulong>(gathered, Words).Clear();
        int y = token / OutputWidth * Kernel;
        int x = token % OutputWidth * Kernel;
        int bit = 0;
        for (int ky = 0; ky < Kernel; ky++)
        {
            for (int kx = 0; kx < Kernel; kx++, bit += Channels)
            {
                ulong* row = value + ((((long)(y + ky) * GridWidth) + x + kx) * TokenWords);
                int shift = bit & 63;
                ulong* to = gathered + (bit >> 6);
                for (int w = 0; w < TokenWords; w++)
                {
                    to[w] |= row[w] << shift;

                    // The padding bits of a row are 0, so what spills over is real and has its place.
                    if (shift != 0 && row[w] >> (64 - shift) is > 0 and ulong rest)
                    {
                        to[w + 1] |= rest;
                    }
                }
            }
        }

        return gathered;
    }
}
