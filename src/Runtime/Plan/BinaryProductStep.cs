namespace EdgeVit.Runtime;

/// <summary>A binary product: <see cref="Op.BinaryLinear"/>, or <see cref="Op.BinaryConv"/> with its windows gathered into rows
/// first. Counts of differing bits, or products of signs: K - 2 * count, K at most <see cref="GraphValidator.MaxInputs"/>.</summary>
internal sealed unsafe class BinaryProductStep(
    string name, string kind, int items, RowPasses passes, BitKernel kernel, BitsSource source, byte* weights, int outputs, bool isCount)
    : RowSourceStep(name, kind, items, BitKernel.TileTokens, passes, (long)BitKernel.TileTokens * ValueShape.Pad(outputs) * sizeof(ushort))
{
    private readonly int _outputs = ValueShape.Pad(outputs);
    private readonly int _inputs = source.Inputs;
    private readonly int _words = source.Words;

    private protected override int TileTokens => BitKernel.TileTokens;

    private protected override long SourceBytes => BitKernel.TileBytes + Align((source.Words * 8) + 64);

    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        ulong* gathered = (ulong*)(own + BitKernel.TileBytes);
        ulong* rows = source.Window.IsToken ? source.Row(memory, token, gathered) : null;
        for (int i = 0; i < count; i++)
        {
            ulong* row = rows == null ? source.Row(memory, token + i, gathered) : rows + (i * _words);
            kernel.Expand(row, _inputs, own + (i * BitKernel.RowStride));
        }

        kernel.Count(own, weights, (ushort*)tile, _outputs, _inputs, count);
        for (int i = 0; !isCount && i < count * _outputs; i++)
        {
            ((short*)tile)[i] = (short)(_inputs - (2 * ((ushort*)tile)[i]));
        }
    }
}
