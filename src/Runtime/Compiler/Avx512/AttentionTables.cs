namespace EdgeVit.Runtime;

/// <summary>The constants of a compiled attention.</summary>
internal static unsafe class AttentionTables
{
    private const int PlaneEntries = 128;

    /// <summary>True where there is code: heads of 64 or 96 channels that fill whole blocks, every key, and one table of at most 48 bits.</summary>
    internal static bool IsSupported(AttentionOperands operands, long* exp) =>
        operands is { HeadSize: 64 or 96, MaskDiagonal: false, TableStride: 0 } && operands.Heads * operands.HeadSize % 64 == 0 && exp[operands.HeadSize] < 1L << (8 * AttentionForm.MaxPlanes);

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

        // Eight ones, the limits, the levels' factors.
        long* limits = (long*)weights.Allocate(64 + ((size + 1 + operands.Levels) * sizeof(double)));
        new Span<long>(limits, 8).Fill(1);
        for (int m = 0; m <= size; m++)
        {
            ((double*)limits)[8 + m] = 2 * (double)exp[m];
        }

        for (int level = 0; level < operands.Levels; level++)
        {
            ((double*)limits)[8 + size + 1 + level] = (2 * level) + 1;
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
            operands.Heads, size, operands.Keys, operands.Levels, planes, pointers.Add(true, operands.Query, queryStride), queryStride, pointers.Literal(prepared),
            pointers.Literal((long)bytes), pointers.Literal((long)limits), pointers.Literal((long)clips), pointers.Literal((long)nobody),
            pointers.Literal((long)realKeys), scratchOffset);
    }
}
