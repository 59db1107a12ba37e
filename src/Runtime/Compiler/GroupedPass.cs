namespace EdgeVit.Runtime;

/// <summary>A hidden layer's pass in <see cref="GroupOrder"/>, for machine code.</summary>
internal static unsafe class GroupedPass
{
    /// <summary>Rewrites the first pass: parameters in group order, the shortcut from scratch.</summary>
    internal static GroupForm Rewrite(Epilogue[] passes, GroupOrder order, RowPointers pointers, PlanWeights weights, ref long scratchRow)
    {
        var slots = (Slot[])passes[0].Items.Clone();
        for (int i = 0; i < slots.Length; i++)
        {
            Slot s = slots[i];
            slots[i] = s with
            {
                P0 = HiddenLayer.Reorder(s.P0, order, weights),
                P1 = HiddenLayer.Reorder(s.P1, order, weights),
                P2 = HiddenLayer.Reorder(s.P2, order, weights),
            };
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
}
