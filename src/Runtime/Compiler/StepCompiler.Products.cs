namespace EdgeVit.Runtime;

/// <summary>Binary products: by population counts for AVX-512, by look-ups for AVX2.</summary>
internal sealed unsafe partial class StepCompiler
{
    /// <summary>A product's part of a step. Epilogues follow what the product leaves.</summary>
    private ProductCode Product(BinaryOperands product, GroupOrder? order, int items, int tileTokens, RowPointers pointers, Epilogue[] epilogues, long scratch)
    {
        int words = product.Source.Words;
        int stride = words * 8;
        BitsSource? windows = product.Source.Window.IsToken ? null : product.Source;
        if (target == CodeTarget.Avx2 && WeightTableCode.Pays(items))
        {
            WeightTableProduct many = _many.Product(product, order, items, tileTokens, weights);
            return new ProductCode(scratch, product.Source) { Tables = Tables(product, many, pointers, epilogues), Many = many };
        }

        int slot = windows is null ? pointers.Add(true, product.Source.Offset, stride) : pointers.AddGiven(stride);
        if (target == CodeTarget.Avx2)
        {
            TableProductForm tables = Tables(product, order, pointers, slot, epilogues, (int)scratch, tileTokens);
            return new ProductCode(scratch + (tileTokens * 64L * tables.SumBytes) + TableProductForm.IndexBytes(tileTokens, words), windows) { Tables = tables };
        }

        var form = new ProductForm(
            words * 2, slot, stride, pointers.Literal(product.Pack(weights, order)),
            pointers.Literal((float)product.Source.Inputs), pointers.Literal(-2f), product.IsCount);
        return new ProductCode(scratch, windows) { Form = form };
    }

    /// <summary>Sums of halves need an even number of inputs, and a scale that can be doubled.</summary>
    private bool Takes(BinaryOperands? product, RowPasses passes)
    {
        if (product is null)
        {
            return true;
        }

        if (product.Source.Inputs > GraphValidator.MaxInputs || target != CodeTarget.Avx2 || product.IsCount)
        {
            return product.Source.Inputs <= GraphValidator.MaxInputs;
        }

        var first = (Epilogue)passes.Items[0];
        return product.Source.Inputs % 2 == 0
            && !new ReadOnlySpan<float>(first.Items[Slots.Source].P0, first.Channels).ContainsAnyExceptInRange(-float.MaxValue / 2, float.MaxValue / 2);
    }

    /// <summary>The product by table look-ups.</summary>
    private TableProductForm Tables(BinaryOperands product, GroupOrder? order, RowPointers pointers, int slot, Epilogue[] epilogues, int sumOffset, int tokens)
    {
        int sumBytes = TableProductForm.BytesOfSum(product.Source.Words);
        byte* start = null;
        if (!product.IsCount)
        {
            epilogues[0] = Doubled(epilogues[0], product.Outputs);
            start = (byte*)weights.Allocate(64L * sumBytes);
            TableProductForm.Start(product, start, 64);
        }

        return new TableProductForm(
            product.Source.Words, slot, product.Source.Words * 8, pointers.Literal(PairTables.Pack(product, weights, order)),
            pointers.Literal(PairTables.Address), pointers.Literal((long)start), sumOffset + (tokens * 64 * sumBytes), sumOffset, sumBytes, product.IsCount);
    }

    /// <summary>The same of sums that are made before.</summary>
    private TableProductForm Tables(BinaryOperands product, WeightTableProduct many, RowPointers pointers, Epilogue[] epilogues)
    {
        if (!product.IsCount)
        {
            epilogues[0] = Doubled(epilogues[0], product.Outputs);
        }

        return new TableProductForm(many.Words, pointers.AddGiven(64 * many.SumBytes), 0, 0, 0, 0, 0, 0, many.SumBytes, product.IsCount, many.Tokens * 64 * many.SumBytes);
    }

    /// <summary>An epilogue of sums that are halves: their scale is doubled.</summary>
    private Epilogue Doubled(Epilogue epilogue, int outputs)
    {
        int channels = ValueShape.Pad(outputs);
        float* scale = epilogue.Items[Slots.Source].P0;
        float* doubled = (float*)weights.Allocate((long)channels * sizeof(float));
        for (int c = 0; c < channels; c++)
        {
            doubled[c] = 2 * scale[c];
        }

        var slots = (Slot[])epilogue.Items.Clone();
        slots[Slots.Source].P0 = doubled;
        return epilogue with { Items = slots };
    }

    /// <summary>A product's part of a step.</summary>
    /// <param name="ScratchEnd">Scratch bytes up to its end.</param>
    /// <param name="Gathered">Whose rows the step gathers, or gives to a product before; null for none.</param>
    private sealed record ProductCode(long ScratchEnd, BitsSource? Gathered)
    {
        internal ProductForm? Form { get; init; }

        internal TableProductForm? Tables { get; init; }

        internal WeightTableProduct? Many { get; init; }
    }
}
