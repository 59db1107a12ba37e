using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Makes machine code for the steps of a plan on CPUs with AVX-512 and VPOPCNTDQ, an instruction that .NET has no intrinsic for:
/// 512 products of signs in one exclusive or, one population count and one addition. The code of a step does everything to a tile of
/// tokens while it is in registers: product, scale, shortcut, activation, signs, pools.</summary>
internal sealed unsafe class StepCompiler(PlanWeights weights, ValuePlaces places)
{
    /// <summary>Rows and columns of the largest window whose inputs are written out one by one.</summary>
    private const int MostWindow = 16;

    private readonly X64Assembler _code = new();
    private readonly OffsetTables _tables = new(weights, places.ZeroRows);
    private readonly Dictionary<string, int> _entries = new(StringComparer.Ordinal);
    private readonly List<Linked> _steps = [];

    /// <summary>True where this machine runs such code and the process may make it.</summary>
    internal static bool IsSupported { get; } =
        Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512Vbmi.IsSupported && HasPopulationCount() && ExecutableMemory.IsAllowed;

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
        if (StepTiles.Of(items, program) is not { } tiles || program.TokenRowBytes > int.MaxValue / 16 || product is { Source.Inputs: > BitKernel.MaxInputs })
        {
            return null;
        }

        var pointers = new RowPointers();
        order = product is { MayReorder: true } ? HiddenLayer.Find(program) : null;
        if (order is null && program.Stages.Any(s => s.Kind == StageKind.GroupMean))
        {
            return null;
        }

        var stages = (Stage[])program.Stages.Clone();
        long scratchRow = program.TokenRowBytes;
        GroupForm? groupForm = null;
        BitsSource? windows = null;
        ProductForm? productForm = null;
        if (order is { } hidden)
        {
            groupForm = HiddenLayer.Rewrite(stages, program.Instructions, hidden, pointers, weights, _tables, ref scratchRow);
        }

        if (product is not null)
        {
            windows = product.Source.Kernel > 1 ? product.Source : null;
            int stride = product.Source.Words * 8;
            int slot = windows is null ? pointers.Add(true, product.Source.Offset, stride) : pointers.AddGiven(stride);
            productForm = new ProductForm(
                product.Source.Words * 2, slot, stride, pointers.Literal(product.Pack(weights, order)),
                pointers.Literal(_tables.Number(product.Source.Inputs)), pointers.Literal(_tables.Number(-2)));
        }

        var rowPlaces = new RowPlaces(pointers, _tables, (int)scratchRow);
        foreach (Stage s in stages)
        {
            rowPlaces.Add(s, new StepGrid(program.GridWidth, items, tiles.Tokens));
        }

        var form = new StepForm
        {
            Stages = stages,
            Instructions = groupForm is null ? program.Instructions : HiddenLayer.Passes(program.Instructions),
            Pointers = pointers,
            Places = rowPlaces,
            TileTokens = tiles.Tokens,
            LastTileTokens = tiles.Last,
            Product = productForm,
            Group = groupForm,
            ScratchRowBytes = (int)scratchRow,
        };
        return Add(new CompiledStep(name, kind, items, tiles.Tokens, scratchRow * tiles.Tokens, windows), form);
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
            || program.Stages.Any(s => s.Kind == StageKind.GroupMean))
        {
            return null;
        }

        var pointers = new RowPointers();
        var grid = new StepGrid(program.GridWidth, items, tiles.Tokens);
        int pixel = image ? sizeof(float) : BitKernel.Pad(source.Shape.Channels) * sizeof(float);
        int channel = image ? source.Shape.Height * source.Shape.Width * sizeof(float) : sizeof(float);
        var floats = new FloatProductForm(
            source.Shape.Channels, source.Kernel, channel, source.Shape.Width * pixel, pixel, source.Stride * pixel, outputs * sizeof(float),
            image ? pointers.AddGiven(0) : -1, pointers.Add(false, (long)_tables.Windows(source, grid, pixel), sizeof(int)),
            pointers.Literal((long)matrix), pointers.Literal((long)bias));
        var rowPlaces = new RowPlaces(pointers, _tables, (int)program.TokenRowBytes);
        foreach (Stage s in program.Stages)
        {
            rowPlaces.Add(s, grid);
        }

        var form = new StepForm
        {
            Stages = program.Stages,
            Instructions = program.Instructions,
            Pointers = pointers,
            Places = rowPlaces,
            TileTokens = tiles.Tokens,
            LastTileTokens = tiles.Last,
            Floats = floats,
            ScratchRowBytes = (int)program.TokenRowBytes,
        };
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
        if (StepTiles.Of(items, program) is not { } tiles || program.TokenRowBytes > int.MaxValue / 16 || !AttentionTables.IsSupported(operands, exp)
            || program.Stages.Any(s => s.Kind is StageKind.AddPool or StageKind.GroupMean))
        {
            return null;
        }

        var pointers = new RowPointers();
        AttentionForm attention = AttentionTables.Form(operands, prepared, exp, clip, pointers, weights, (int)program.TokenRowBytes * tiles.Tokens);
        var rowPlaces = new RowPlaces(pointers, _tables, (int)program.TokenRowBytes);
        foreach (Stage s in program.Stages)
        {
            rowPlaces.Add(s, new StepGrid(program.GridWidth, items, tiles.Tokens));
        }

        var form = new StepForm
        {
            Stages = program.Stages,
            Instructions = program.Instructions,
            Pointers = pointers,
            Places = rowPlaces,
            TileTokens = tiles.Tokens,
            LastTileTokens = tiles.Last,
            Attention = attention,
            ScratchRowBytes = (int)program.TokenRowBytes,
        };
        CompiledStep step = Add(new CompiledStep(name, kind, items, tiles.Tokens, attention.ScratchEnd, null), form);
        return [new AttentionPackStep(name, operands, prepared), step];
    }

    private CompiledStep Add(CompiledStep step, StepForm form)
    {
        string key = form.Key();
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

    private static bool HasPopulationCount() => X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 14)) != 0;

    private sealed record Linked(CompiledStep Step, int Entry, nint Literals);
}
