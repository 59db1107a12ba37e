namespace EdgeVit.Runtime;

/// <summary>The hidden layer of a feed-forward network in a row program: product, tiled shortcut, RPReLU, signs, and means of adjacent
/// channels. In <see cref="GroupOrder"/> it needs no memory for its floats.</summary>
internal static unsafe class HiddenLayer
{
    private const int OpCount = 5;

    /// <summary>The order that a program's hidden layer takes; null where it has none of this form.</summary>
    /// <param name="program">The program.</param>
    /// <param name="lanes">Floats of a vector.</param>
    internal static GroupOrder? Find(RowProgram program, int lanes)
    {
        if (program.Instructions is not [{ Kind: RowInstructionKind.Epilogue, Count: OpCount } pass, ..])
        {
            return null;
        }

        ReadOnlySpan<EpilogueOp> s = program.Ops.AsSpan(pass.First, pass.Count);
        if (s[0].Kind is not (EpilogueOpKind.LoadDifferences or EpilogueOpKind.LoadCounts) || s[1] is not { Kind: EpilogueOpKind.AddRow, Space: RowSpace.Arena, Factor: 1 }
            || s[2].Kind != EpilogueOpKind.RPReLU || s[3].Kind != EpilogueOpKind.Sign || s[4] is not { Kind: EpilogueOpKind.GroupMean } mean)
        {
            return null;
        }

        var order = new GroupOrder(pass.Channels / mean.Group, mean.Group, lanes);
        return order.IsSupported && s[1].Modulo == order.Groups ? order : null;
    }

    /// <summary>The passes with the epilogue's mean left out.</summary>
    internal static RowInstruction[] Passes(RowInstruction[] passes)
    {
        var result = (RowInstruction[])passes.Clone();
        result[0] = passes[0] with { Count = OpCount - 1 };
        return result;
    }

    /// <summary>Rewrites the ops: parameters in group order, the shortcut from scratch.</summary>
    internal static GroupForm Rewrite(
        EpilogueOp[] ops, RowInstruction[] passes, GroupOrder order, RowPointers pointers, PlanWeights weights, OffsetTables tables, ref long scratchRow)
    {
        int first = passes[0].First;
        for (int i = first; i < first + OpCount; i++)
        {
            EpilogueOp s = ops[i];
            ops[i] = s with { P0 = Reorder(s.P0, order, weights), P1 = Reorder(s.P1, order, weights), P2 = Reorder(s.P2, order, weights) };
        }

        EpilogueOp shortcut = ops[first + 1];
        int offset = (int)scratchRow;
        scratchRow += order.ShortcutFloats * sizeof(float);
        ops[first + 1] = shortcut with { Space = RowSpace.Scratch, Offset = offset, Modulo = order.ShortcutFloats };
        int indices = -1;
        if (order.Lanes == 16)
        {
            int[] numbers = GroupEmitter.Indices(order);
            nint vectors = weights.Allocate(numbers.Length * sizeof(int));
            numbers.CopyTo(new Span<int>((void*)vectors, numbers.Length));
            indices = pointers.Literal(vectors);
        }

        return new GroupForm(
            order, pointers.Add(true, shortcut.Offset, shortcut.Stride), (int)shortcut.Stride, offset, first + OpCount - 1,
            indices, pointers.Literal(tables.Number(ops[first + OpCount - 1].Number)));
    }

    private static float* Reorder(float* vector, GroupOrder order, PlanWeights weights)
    {
        if (vector is null)
        {
            return null;
        }

        float* result = (float*)weights.Allocate((long)order.Channels * sizeof(float));
        for (int p = 0; p < order.Channels; p++)
        {
            result[p] = vector[order.Channel(p)];
        }

        return result;
    }
}
