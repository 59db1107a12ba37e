namespace EdgeVit.Runtime;

/// <summary>A binary attention as code for AVX2 runs it: heads of 64 channels, up to 256 keys, one bit for a pair, one table.</summary>
/// <param name="Heads">Number of heads.</param>
/// <param name="Keys">Number of keys.</param>
/// <param name="Queries">The product of queries and keys.</param>
/// <param name="Values">The product of attended keys and values.</param>
/// <param name="PreparedLiteral">Literal with the arena offset of the prepared keys and values.</param>
/// <param name="ExponentialsLiteral">Literal with the address of the exponential for a sum of 0.</param>
/// <param name="LimitsLiteral">Literal with the address of 64 bytes 32, then twice the exponentials as doubles, filled up with
/// -infinity.</param>
/// <param name="ClipLiteral">Literal with the address of each head's clip as a double.</param>
/// <param name="RealKeysLiteral">Literal with the address of the last block's bits of real keys.</param>
/// <param name="AttendedOffset">Scratch bytes of the bits of attended keys, a word for each block of a token.</param>
internal sealed record TableAttentionForm(
    int Heads,
    int Keys,
    TableProductForm Queries,
    TableProductForm Values,
    int PreparedLiteral,
    int ExponentialsLiteral,
    int LimitsLiteral,
    int ClipLiteral,
    int RealKeysLiteral,
    int AttendedOffset)
{
    /// <summary>Channels of a head, and keys of a block.</summary>
    internal const int Size = 64;

    /// <summary>Bytes of a block of keys, or of the values of a block of keys, <c>[8][2][64]</c>.</summary>
    internal const int BlockBytes = Size / 8 * 2 * Size;

    private const int MostKeys = 256;

    /// <summary>Blocks of 64 keys.</summary>
    internal int Blocks => Values.Words;

    /// <summary>Bytes of what a head's sums over keys start at.</summary>
    internal int StartBytes => Size * Values.SumBytes;

    /// <summary>Bytes of a head: keys, what sums start at, values.</summary>
    internal static int HeadBytes(int blocks) => (2 * blocks * BlockBytes) + (Size * SumBytes(blocks));

    /// <summary>Bytes of a sum over keys, which lies between minus and plus their number.</summary>
    internal static int SumBytes(int blocks) => blocks == 1 ? 1 : 2;

    /// <summary>Exponentials in whole vectors.</summary>
    internal const int LimitEntries = (Size + 1 + 3) & ~3;

    /// <summary>Scratch bytes behind the attention's own.</summary>
    internal int ScratchEnd => Values.IndexOffset + TableProductForm.IndexBytes(Registers.MaxTokens, Blocks);

    /// <summary>True where there is code: see the record.</summary>
    internal static bool Takes(AttentionOperands operands) => operands is { HeadSize: Size, Keys: <= MostKeys, IsPlain: true };

    /// <summary>Writes the tables and describes the attention.</summary>
    internal static unsafe TableAttentionForm Of(
        AttentionOperands operands, long prepared, long* exp, float* clip, RowPointers pointers, PlanWeights weights, int sumOffset)
    {
        byte* limits = (byte*)weights.Allocate(Size + (LimitEntries * sizeof(double)));
        new Span<byte>(limits, Size).Fill(Size / 2);
        var doubles = new Span<double>(limits + Size, LimitEntries);
        doubles.Fill(double.NegativeInfinity);
        for (int m = 0; m <= Size; m++)
        {
            doubles[m] = 2 * (double)exp[m];
        }

        double* clips = (double*)weights.Allocate(operands.Heads * sizeof(double));
        for (int head = 0; head < operands.Heads; head++)
        {
            clips[head] = clip[head];
        }

        ulong* realKeys = (ulong*)weights.Allocate(sizeof(ulong));
        *realKeys = ulong.MaxValue >> (-operands.Keys & 63);
        int blocks = operands.KeyWords;
        int queryStride = operands.TokenWords * 8;
        int attendedOffset = sumOffset + (Registers.MaxTokens * Size * Math.Max(blocks, 2));
        int indexOffset = attendedOffset + (Registers.MaxTokens * blocks * sizeof(ulong));
        int tables = pointers.Literal(PairTables.Address);
        return new TableAttentionForm(
            operands.Heads, operands.Keys,
            new TableProductForm(1, pointers.Add(true, operands.Query, queryStride), queryStride, -1, tables, -1, indexOffset, sumOffset, 1),
            new TableProductForm(blocks, -1, blocks * sizeof(ulong), -1, tables, -1, indexOffset, sumOffset, SumBytes(blocks)),
            pointers.Literal(prepared), pointers.Literal((long)(exp + (Size / 2))), pointers.Literal((long)limits), pointers.Literal((long)clips),
            pointers.Literal((long)realKeys), attendedOffset);
    }
}
