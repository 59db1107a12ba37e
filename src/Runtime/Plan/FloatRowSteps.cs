namespace EdgeVit.Runtime;

/// <summary>Steps of the float tier whose source is a function of stored rows: a LayerNorm, a GELU, a gate, a choice of tokens.</summary>
internal abstract unsafe class FloatRowStep(string name, string kind, int items, RowPasses passes, int channels)
    : RowSourceStep(name, kind, items, Tile, passes, (long)Tile * ValueShape.Pad(channels) * sizeof(float))
{
    private const int Tile = 4;

    private protected sealed override int TileTokens => Tile;

    private protected sealed override long SourceBytes => 0;

    /// <summary>Floats from row to row, of the source and of the tile.</summary>
    private protected int Stride { get; } = ValueShape.Pad(channels);

    private protected sealed override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        for (int i = 0; i < count; i++)
        {
            FillRow(memory, token + i, (float*)tile + ((long)i * Stride));
        }
    }

    /// <summary>Computes one token's row.</summary>
    private protected abstract void FillRow(in ThreadMemory memory, int token, float* row);
}

/// <summary><see cref="Op.LayerNorm"/>.</summary>
internal sealed unsafe class LayerNormStep(
    string name, string kind, int items, RowPasses passes, int channels, long source, float* scale, float* offset, float epsilon)
    : FloatRowStep(name, kind, items, passes, channels)
{
    private readonly int _channels = channels;

    private protected override void FillRow(in ThreadMemory memory, int token, float* row) =>
        FloatKernel.LayerNorm((float*)(memory.Arena + source) + ((long)token * Stride), _channels, scale, offset, epsilon, row);
}

/// <summary><see cref="Op.Gelu"/>.</summary>
internal sealed unsafe class GeluStep(string name, string kind, int items, RowPasses passes, int channels, long source)
    : FloatRowStep(name, kind, items, passes, channels)
{
    private readonly int _channels = channels;

    private protected override void FillRow(in ThreadMemory memory, int token, float* row) =>
        FloatKernel.Gelu((float*)(memory.Arena + source) + ((long)token * Stride), _channels, row);
}

/// <summary><see cref="Op.Gate"/>; the gate is the one row at <paramref name="gate"/>.</summary>
internal sealed unsafe class GateStep(string name, string kind, int items, RowPasses passes, int channels, long source, long gate)
    : FloatRowStep(name, kind, items, passes, channels)
{
    private readonly int _channels = channels;

    private protected override void FillRow(in ThreadMemory memory, int token, float* row) =>
        FloatKernel.Gate((float*)(memory.Arena + source) + ((long)token * Stride), (float*)(memory.Arena + gate), _channels, row);
}

/// <summary><see cref="Op.PrependTokens"/> and <see cref="Op.SliceTokens"/>: rows of constants, or without any of the value at <paramref name="before"/>, then rows of a stored value from
/// its row <paramref name="first"/> on.</summary>
internal sealed unsafe class TokenRowsStep(
    string name, string kind, int items, RowPasses passes, int channels, long source, int first, float* constants, long before, int rowsBefore)
    : FloatRowStep(name, kind, items, passes, channels)
{
    private protected override void FillRow(in ThreadMemory memory, int token, float* row)
    {
        float* from = token < rowsBefore
            ? (constants == null ? (float*)(memory.Arena + before) : constants) + ((long)token * Stride)
            : (float*)(memory.Arena + source) + ((long)(token - rowsBefore + first) * Stride);
        new ReadOnlySpan<float>(from, Stride).CopyTo(new Span<float>(row, Stride));
    }
}
