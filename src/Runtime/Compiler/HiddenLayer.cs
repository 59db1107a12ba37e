namespace EdgeVit.Runtime;

/// <summary>The hidden layer of a feed-forward network: product, tiled shortcut, RPReLU, signs, and means of adjacent channels. In
/// <see cref="GroupOrder"/> it needs no memory for its floats.</summary>
internal static unsafe class HiddenLayer
{
    private const uint Present = (1U << Slots.Source) | (1U << Slots.Shortcut) | (1U << Slots.RPReLU) | (1U << Slots.Sign) | (1U << Slots.Mean);

    /// <summary>The order that a step's hidden layer takes; null where it has none of this form.</summary>
    /// <param name="passes">The step's.</param>
    /// <param name="lanes">Floats of a vector.</param>
    internal static GroupOrder? Find(RowPasses passes, int lanes)
    {
        if (passes.Items is not [Epilogue { Present: Present } first, ..]
            || first.Items[Slots.Source].P0 == null || first.Items[Slots.Shortcut] is not { Space: RowSpace.Arena, Places: null } shortcut)
        {
            return null;
        }

        int group = first.Items[Slots.Mean].Number;
        var order = new GroupOrder(first.Channels / group, group, lanes);
        return order.IsSupported && shortcut.Modulo == order.Groups ? order : null;
    }

    /// <summary>Rewrites the first pass: parameters in group order, the shortcut from scratch.</summary>
    internal static GroupForm Rewrite(Epilogue[] passes, GroupOrder order, RowPointers pointers, PlanWeights weights, ref long scratchRow)
    {
        var slots = (Slot[])passes[0].Items.Clone();
        for (int i = 0; i < slots.Length; i++)
        {
            Slot s = slots[i];
            slots[i] = s with { P0 = Reorder(s.P0, order, weights), P1 = Reorder(s.P1, order, weights), P2 = Reorder(s.P2, order, weights) };
        }

        Slot shortcut = slots[Slots.Shortcut];
        int offset = (int)scratchRow;
        scratchRow += order.ShortcutFloats * sizeof(float);
        slots[Slots.Shortcut] = shortcut with { Space = RowSpace.Scratch, Offset = offset, Modulo = order.ShortcutFloats };
        passes[0] = passes[0] with { Items = slots };
        return new GroupForm(
            order, pointers.Add(true, shortcut.Offset, shortcut.Stride), (int)shortcut.Stride, offset,
            pointers.Literal(slots[Slots.Mean].Factor));
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
