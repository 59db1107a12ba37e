namespace EdgeVit.Runtime;

/// <summary>Where the operands of a float attention lie, and their prepared form: each head's keys as <c>[d][padded keys]</c>, each head's
/// values as <c>[keys][padded d]</c>, so that scores and context are both a <see cref="RowKernel.Multiply"/>.</summary>
/// <param name="Query">Offset of the queries.</param>
/// <param name="Key">Offset of the keys.</param>
/// <param name="Value">Offset of the values.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="HeadSize">Channels of a head.</param>
/// <param name="Keys">Number of keys.</param>
/// <param name="Prepared">Offset of the prepared operands.</param>
internal sealed record SoftmaxOperands(long Query, long Key, long Value, int Heads, int HeadSize, int Keys, long Prepared)
{
    /// <summary>Floats from token to token.</summary>
    internal int Stride => ValueShape.Pad(Heads * HeadSize);

    /// <summary>Keys, padded.</summary>
    internal int PaddedKeys => ValueShape.Pad(Keys);

    /// <summary>Channels of a head, padded.</summary>
    internal int PaddedSize => ValueShape.Pad(HeadSize);

    /// <summary>Floats of one head's prepared keys.</summary>
    internal long KeyBlock => (long)HeadSize * PaddedKeys;

    /// <summary>Floats of one head's prepared values.</summary>
    internal long ValueBlock => (long)Keys * PaddedSize;

    /// <summary>Bytes of the prepared operands: for each head its keys, then its values.</summary>
    internal long PreparedBytes => Heads * (KeyBlock + ValueBlock) * sizeof(float);

    /// <summary>The operands of a node; offsets are 0.</summary>
    internal static SoftmaxOperands Of(GraphNode node, IReadOnlyDictionary<string, ValueShape> shapes)
    {
        int heads = node.Attributes["heads"];
        return new SoftmaxOperands(0, 0, 0, heads, shapes[node.Output].Channels / heads, shapes[node.Inputs[1]].Tokens, 0);
    }
}

/// <summary>Brings keys and values into their prepared form, head by head.</summary>
internal sealed unsafe class SoftmaxPrepareStep(string name, SoftmaxOperands operands) : PlanStep(name, "SoftmaxAttention operands", operands.Heads, 1)
{
    internal override long ScratchBytes => 0;

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        for (int head = begin; head < end; head++)
        {
            float* keys = (float*)(memory.Arena + operands.Prepared) + (head * (operands.KeyBlock + operands.ValueBlock));
            float* values = keys + operands.KeyBlock;
            for (int j = 0; j < operands.Keys; j++)
            {
                long row = ((long)j * operands.Stride) + (head * operands.HeadSize);
                float* key = (float*)(memory.Arena + operands.Key) + row;
                float* value = (float*)(memory.Arena + operands.Value) + row;
                for (int c = 0; c < operands.HeadSize; c++)
                {
                    keys[((long)c * operands.PaddedKeys) + j] = key[c];
                    values[((long)j * operands.PaddedSize) + c] = value[c];
                }
            }
        }
    }
}

/// <summary><see cref="Op.SoftmaxAttention"/> for up to four queries at a time, head by head. What stands in the padding of keys and channels
/// is computed with and never read.</summary>
internal sealed unsafe class SoftmaxAttentionStep(
    string name, string kind, int items, RowPasses passes, RowKernel kernel, SoftmaxOperands operands, float* zeros)
    : RowSourceStep(name, kind, items, Tile, passes, (long)Tile * operands.Stride * sizeof(float))
{
    private const int Tile = 4;

    private readonly float _scale = FloatMath.ScoreScale(operands.HeadSize);

    private protected override int TileTokens => Tile;

    private protected override long SourceBytes => IndexBytes + ScoreBytes + (Tile * operands.PaddedSize * sizeof(float));

    private long IndexBytes => Align((long)Math.Max(operands.Keys, operands.HeadSize) * sizeof(int));

    private long ScoreBytes => (long)Tile * operands.PaddedKeys * sizeof(float);

    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        int* indices = (int*)own;
        float* scores = (float*)(own + IndexBytes);
        float* context = (float*)(own + IndexBytes + ScoreBytes);
        for (int i = 0; i < Math.Max(operands.Keys, operands.HeadSize); i++)
        {
            indices[i] = i;
        }

        float* sums = stackalloc float[Tile];
        float* queries = (float*)(memory.Arena + operands.Query) + ((long)token * operands.Stride);
        for (int head = 0; head < operands.Heads; head++)
        {
            int first = head * operands.HeadSize;
            float* keys = (float*)(memory.Arena + operands.Prepared) + (head * (operands.KeyBlock + operands.ValueBlock));
            float* values = keys + operands.KeyBlock;
            kernel.Multiply(queries + first, operands.Stride, indices, operands.HeadSize, keys, zeros, operands.PaddedKeys, scores, count);
            for (int i = 0; i < count; i++)
            {
                sums[i] = FloatKernel.Exponentials(scores + ((long)i * operands.PaddedKeys), operands.Keys, _scale);
            }

            kernel.Multiply(scores, operands.PaddedKeys, indices, operands.Keys, values, zeros, operands.PaddedSize, context, count);
            for (int i = 0; i < count; i++)
            {
                float* row = (float*)tile + ((long)i * operands.Stride) + first;
                FloatKernel.Scale(context + ((long)i * operands.PaddedSize), operands.HeadSize, 1f / sums[i], row);
            }
        }
    }
}
