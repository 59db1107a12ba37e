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

    /// <summary>A vector of parameters in an order; null for none.</summary>
    internal static float* Reorder(float* vector, GroupOrder order, PlanWeights weights)
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

    /// <summary>The same passes with the hidden layer in an order that the row kernel takes; its product's outputs must follow. Signs and means keep the
    /// order of the channels.</summary>
    /// <param name="passes">The step's.</param>
    /// <param name="kernel">The row kernel.</param>
    /// <param name="weights">Gives memory for the parameters.</param>
    /// <param name="order">The order; null where the passes are as they were.</param>
    internal static RowPasses InGroups(RowPasses passes, RowKernel kernel, PlanWeights weights, out GroupOrder? order)
    {
        order = kernel.GroupLanes == 0 ? null : Find(passes, kernel.GroupLanes);
        if (order is null)
        {
            return passes;
        }

        var first = (Epilogue)passes.Items[0];
        var slots = (Slot[])first.Items.Clone();
        if (!slots[Slots.Source].Joins || slots[Slots.RPReLU].P0 != null || slots[Slots.RPReLU].P2 != null)
        {
            order = null;
            return passes;
        }

        float*[] vectors = [slots[Slots.Source].P0, slots[Slots.Source].P1, slots[Slots.RPReLU].P1, slots[Slots.Sign].P0];
        float* parameters = (float*)weights.Allocate((long)order.Channels * vectors.Length * sizeof(float));
        for (int p = 0; p < order.Channels; p++)
        {
            for (int i = 0; i < vectors.Length; i++)
            {
                parameters[((((p / order.Lanes) * vectors.Length) + i) * order.Lanes) + (p % order.Lanes)] = vectors[i][order.Channel(p)];
            }
        }

        slots[Slots.Source] = slots[Slots.Source] with { Group = order.Size, P0 = parameters };
        slots[Slots.Transposed] = new Slot { Space = RowSpace.Scratch, Offset = passes.TokenRowBytes };
        long bytes = passes.TokenRowBytes + ((long)order.Groups * sizeof(float));
        return new RowPasses(kernel, [first with { Items = slots }, .. passes.Items.AsSpan(1)], passes.GridWidth, bytes);
    }

    /// <summary>Rows of packed weights, <c>[outputs][words]</c>, in an order.</summary>
    internal static byte[] Rows(ReadOnlySpan<byte> weights, GroupOrder order)
    {
        var rows = new byte[weights.Length];
        int bytes = weights.Length / order.Channels;
        for (int p = 0; p < order.Channels; p++)
        {
            weights.Slice(order.Channel(p) * bytes, bytes).CopyTo(rows.AsSpan(p * bytes));
        }

        return rows;
    }
}
