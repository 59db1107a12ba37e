namespace EdgeVit.Runtime;

/// <summary>The constants of a compiled attention.</summary>
internal static unsafe class AttentionTables
{
    private const int PlaneEntries = 128;

    /// <summary>True where there is code: heads of 64 or 96 channels that fill whole blocks, and a table of at most 48 bits.</summary>
    internal static bool IsSupported(AttentionOperands operands, long* exp) =>
        operands.HeadSize is 64 or 96 && operands.Heads * operands.HeadSize % 64 == 0 && exp[operands.HeadSize] < 1L << (8 * AttentionForm.MaxPlanes);

    /// <summary>Writes the tables and describes the attention.</summary>
    internal static AttentionForm Form(
        AttentionOperands operands, long prepared, long* exp, float* clip, RowPointers pointers, PlanWeights weights, int scratchOffset)
    {
        int size = operands.HeadSize;
        int planes = (int)(71 - long.LeadingZeroCount(exp[size])) / 8;
        byte* bytes = (byte*)weights.Allocate(planes * PlaneEntries);
        for (int p = 0; p < planes; p++)
        {
            for (int differing = 0; differing <= size; differing++)
            {
                bytes[(p * PlaneEntries) + differing] = (byte)(exp[size - differing] >> (8 * p));
            }
        }

        // Eight ones, then the limits.
        long* limits = (long*)weights.Allocate(64 + ((size + 1) * sizeof(double)));
        new Span<long>(limits, 8).Fill(1);
        for (int m = 0; m <= size; m++)
        {
            ((double*)limits)[8 + m] = 2 * (double)exp[m];
        }

        byte* clips = (byte*)weights.Allocate((operands.Heads * size / 8) + sizeof(double));
        for (int head = 0; head < operands.Heads; head++)
        {
            *(double*)(clips + (head * size / 8)) = clip[head];
        }

        byte* nobody = (byte*)weights.Allocate(64);
        new Span<byte>(nobody, 64).Fill(PlaneEntries - 1);
        ulong* realKeys = (ulong*)weights.Allocate(sizeof(ulong));
        *realKeys = ulong.MaxValue >> (-operands.Keys & 63);
        int queryStride = operands.TokenWords * 8;
        return new AttentionForm(
            operands.Heads, size, operands.Keys, planes, pointers.Add(true, operands.Query, queryStride), queryStride, pointers.Literal(prepared),
            pointers.Literal((long)bytes), pointers.Literal((long)limits), pointers.Literal((long)clips), pointers.Literal((long)nobody),
            pointers.Literal((long)realKeys), scratchOffset);
    }
}

/// <summary>Brings keys and values into the form of compiled products: for each head its keys as weights of the queries' product, then its
/// values as weights of the product over keys.</summary>
internal sealed unsafe class AttentionPackStep(string name, AttentionOperands operands, long prepared)
    : PlanStep(name, "BinaryAttention operands", operands.Heads, 1)
{
    internal override long ScratchBytes => 64 * sizeof(ulong);

    internal override void Run(in Frame frame, int begin, int end)
    {
        int keyWords = operands.HeadSize / 32;
        int valueWords = (operands.Keys + 31) / 32;
        int keyBlock = ((operands.Keys + 15) & ~15) * keyWords;
        int valueBlock = operands.HeadSize * valueWords;
        for (int head = begin; head < end; head++)
        {
            uint* keys = (uint*)(frame.Arena + prepared) + ((long)head * (keyBlock + valueBlock));
            Keys(frame, head, keys, keyWords);
            Values(frame, head, keys + keyBlock, valueWords);
        }
    }

    private void Keys(in Frame frame, int head, uint* target, int words)
    {
        byte* source = frame.Arena + operands.Key + (head * operands.HeadSize / 8);
        for (int j = 0; j < operands.Keys; j++)
        {
            uint* key = (uint*)(source + ((long)j * operands.TokenWords * 8));
            uint* to = target + ((j >> 4) * words * 16) + (j & 15);
            for (int w = 0; w < words; w++)
            {
                to[w * 16] = key[w];
            }
        }
    }

    private void Values(in Frame frame, int head, uint* target, int words)
    {
        ulong* block = (ulong*)frame.Scratch;
        for (int j = 0; j < operands.KeyWords; j++)
        {
            for (int w = 0; w < operands.HeadWords; w++)
            {
                for (int i = 0; i < 64; i++)
                {
                    int token = (64 * j) + i;
                    ulong* value = (ulong*)(frame.Arena + operands.Value) + ((long)token * operands.TokenWords);
                    block[i] = token < operands.Keys ? BitRows.Extract(value, head * operands.HeadSize, operands.HeadSize, w) : 0;
                }

                BitRows.Transpose(block);
                int channels = Math.Min(64, operands.HeadSize - (64 * w));
                for (int c = 0; c < channels; c++)
                {
                    uint* to = target + ((((64 * w) + c) >> 4) * words * 16) + (c & 15);
                    to[2 * j * 16] = (uint)block[c];
                    if ((2 * j) + 1 < words)
                    {
                        to[((2 * j) + 1) * 16] = (uint)(block[c] >> 32);
                    }
                }
            }
        }
    }
}
