namespace EdgeVit.Runtime;

/// <summary>Makes machine code for the steps of a plan. The code of a step does everything to a tile of tokens while it is in registers:
/// product, scale, shortcut, activation, signs, pools.</summary>
internal sealed unsafe partial class StepCompiler(CodeTarget target, PlanWeights weights, ValuePlaces places)
{
    /// <summary>Rows and columns of the largest window whose inputs are written out one by one.</summary>
    private const int MostWindow = 16;

    private readonly VectorCode _code = target == CodeTarget.Avx2 ? new Avx2Code() : new Avx512Code();
    private readonly OffsetTables _tables = new(weights, places.ZeroRows);
    private readonly Dictionary<string, int> _entries = new(StringComparer.Ordinal);
    private readonly ValueList<int> _form = new(512);
    private readonly List<Linked> _steps = [];
    private readonly WeightTableCode _many = new();

    /// <summary>Makes all code runnable; call once, after the last step.</summary>
    internal void Finish()
    {
        if (_steps.Count == 0)
        {
            return;
        }

        _many.Finish(weights);

        var memory = ExecutableMemory.Of(_code.Code);
        weights.Keep(memory);
        foreach (Linked link in _steps)
        {
            link.Step.Link(memory.Pointer + link.Entry, (long*)link.Literals);
        }
    }

    /// <summary>Compiles a step.</summary>
    /// <param name="name">Name of the step's first node.</param>
    /// <param name="kind">The ops in it.</param>
    /// <param name="items">Tokens.</param>
    /// <param name="passes">What it does with a row.</param>
    /// <param name="product">Its binary product; null for none.</param>
    /// <param name="order">The order of the signs that the step writes, where it is not that of the channels.</param>
    /// <returns>The step; null where it holds something that there is no code for.</returns>
    internal CompiledStep? TryCompile(
        string name, string kind, int items, RowPasses passes, BinaryOperands? product, out GroupOrder? order)
    {
        order = null;
        if (StepTiles.Of(items, passes, inPairs: target == CodeTarget.Avx2 && product is not null) is not { } tiles || passes.TokenRowBytes > int.MaxValue / 16 || !Takes(product, passes))
        {
            return null;
        }

        var pointers = new RowPointers();
        order = product is { MayReorder: true } ? HiddenLayer.Find(passes, _code.Lanes) : null;
        if (order is null && Epilogues(passes).Any(e => e.Has(Slots.Mean)))
        {
            return null;
        }

        Epilogue[] epilogues = Epilogues(passes);
        long scratchRow = passes.TokenRowBytes;
        GroupForm? groupForm = null;
        if (order is { } hidden)
        {
            groupForm = GroupedPass.Rewrite(epilogues, hidden, pointers, weights, ref scratchRow);
        }

        long scratch = scratchRow * tiles.Tokens;
        ProductCode made = product is null ? new ProductCode(scratch, null) : Product(product, order, items, tiles.Tokens, pointers, epilogues, scratch);
        StepForm form = Form(passes.GridWidth, items, tiles, pointers, epilogues, (int)scratchRow) with
        {
            Product = made.Form,
            Tables = made.Tables,
            Group = groupForm,
        };
        return Add(new CompiledStep(name, kind, items, tiles.Tokens, made.ScratchEnd, made.Gathered, made.Many), form);
    }

    /// <summary>Compiles a float product.</summary>
    /// <param name="name">Name of the step's first node.</param>
    /// <param name="kind">The ops in it.</param>
    /// <param name="items">Tokens.</param>
    /// <param name="passes">What it does with a row.</param>
    /// <param name="source">Where the inputs lie, all of every window.</param>
    /// <param name="matrix">Weights, <c>[K][padded outputs]</c>.</param>
    /// <param name="bias">Bias, padded.</param>
    /// <param name="outputs">Padded outputs.</param>
    /// <returns>The step; null where there is no code for it.</returns>
    internal CompiledStep? TryCompile(
        string name, string kind, int items, RowPasses passes, FloatSource source, float* matrix, float* bias, int outputs)
    {
        bool image = source.Shape.Kind == ValueKind.Image;
        if (source.Kernel > MostWindow || passes.TokenRowBytes > int.MaxValue / 16 || StepTiles.Of(items, passes, true) is not { } tiles
            || Epilogues(passes).Any(e => e.Has(Slots.Mean) || (StepTiles.HasSums(e) && target == CodeTarget.Avx2)))
        {
            return null;
        }

        var pointers = new RowPointers();
        var grid = new StepGrid(passes.GridWidth, items, tiles.Tokens);
        int pixel = image ? sizeof(float) : ValueShape.Pad(source.Shape.Channels) * sizeof(float);
        int channel = image ? source.Shape.Height * source.Shape.Width * sizeof(float) : sizeof(float);
        var floats = new FloatProductForm(
            source.Shape.Channels, source.Kernel, channel, source.Shape.Width * pixel, pixel, source.Stride * pixel, outputs * sizeof(float),
            image && !source.IsFramed ? pointers.AddGiven(0) : -1, pointers.Add(false, (long)_tables.Windows(source, grid, pixel), sizeof(int)),
            pointers.Literal((long)matrix), pointers.Literal((long)bias));
        StepForm form = Form(passes.GridWidth, items, tiles, pointers, Epilogues(passes), (int)passes.TokenRowBytes) with { Floats = floats };
        return Add(new CompiledStep(name, kind, items, tiles.Tokens, passes.TokenRowBytes * tiles.Tokens, null), form);
    }

    /// <summary>Compiles an attention.</summary>
    /// <param name="name">Name of the step's first node.</param>
    /// <param name="kind">The ops in it.</param>
    /// <param name="items">Tokens.</param>
    /// <param name="passes">What it does with a row.</param>
    /// <param name="operands">Where queries, keys and values lie.</param>
    /// <param name="prepared">Arena offset of the prepared keys and values.</param>
    /// <param name="exp">Fixed-point exponentials by number of matches.</param>
    /// <param name="clip">Clip of each head.</param>
    /// <returns>The steps; null where there is no code for them.</returns>
    internal PlanStep[]? TryCompile(
        string name, string kind, int items, RowPasses passes, AttentionOperands operands, long prepared, long* exp, float* clip)
    {
        bool supported = target == CodeTarget.Avx2 ? TableAttentionForm.Takes(operands) : AttentionTables.IsSupported(operands, exp);
        if (!supported || StepTiles.Of(items, passes, inPairs: target == CodeTarget.Avx2) is not { } tiles || passes.TokenRowBytes > int.MaxValue / 16
            || Epilogues(passes).Any(e => e.Has(Slots.Mean) || e.Has(Slots.Branch) || e.Neighbours[Slots.Source] is { Parts: > 1 }))
        {
            return null;
        }

        var pointers = new RowPointers();
        int ownScratch = (int)passes.TokenRowBytes * tiles.Tokens;
        AttentionForm? attention = null;
        TableAttentionForm? tableAttention = null;
        if (target == CodeTarget.Avx2)
        {
            tableAttention = TableAttentionForm.Of(operands, prepared, exp, clip, pointers, weights, ownScratch);
        }
        else
        {
            attention = AttentionTables.Form(operands, prepared, exp, clip, pointers, weights, ownScratch);
        }

        StepForm form = Form(passes.GridWidth, items, tiles, pointers, Epilogues(passes), (int)passes.TokenRowBytes) with
        {
            Attention = attention,
            TableAttention = tableAttention,
        };
        long scratch = attention?.ScratchEnd ?? tableAttention!.ScratchEnd;
        CompiledStep step = Add(new CompiledStep(name, kind, items, tiles.Tokens, scratch, null), form);
        return [attention is null ? new TableAttentionPackStep(name, operands, prepared) : new AttentionPackStep(name, operands, prepared), step];
    }

    /// <summary>A step's passes, all of them epilogues.</summary>
    private static Epilogue[] Epilogues(RowPasses passes) => [.. passes.Items.Cast<Epilogue>()];

    /// <summary>What all forms of steps have in common.</summary>
    private StepForm Form(int gridWidth, int items, StepTiles tiles, RowPointers pointers, Epilogue[] epilogues, int scratchRowBytes)
    {
        var rowPlaces = new RowPlaces(pointers, _tables, scratchRowBytes);
        foreach (Epilogue epilogue in epilogues)
        {
            rowPlaces.Add(epilogue, new StepGrid(gridWidth, items, tiles.Tokens));
        }

        return new StepForm
        {
            Passes = epilogues,
            Pointers = pointers,
            Places = rowPlaces,
            TileTokens = tiles.Tokens,
            LastTileTokens = tiles.Last,
            OneLiteral = pointers.Literal(1f),
            ScratchRowBytes = scratchRowBytes,
        };
    }

    private CompiledStep Add(CompiledStep step, StepForm form)
    {
        string key = form.Key(_form);
        if (!_entries.TryGetValue(key, out int entry))
        {
            entry = _code.Code.Length;
            new StepEmitter(_code, form).Emit();
            _entries[key] = entry;
        }

        nint literals = weights.Allocate(form.Pointers.Literals.Count * sizeof(long));
        for (int i = 0; i < form.Pointers.Literals.Count; i++)
        {
            ((long*)literals)[i] = form.Pointers.Literals[i];
        }

        _steps.Add(new Linked(step, entry, literals));
        return step;
    }

    private sealed record Linked(CompiledStep Step, int Entry, nint Literals);
}
