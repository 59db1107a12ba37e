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
        var builder = new EpilogueBuilder(grouping, places, file.Shapes, weights, rows, draft, compiled: true);
        if (draft.Head is not { } head)
        {
            return _compiler.TryCompile(draft.Nodes[0].Name, kind, items, builder.Build(null), null, out _) is { } plain ? [plain] : null;
        }

        ValueShape output = file.Shapes[head.Output];
        ValueShape input = file.Shapes[head.Inputs[0]];
        if (head.Op is Op.BinaryLinear or Op.BinaryConv)
        {
            string? signs = ReorderableSigns(draft);
            var bits = new BitsSource(places.Offset(head.Inputs[0]), input, output.Width, ConvWindow.Of(head));
            RowPasses passes = builder.Build(StepFactory.Source(head, output, weights));
            var operands = new BinaryOperands(bits, Rows(head), output.Channels, signs is not null, StepFactory.IsCount(head));
            CompiledStep? step = _compiler.TryCompile(head.Name, kind, items, passes, operands, out GroupOrder? order);
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
            RowPasses passes = builder.Build(StepFactory.Source(head, output, weights));
            return _compiler.TryCompile(head.Name, kind, items, passes, operands, prepared, exp, clip);
        }

        // A single token has one chain of additions at a time; the row kernel runs several. A linear of many tokens has more weights than the
        // cache holds and its own step, which goes through them block by block.
        if (head.Op != Op.Conv2d || items < Registers.MaxTokens)
        {
            return null;
        }

        RowPasses floats = builder.Build(StepFactory.Source(head, output, weights));
        float* matrix = weights.Transposed(head.Tensors["weight"], output.Channels);
        FloatSource source = FloatSource.Of(head, file, places);
        FloatSource whole = source.Padding > 0 ? source.Framed(places.Frame(head)) : source;
        if (_compiler.TryCompile(head.Name, kind, items, floats, whole, matrix, weights.Bias(head, output.Channels), ValueShape.Pad(output.Channels)) is not { } product)
        {
            return null;
        }

        return source.Padding > 0 ? [new FrameStep(head.Name, source, whole), product] : [product];
    }

    /// <summary>The step's only stored signs, if binary products alone read them.</summary>
    private string? ReorderableSigns(StepDraft draft)
    {
        GraphNode[] signs = [.. draft.Nodes.Where(n => n.Op == Op.ShiftSign && places.IsStored(n.Output))];
        return signs.Length == 1 && grouping.Consumers(signs[0].Output).All(n => n.Op == Op.BinaryLinear) ? signs[0].Output : null;
    }
}
