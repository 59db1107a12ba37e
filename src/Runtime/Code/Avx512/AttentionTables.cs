namespace EdgeVit.Runtime;

/// <summary>The constants of a compiled attention.</summary>
internal static unsafe class AttentionTables
{
    private const int PlaneEntries = 128;

    /// <summary>True where there is code: heads of 64 or 96 channels that fill whole blocks, and tables of at most 48 bits.</summary>
    internal static bool IsSupported(AttentionOperands operands, long* exp)
    {
        bool supported = operands is { HeadSize: 64 or 96, Windows: null, HasBias: false, HasZero: false } && operands.Heads * operands.HeadSize % 64 == 0;
        for (int head = 0; supported && head < Tables(operands); head++)
        {
            supported = exp[(head * operands.TableStride) + operands.HeadSize] < 1L << (8 * AttentionForm.MaxPlanes);
        }

        return supported;
    }

    /// <summary>Writes the tables and describes the attention.</summary>
    internal static AttentionForm Form(
        AttentionOperands operands, long prepared, long* exp, float* clip, RowPointers pointers, PlanWeights weights, int scratchOffset)
    {
        int size = operands.HeadSize;
        int stride = AttentionForm.TableStride(size);
        int planes = 0;
        for (int head = 0; head < Tables(operands); head++)
        {
            planes = Math.Max(planes, (int)(71 - long.LeadingZeroCount(exp[(head * operands.TableStride) + size])) / 8);
        }

        byte* bytes = (byte*)weights.Allocate(Tables(operands) * stride);
        byte* limits = (byte*)weights.Allocate(Tables(operands) * stride);
        for (int head = 0; head < Tables(operands); head++)
        {
            Write(operands, exp + (head * operands.TableStride), planes, bytes + (head * stride), limits + (head * stride));
        }

        byte* clips = (byte*)weights.Allocate((operands.Heads * size / 8) + sizeof(double));
        for (int head = 0; head < operands.Heads; head++)
        {
            *(double*)(clips + (head * size / 8)) = clip[head];
        }

        byte* nobody = (byte*)weights.Allocate(64);
        new Span<byte>(nobody, 64).Fill(AttentionForm.Nothing);
        ulong* realKeys = (ulong*)weights.Allocate(sizeof(ulong));
        *realKeys = ulong.MaxValue >> (-operands.Keys & 63);
        int queryStride = operands.TokenWords * 8;
        int ownSlot = operands.MaskDiagonal ? pointers.Add(false, 0, 1) : -1;
        return new AttentionForm(
            operands.Heads, size, operands.Keys, operands.Levels, operands.TableStride != 0, ownSlot, planes, pointers.Add(true, operands.Query, queryStride), queryStride, pointers.Literal(prepared),
            pointers.Literal((long)bytes), pointers.Literal((long)limits), pointers.Literal((long)clips), pointers.Literal((long)nobody),
            pointers.Literal((long)realKeys), scratchOffset);
    }

    /// <summary>How many tables of exponentials there are.</summary>
    private static int Tables(AttentionOperands operands) => operands.TableStride == 0 ? 1 : operands.Heads;

    /// <summary>Writes one table: its bytes by plane and number of differing bits; eight ones, the limits, the levels' factors.</summary>
    private static void Write(AttentionOperands operands, long* exp, int planes, byte* bytes, byte* limits)
    {
        int size = operands.HeadSize;
        for (int p = 0; p < planes; p++)
        {
            for (int differing = 0; differing <= size; differing++)
            {
                bytes[(p * PlaneEntries) + differing] = (byte)(exp[size - differing] >> (8 * p));
            }
        }

        new Span<long>(limits, 8).Fill(1);
        double* doubles = (double*)limits + 8;
        for (int m = 0; m <= size; m++)
        {
            doubles[m] = 2 * (double)exp[m];
        }

        for (int level = 0; level < operands.Levels; level++)
        {
            doubles[size + 1 + level] = (2 * level) + 1;
        }
    }
}
