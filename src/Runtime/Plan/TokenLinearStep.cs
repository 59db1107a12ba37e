namespace EdgeVit.Runtime;

/// <summary><see cref="Op.Linear"/> of many tokens: the weights lie in blocks of 64 outputs, <c>[blocks][inputs][64]</c>, and each block serves a
/// tile of tokens while it is in the cache. Sums run over the inputs in order, as everywhere.</summary>
internal sealed unsafe class TokenLinearStep(
    string name, string kind, int items, RowPasses passes, RowKernel kernel, ValueShape input, long source, float* weights, float* bias, int outputs)
    : RowSourceStep(name, kind, items, Tile, passes, (long)Tile * ValueShape.Pad(outputs) * sizeof(float))
{
    /// <summary>Outputs of a block of weights.</summary>
    internal const int Block = 64;

    private const int Tile = 32;

    private const int Together = 4;

    private readonly int _inputs = input.Channels;
    private readonly int _stride = ValueShape.Pad(input.Channels);
    private readonly int _outputs = ValueShape.Pad(outputs);

    private protected override int TileTokens => Tile;

    private protected override long SourceBytes => Align((long)_inputs * sizeof(int)) + (Together * Block * sizeof(float));

    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        int* indices = (int*)own;
        float* products = (float*)(own + Align((long)_inputs * sizeof(int)));
        for (int i = 0; i < _inputs; i++)
        {
            indices[i] = i;
        }

        float* rows = (float*)(memory.Arena + source) + ((long)token * _stride);
        for (int o = 0; o < _outputs; o += Block)
        {
            float* block = weights + ((long)o * _inputs);
            for (int t = 0; t < count; t += Together)
            {
                int tokens = Math.Min(Together, count - t);
                kernel.Multiply(rows + ((long)t * _stride), _stride, indices, _inputs, block, bias + o, Block, products, tokens);
                for (int i = 0; i < tokens; i++)
                {
                    new ReadOnlySpan<float>(products + (i * Block), Block).CopyTo(new Span<float>((float*)tile + ((long)(t + i) * _outputs) + o, Block));
                }
            }
        }
    }
}
