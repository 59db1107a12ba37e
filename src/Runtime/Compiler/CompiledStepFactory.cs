namespace EdgeVit.Runtime;

/// <summary>Makes compiled steps of drafts, as far as there is code for them.</summary>
internal sealed unsafe class CompiledStepFactory(CodeTarget target, EvitFile file, StepGrouping grouping, ValuePlaces places, PlanWeights weights, RowKernel rows) : IStepMaker
{
    private readonly StepCompiler _compiler = new(target, weights, places);
    private readonly Dictionary<string, GroupOrder> _orders = new(StringComparer.Ordinal);

    /// <summary>Makers of code for a target.</summary>
    internal static StepMaking For(CodeTarget target) =>
        (file, grouping, places, weights, rows) => new CompiledStepFactory(target, file, grouping, places, weights, rows);

    /// <inheritdoc/>
    public void Finish() => _compiler.Finish();

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Rows(GraphNode head)
    {
        ReadOnlyMemory<byte> words = weights.Words(head.Tensors["weight"]);
        return _orders.TryGetValue(head.Inputs[0], out GroupOrder? order) ? order.Permute(words.Span) : words;
    }

    /// <inheritdoc/>
    public PlanStep[]? TryBuild(StepDraft draft, string kind)
    {
        int items = draft.Height * draft.Width;
        var builder = new RowProgramBuilder(grouping, places, file.Shapes, weights, rows, draft, compiled: true);
        if (draft.Head is not { } head)
        {
            return _compiler.TryCompile(draft.Nodes[0].Name, kind, items, builder.Build(null), null, out _) is { } plain ? [plain] : null;
        }

        ValueShape output = file.Shapes[head.Output];
        ValueShape input = file.Shapes[head.Inputs[0]];
        if (head.Op is Op.BinaryLinear or Op.BinaryConv)
        {
            string? signs = ReorderableSigns(draft);
            int window = head.Attributes.GetValueOrDefault("kernel", 1);
            var source = new BitsSource(places.Offset(head.Inputs[0]), input.Channels, input.Width, output.Width, window);
            RowProgram program = builder.Build(StepFactory.Source(head, input, output, weights));
            var operands = new BinaryOperands(source, Rows(head), output.Channels, signs is not null);
            CompiledStep? step = _compiler.TryCompile(head.Name, kind, items, program, operands, out GroupOrder? order);
            if (order is { } signOrder)
            {
                _orders[signs!] = signOrder;
            }

            return step is null ? null : [step];
        }

        if (head.Op == Op.BinaryAttention)
        {
            (AttentionOperands operands, long prepared) = places.Attention(head, file);
            long* exp = weights.Integers(head.Tensors["exp"]);
            float* clip = weights.Rows(head.Tensors["clip"], operands.Heads);
            RowProgram program = builder.Build(StepFactory.Source(head, input, output, weights));
            return _compiler.TryCompile(head.Name, kind, items, program, operands, prepared, exp, clip);
        }

        // A single token has one chain of additions at a time; the row kernel runs several. A linear of many tokens has more weights than the
        // cache holds and its own step, which goes through them block by block.
        if (head.Op != Op.Conv2d || items < Registers.MaxTokens)
        {
            return null;
        }

        RowProgram floats = builder.Build(StepFactory.Source(head, input, output, weights));
        float* matrix = weights.Transposed(head.Tensors["weight"], output.Channels);
        return _compiler.TryCompile(
            head.Name, kind, items, floats, FloatSource.Of(head, file, places), matrix, weights.Bias(head, output.Channels), ValueShape.Pad(output.Channels)) is { } product
            ? [product]
            : null;
    }

    /// <summary>The step's only stored signs, if binary products alone read them.</summary>
    private string? ReorderableSigns(StepDraft draft)
    {
        GraphNode[] signs = [.. draft.Nodes.Where(n => n.Op == Op.ShiftSign && places.IsStored(n.Output))];
        return signs.Length == 1 && grouping.Consumers(signs[0].Output).All(n => n.Op == Op.BinaryLinear) ? signs[0].Output : null;
    }
}
