namespace EdgeVit.Runtime;

/// <summary>Makes machine code for the steps of a plan. The code of a step does everything to a tile of tokens while it is in registers:
/// product, scale, shortcut, activation, signs, pools.</summary>
internal sealed unsafe class StepCompiler(CodeTarget target, PlanWeights weights, ValuePlaces places)
{
    /// <summary>Rows and columns of the largest window whose inputs are written out one by one.</summary>
    private const int MostWindow = 16;

    private readonly X64Assembler _code = new();
    private readonly OffsetTables _tables = new(weights, places.ZeroRows);
    private readonly Dictionary<string, int> _entries = new(StringComparer.Ordinal);
    private readonly List<Linked> _steps = [];

    /// <summary>Makes all code runnable; call once, after the last step.</summary>
    internal void Finish()
    {
        if (_steps.Count == 0)
        {
            return;
        }

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
    /// <param name="program">What it does with a row.</param>
    /// <param name="product">Its binary product; null for none.</param>
    /// <param name="order">The order of the signs that the step writes, where it is not that of the channels.</param>
    /// <returns>The step; null where it holds something that there is no code for.</returns>
    internal CompiledStep? TryCompile(
        string name, string kind, int items, RowProgram program, BinaryOperands? product, out GroupOrder? order)
    {
        order = null;
        if (StepTiles.Of(items, program) is not { } tiles || program.TokenRowBytes > int.MaxValue / 16 || !Takes(product, program))
        {
            return null;
        }

        var pointers = new RowPointers();
        order = product is { MayReorder: true } ? HiddenLayer.Find(program, target.Lanes()) : null;
        if (order is null && program.Ops.Any(s => s.Kind == EpilogueOpKind.GroupMean))
        {
            return null;
        }

        var ops = (EpilogueOp[])program.Ops.Clone();
        long scratchRow = program.TokenRowBytes;
        GroupForm? groupForm = null;
        if (order is { } hidden)
        {
            groupForm = HiddenLayer.Rewrite(ops, program.Instructions, hidden, pointers, weights, _tables, ref scratchRow);
        }

        BitsSource? windows = product is { Source.Kernel: > 1 } ? product.Source : null;
        ProductForm? productForm = null;
        TableProductForm? tableForm = null;
        long scratch = scratchRow * tiles.Tokens;
        if (product is not null)
        {
            int stride = product.Source.Words * 8;
            int slot = windows is null ? pointers.Add(true, product.Source.Offset, stride) : pointers.AddGiven(stride);
            if (target == CodeTarget.Avx2)
            {
                tableForm = Tables(product, order, pointers, slot, ops, (int)scratch);
                scratch += tiles.Tokens * 64L * tableForm.SumBytes;
            }
            else
            {
                productForm = new ProductForm(
                    product.Source.Words * 2, slot, stride, pointers.Literal(product.Pack(weights, order)),
                    pointers.Literal(_tables.Number(product.Source.Inputs)), pointers.Literal(_tables.Number(-2)));
            }
        }

        StepForm form = Form(program, items, tiles, pointers, ops, (int)scratchRow) with
        {
            Instructions = groupForm is null ? program.Instructions : HiddenLayer.Passes(program.Instructions),
            Product = productForm,
            Tables = tableForm,
            Group = groupForm,
        };
        return Add(new CompiledStep(name, kind, items, tiles.Tokens, scratch, windows), form);
    }

    /// <summary>Compiles a float product.</summary>
    /// <param name="name">Name of the step's first node.</param>
    /// <param name="kind">The ops in it.</param>
    /// <param name="items">Tokens.</param>
    /// <param name="program">What it does with a row.</param>
    /// <param name="source">Where the inputs lie.</param>
    /// <param name="matrix">Weights, <c>[K][padded outputs]</c>.</param>
    /// <param name="bias">Bias, padded.</param>
    /// <param name="outputs">Padded outputs.</param>
    /// <returns>The step; null where there is no code for it.</returns>
    internal CompiledStep? TryCompile(
        string name, string kind, int items, RowProgram program, FloatSource source, float* matrix, float* bias, int outputs)
    {
        bool image = source.Shape.Kind == ValueKind.Image;
        if (source.Padding > 0 || source.Kernel > MostWindow || program.TokenRowBytes > int.MaxValue / 16 || StepTiles.Of(items, program, true) is not { } tiles
            || program.Ops.Any(s => s.Kind == EpilogueOpKind.GroupMean || (s.Kind == EpilogueOpKind.AddPool && target == CodeTarget.Avx2)))
        {
            return null;
        }

        var pointers = new RowPointers();
        var grid = new StepGrid(program.GridWidth, items, tiles.Tokens);
        int pixel = image ? sizeof(float) : ValueShape.Pad(source.Shape.Channels) * sizeof(float);
        int channel = image ? source.Shape.Height * source.Shape.Width * sizeof(float) : sizeof(float);
        var floats = new FloatProductForm(
            source.Shape.Channels, source.Kernel, channel, source.Shape.Width * pixel, pixel, source.Stride * pixel, outputs * sizeof(float),
            image ? pointers.AddGiven(0) : -1, pointers.Add(false, (long)_tables.Windows(source, grid, pixel), sizeof(int)),
            pointers.Literal((long)matrix), pointers.Literal((long)bias));
        StepForm form = Form(program, items, tiles, pointers, program.Ops, (int)program.TokenRowBytes) with { Floats = floats };
        return Add(new CompiledStep(name, kind, items, tiles.Tokens, program.TokenRowBytes * tiles.Tokens, null), form);
    }

    /// <summary>Compiles an attention.</summary>
    /// <param name="name">Name of the step's first node.</param>
    /// <param name="kind">The ops in it.</param>
    /// <param name="items">Tokens.</param>
    /// <param name="program">What it does with a row.</param>
    /// <param name="operands">Where queries, keys and values lie.</param>
    /// <param name="prepared">Arena offset of the prepared keys and values.</param>
    /// <param name="exp">Fixed-point exponentials by number of matches.</param>
    /// <param name="clip">Clip of each head.</param>
    /// <returns>The steps; null where there is no code for them.</returns>
    internal PlanStep[]? TryCompile(
        string name, string kind, int items, RowProgram program, AttentionOperands operands, long prepared, long* exp, float* clip)
    {
        bool supported = target == CodeTarget.Avx2 ? TableAttentionForm.Takes(operands) : AttentionTables.IsSupported(operands, exp);
        if (!supported || StepTiles.Of(items, program) is not { } tiles || program.TokenRowBytes > int.MaxValue / 16
            || program.Ops.Any(s => s.Kind is EpilogueOpKind.AddPool or EpilogueOpKind.GroupMean or EpilogueOpKind.LoadShift or EpilogueOpKind.AddShift))
        {
            return null;
        }

        var pointers = new RowPointers();
        int ownScratch = (int)program.TokenRowBytes * tiles.Tokens;
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

        StepForm form = Form(program, items, tiles, pointers, program.Ops, (int)program.TokenRowBytes) with
        {
            Attention = attention,
            TableAttention = tableAttention,
        };
        long scratch = attention?.ScratchEnd ?? tableAttention!.ScratchEnd;
        CompiledStep step = Add(new CompiledStep(name, kind, items, tiles.Tokens, scratch, null), form);
        return [attention is null ? new TableAttentionPackStep(name, operands, prepared) : new AttentionPackStep(name, operands, prepared), step];
    }

    /// <summary>Sums of halves need an even number of inputs, and a scale that can be doubled.</summary>
    private bool Takes(BinaryOperands? product, RowProgram program)
    {
        if (product is null)
        {
            return true;
        }

        if (product.Source.Inputs > GraphValidator.MaxInputs || target != CodeTarget.Avx2)
        {
            return product.Source.Inputs <= GraphValidator.MaxInputs;
        }

        EpilogueOp source = program.Ops[program.Instructions[0].First];
        return source.Kind == EpilogueOpKind.LoadCounts || (product.Source.Inputs % 2 == 0 && source.Kind == EpilogueOpKind.LoadDifferences
            && !new ReadOnlySpan<float>(source.P0, program.Instructions[0].Channels).ContainsAnyExceptInRange(-float.MaxValue / 2, float.MaxValue / 2));
    }

    /// <summary>The product by table look-ups; where its sums are halves, their scale is doubled.</summary>
    private TableProductForm Tables(BinaryOperands product, GroupOrder? order, RowPointers pointers, int slot, EpilogueOp[] ops, int sumOffset)
    {
        bool isCount = ops[0].Kind == EpilogueOpKind.LoadCounts;
        byte* start = (byte*)weights.Allocate(4);
        if (!isCount)
        {
            int channels = ValueShape.Pad(product.Outputs);
            float* scale = ops[0].P0;
            float* doubled = (float*)weights.Allocate((long)channels * sizeof(float));
            for (int c = 0; c < channels; c++)
            {
                doubled[c] = 2 * scale[c];
            }

            ops[0].P0 = doubled;
            int value = (product.Source.Inputs / 2) - (32 * product.Source.Words);
            *(sbyte*)start = (sbyte)value;
            *(short*)(start + 1) = (short)value;
        }

        return new TableProductForm(
            product.Source.Words, slot, product.Source.Words * 8, pointers.Literal(AgreementTables.Pack(product, weights, order)),
            pointers.Literal(isCount ? AgreementTables.Counts : AgreementTables.Address), pointers.Literal((long)start), sumOffset,
            product.Source.Words <= TableProductForm.WordsOfBytes ? 1 : 2, isCount);
    }

    /// <summary>What all forms of steps have in common.</summary>
    private StepForm Form(RowProgram program, int items, StepTiles tiles, RowPointers pointers, EpilogueOp[] ops, int scratchRowBytes)
    {
        var rowPlaces = new RowPlaces(pointers, _tables, scratchRowBytes);
        foreach (EpilogueOp s in ops)
        {
            rowPlaces.Add(s, new StepGrid(program.GridWidth, items, tiles.Tokens));
        }

        return new StepForm
        {
            Ops = ops,
            Instructions = program.Instructions,
            Pointers = pointers,
            Places = rowPlaces,
            TileTokens = tiles.Tokens,
            LastTileTokens = tiles.Last,
            OneLiteral = pointers.Literal(_tables.Number(1)),
            ScratchRowBytes = scratchRowBytes,
        };
    }

    private CompiledStep Add(CompiledStep step, StepForm form)
    {
        string key = form.Key();
        if (!_entries.TryGetValue(key, out int entry))
        {
            entry = _code.Code.Length;
            StepEmitter emitter = target == CodeTarget.Avx2 ? new Avx2StepEmitter(_code, form) : new Avx512StepEmitter(_code, form);
            emitter.Emit();
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
