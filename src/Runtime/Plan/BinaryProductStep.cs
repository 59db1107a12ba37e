namespace EdgeVit.Runtime;

/// <summary>A binary product: <see cref="Op.BinaryLinear"/>, or <see cref="Op.BinaryConv"/> with its windows gathered into rows
/// first. Counts of differing bits, or products of signs: K - 2 * count, K at most <see cref="GraphValidator.MaxInputs"/>.</summary>
/// <remarks>Where a thread has many tokens to count, <see cref="WeightTables"/> count them together.</remarks>
internal sealed unsafe class BinaryProductStep(
    string name, string kind, int items, RowPasses passes, BitKernel kernel, BitsSource source, byte* weights, ulong* columns, int outputs, bool isCount)
    : RowSourceStep(name, kind, items, BitKernel.TileTokens, passes, (long)TileOf(items, outputs, columns) * ValueShape.Pad(outputs) * sizeof(ushort))
{
    /// <summary>Most tokens whose accumulators are to stay in the first cache.</summary>
    private const int MostTokens = 400;

    private readonly int _outputs = ValueShape.Pad(outputs);
    private readonly int _inputs = source.Inputs;
    private readonly int _words = source.Words;
    private readonly int _tile = TileOf(items, outputs, columns);

    internal override int ChunksPerShare => columns == null ? base.ChunksPerShare : WeightTables.ChunksPerShare(Items);

    private protected override int TileTokens => _tile;

    private protected override long SourceBytes => RowBytes + Math.Max(BitKernel.TileBytes, columns == null ? 0 : WeightTables.ScratchBytes(_tile));

    /// <summary>Bytes of gathered rows, which kernels may read past.</summary>
    private long RowBytes => Align(((long)_tile * _words * sizeof(ulong)) + 64);

    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        ulong* rows = source.Window.IsToken ? source.Row(memory, token, null) : (ulong*)own;
        for (int i = 0; i < count && !source.Window.IsToken; i++)
        {
            source.Row(memory, token + i, rows + ((long)i * _words));
        }

        byte* scratch = own + RowBytes;
        if (columns != null && count >= WeightTables.FewestTokens)
        {
            WeightTables.Count(rows, _inputs, columns, (ushort*)tile, _outputs, count, scratch);
        }
        else
        {
            for (int i = 0; i < count; i += BitKernel.TileTokens)
            {
                Count(rows + ((long)i * _words), Math.Min(BitKernel.TileTokens, count - i), (ushort*)tile + ((long)i * _outputs), scratch);
            }
        }

        for (int i = 0; !isCount && i < count * _outputs; i++)
        {
            ((short*)tile)[i] = (short)(_inputs - (2 * ((ushort*)tile)[i]));
        }
    }

    private void Count(ulong* rows, int count, ushort* counts, byte* expanded)
    {
        for (int i = 0; i < count; i++)
        {
            kernel.Expand(rows + ((long)i * _words), _inputs, expanded + (i * BitKernel.RowStride));
        }

        kernel.Count(expanded, weights, counts, _outputs, _inputs, count);
    }

    private static int TileOf(int items, int outputs, ulong* columns) => columns == null ? BitKernel.TileTokens : WeightTables.TileOf(items, ValueShape.Pad(outputs) * sizeof(ushort), MostTokens);
}
