using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>Where the operands of a binary attention lie.</summary>
/// <param name="Query">Offset of the query bits.</param>
/// <param name="Key">Offset of the key bits.</param>
/// <param name="Value">Offset of the value bits.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="HeadSize">Channels of a head.</param>
/// <param name="Keys">Number of keys, with windows of the largest one's.</param>
/// <param name="Levels">Bits of a pair of query and key.</param>
/// <param name="MaskDiagonal">Whether a query's own key is left out.</param>
/// <param name="TableStride">Entries from a head's table of exponentials to the next one's; 0 where one serves all.</param>
/// <param name="Queries">Number of queries.</param>
/// <param name="Windows">The windows that queries and keys are divided into; null where every query meets every key.</param>
/// <param name="HasBias">Whether matches have a bias.</param>
/// <param name="HasZero">Whether heads have a zero point.</param>
internal sealed record AttentionOperands(
    long Query, long Key, long Value, int Heads, int HeadSize, int Keys, int Levels = 1, bool MaskDiagonal = false, int TableStride = 0, int Queries = 0,
    TokenWindows? Windows = null, bool HasBias = false, bool HasZero = false)
{
    /// <summary>Whether a pair has one bit, every key counts, as it is, and one table serves all heads.</summary>
    internal bool IsPlain => Levels == 1 && !MaskDiagonal && TableStride == 0 && Windows is null && !HasBias && !HasZero;

    /// <summary>Number of windows, each with prepared operands of its own; 1 without windows.</summary>
    internal int WindowCount => Windows?.Count ?? 1;

    /// <summary>The window of a query.</summary>
    internal int WindowOf(int token) => Windows?.Of(token) ?? 0;

    /// <summary>A token's number among the keys of its window.</summary>
    internal int Index(int token) => Windows?.Index(token) ?? token;

    /// <summary>Keys of a window.</summary>
    internal int KeysOf(int window) => Windows?.Tokens(window).Length ?? Keys;

    /// <summary>The token that is a window's key.</summary>
    internal int KeyToken(int window, int key) => Windows?.Tokens(window)[key] ?? key;

    /// <summary>Words of a token.</summary>
    internal int TokenWords => ((Heads * HeadSize) + 63) >> 6;

    /// <summary>Words of one head of a token.</summary>
    internal int HeadWords => (HeadSize + 63) >> 6;

    /// <summary>Words of the keys' bits of one channel.</summary>
    internal int KeyWords => (Keys + 63) >> 6;

    /// <summary>Words of one head's keys, by key, in the prepared operands.</summary>
    internal long KeyBlock => (long)Keys * HeadWords;

    /// <summary>Words of one head's values in the prepared operands: for each 64 keys, one word for each channel, whole blocks of 64
    /// channels.</summary>
    internal long ValueBlock => (long)HeadWords * 64 * KeyWords;

    /// <summary>Bytes of the prepared operands, room for any kernel set's form of them: words, keys filled up to a multiple of 16, values for each level,
    /// or a byte for four bits of padded heads and keys.</summary>
    internal long PreparedBytes => (long)WindowCount * Heads * Math.Max(
        (KeyBlock + (15 * HeadWords) + (Levels * ValueBlock)) * 8,
        (ValueShape.Pad(Keys) * ((HeadSize + 3L) / 4)) + (ValueShape.Pad(HeadSize) * (ValueShape.Pad(Keys) / 4L)) + (ValueShape.Pad(HeadSize) * 2L) + 128);
}

/// <summary>Brings keys and values into the form that attention reads, window by window: each head's keys in words of their own, each channel's values
/// as bits over the keys.</summary>
internal sealed unsafe class AttentionPrepareStep(string name, AttentionOperands operands, long prepared)
    : PlanStep(name, "BinaryAttention operands", operands.WindowCount * operands.Heads, 1)
{
    internal override long ScratchBytes => 64 * 8;

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        ulong* block = (ulong*)memory.Scratch;
        for (int item = begin; item < end; item++)
        {
            (int window, int head) = int.DivRem(item, operands.Heads);
            int count = operands.KeysOf(window);
            ulong* keys = (ulong*)(memory.Arena + prepared) + (item * operands.KeyBlock);
            ulong* values = (ulong*)(memory.Arena + prepared) + (Items * operands.KeyBlock) + (item * operands.ValueBlock);
            for (int j = 0; j < count; j++)
            {
                ulong* key = (ulong*)(memory.Arena + operands.Key) + ((long)operands.KeyToken(window, j) * operands.TokenWords);
                for (int w = 0; w < operands.HeadWords; w++)
                {
                    keys[(j * operands.HeadWords) + w] = BitRows.Extract(key, head * operands.HeadSize, operands.HeadSize, w);
                }
            }

            for (int j = 0; j < operands.KeyWords; j++)
            {
                for (int w = 0; w < operands.HeadWords; w++)
                {
                    for (int i = 0; i < 64; i++)
                    {
                        block[i] = (64 * j) + i is var k && k < count
                            ? BitRows.Extract((ulong*)(memory.Arena + operands.Value) + ((long)operands.KeyToken(window, k) * operands.TokenWords), head * operands.HeadSize, operands.HeadSize, w)
                            : 0;
                    }

                    BitRows.Transpose(block);
                    new ReadOnlySpan<ulong>(block, 64).CopyTo(new Span<ulong>(values + (((long)j * operands.HeadWords) + w) * 64, 64));
                }
            }
        }
    }
}

/// <summary>Binary attention in integers: the score of a pair is one of d + 1 numbers, so a row's sum of exponentials comes from a table,
/// and the question p &gt; clip / 2 is a threshold on the number of matching bits, one for each row and level. Values are counted by AND
/// and population count, level by level; counts stay within 16 bits because keys times levels do.</summary>
internal sealed unsafe class AttentionStep(
    string name,
    string kind,
    int items,
    RowPasses passes,
    AttentionKernel kernel,
    AttentionOperands operands,
    long prepared,
    long* exp,
    float* clip,
    float* zero,
    AttentionBias? bias)
    : RowSourceStep(name, kind, items, 1, passes, (long)TokensPerTile * ValueShape.Pad(operands.Heads * operands.HeadSize) * sizeof(short))
{
    private const int TokensPerTile = 8;

    private protected override int TileTokens => TokensPerTile;

    private protected override long SourceBytes => Align(operands.HeadWords * 8) + Align(operands.KeyWords * 64 * sizeof(ushort)) + Align(operands.KeyWords * 8)
        + Align(operands.HeadSize * sizeof(short));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        int stride = ValueShape.Pad(operands.Heads * operands.HeadSize);
        for (int i = 0; i < count; i++)
        {
            FillRow(memory, token + i, (short*)tile + (i * stride), own);
        }
    }

    private void FillRow(in ThreadMemory memory, int token, short* counts, byte* own)
    {
        int size = operands.HeadSize;
        int words = operands.HeadWords;
        int window = operands.WindowOf(token);
        int index = operands.Index(token);
        int count = operands.KeysOf(window);
        int keyWords = (count + 63) >> 6;
        ulong* query = (ulong*)own;
        ushort* matches = (ushort*)(own + Align(words * 8));
        ulong* attended = (ulong*)(own + Align(words * 8) + Align(operands.KeyWords * 64 * sizeof(ushort)));
        short* further = (short*)((byte*)attended + Align(operands.KeyWords * 8));
        ulong* row = (ulong*)(memory.Arena + operands.Query) + ((long)token * operands.TokenWords);
        for (int head = 0; head < operands.Heads; head++)
        {
            for (int w = 0; w < words; w++)
            {
                query[w] = BitRows.Extract(row, head * size, size, w);
            }

            long item = ((long)window * operands.Heads) + head;
            ulong* keys = (ulong*)(memory.Arena + prepared) + (item * operands.KeyBlock);
            ulong* values = (ulong*)(memory.Arena + prepared) + ((long)operands.WindowCount * operands.Heads * operands.KeyBlock) + (item * operands.ValueBlock);
            long* table = exp + (head * operands.TableStride);
            long sum = kernel.Score(query, keys, count, words, size, table, matches);
            if (bias is not null)
            {
                AttentionBias.Add(matches, bias.Row(window, head, index), count, size);
                sum = AttentionKernel.Sum(matches, count, table);
            }

            if (operands.MaskDiagonal)
            {
                sum -= table[matches[index]];
            }

            double limit = (double)clip[head] * (double)sum;
            for (int level = 1; level <= operands.Levels; level++)
            {
                int threshold = AttentionKernel.Threshold(table, size, AttentionAttributes.LimitFactor(level, zero == null ? 0 : zero[head]) * limit);
                int selected = kernel.Select(matches, count, threshold, attended);
                if (operands.MaskDiagonal)
                {
                    selected -= BitRows.Clear(attended, index);
                }

                if (level == 1)
                {
                    kernel.Context(attended, values, keyWords, words * 64, selected, size, counts + (head * size));
                }
                else if (selected > 0)
                {
                    kernel.Context(attended, values, keyWords, words * 64, selected, size, further);
                    BitRows.Add(counts + (head * size), further, size);
                }
            }
        }
    }
}
