namespace EdgeVit.Runtime;

/// <summary>Makes the runnable steps of a draft.</summary>
internal sealed unsafe class StepFactory(EvitFile file, StepGrouping grouping, ValuePlaces places, PlanWeights weights, KernelSet kernels)
{
    private readonly StepCompiler? _compiler = kernels.Compiled ? new StepCompiler(weights, places) : null;
    private readonly Dictionary<string, GroupOrder> _orders = new(StringComparer.Ordinal);

    /// <summary>Call after the last step.</summary>
    internal void Finish() => _compiler?.Finish();

    /// <summary>The steps of a draft.</summary>
    internal IEnumerable<PlanStep> Build(StepDraft draft)
    {
        var builder = new RowProgramBuilder(grouping, places, file.Shapes, weights, kernels.Rows, draft);
        int items = draft.Height * draft.Width;
        string kind = Kind(draft);
        if (draft.Head is not { } head)
        {
            RowProgram plain = builder.Build(null);
            string name = draft.Nodes[0].Name;
            return [_compiler?.TryCompile(name, kind, items, plain, null, out _) ?? (PlanStep)new RowStep(name, kind, items, plain)];
        }

        ValueShape output = file.Shapes[head.Output];
        ValueShape input = file.Shapes[head.Inputs[0]];
        RowProgram program = builder.Build(Source(head, input, output, weights));
        if (FloatStepFactory.Makes(head.Op))
        {
            return FloatStepFactory.Build(head, kind, program, file, places, weights, kernels);
        }

        switch (head.Op)
        {
            case Op.BinaryLinear or Op.BinaryConv:
                int window = head.Attributes.GetValueOrDefault("kernel", 1);
                var source = new BitsSource(places.Offset(head.Inputs[0]), input.Channels, input.Width, output.Width, window);
                ulong[] rows = weights.Words(head.Tensors["weight"]);
                if (_orders.TryGetValue(head.Inputs[0], out GroupOrder inputOrder))
                {
                    rows = inputOrder.Permute(rows);
                }

                if (_compiler is not null)
                {
                    string? signs = ReorderableSigns(draft);
                    var binary = new BinaryOperands(source, rows, output.Channels, signs is not null);
                    if (_compiler.TryCompile(head.Name, kind, items, program, binary, out GroupOrder? order) is { } compiled)
                    {
                        if (order is { } signOrder)
                        {
                            _orders[signs!] = signOrder;
                        }

                        return [compiled];
                    }
                }

                byte* packed = kernels.Bits.Pack(rows, output.Channels, source.Inputs, weights.Allocate);
                return [new BinaryProductStep(head.Name, kind, items, program, kernels.Bits, source, packed, output.Channels)];

            case Op.BinaryAttention:
                (AttentionOperands operands, long prepared) = places.Attention(head, file.Shapes);
                long* exp = weights.Integers(head.Tensors["exp"]);
                float* clip = weights.Rows(head.Tensors["clip"], operands.Heads);
                return _compiler?.TryCompile(head.Name, kind, items, program, operands, prepared, exp, clip) ??
                [
                    new AttentionPrepareStep(head.Name, operands, prepared),
                    new AttentionStep(head.Name, kind, items, program, kernels.Attention, operands, prepared, exp, clip),
                ];

            default:
                int size = head.Op == Op.Linear ? 1 : file.Tensors[head.Tensors["weight"]].Shape[2];
                long offset = input.Kind == ValueKind.Image ? 0 : places.Offset(head.Inputs[0]);
                int stride = head.Attributes.GetValueOrDefault("stride", 1);
                int padding = head.Attributes.GetValueOrDefault("padding", 0);
                var floats = new FloatSource(input, offset, output.Width, size, stride, padding);
                float* matrix = weights.Transposed(head.Tensors["weight"], output.Channels);
                float* bias = head.Tensors.TryGetValue("bias", out string? biasName) ? weights.Rows(biasName, output.Channels) : weights.Zeros(output.Channels);
                if (_compiler?.TryCompile(head.Name, kind, items, program, floats, matrix, bias, BitKernel.Pad(output.Channels)) is { } product)
                {
                    return [product];
                }

                return [new FloatProductStep(head.Name, kind, items, program, kernels.Rows, floats, matrix, bias, output.Channels)];
        }
    }

    /// <summary>The step's only stored signs, if binary products alone read them.</summary>
    private string? ReorderableSigns(StepDraft draft)
    {
        GraphNode[] signs = [.. draft.Nodes.Where(n => n.Op == Op.ShiftSign && places.IsStored(n.Output))];
        return signs.Length == 1 && grouping.Consumers(signs[0].Output).All(n => n.Op == Op.BinaryLinear) ? signs[0].Output : null;
    }

    private static Stage Source(GraphNode head, ValueShape input, ValueShape output, PlanWeights weights)
    {
        int padded = BitKernel.Pad(output.Channels);
        if (head.Op is not (Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention))
        {
            return new Stage { Kind = StageKind.Load, Space = RowSpace.Tile, Stride = padded * sizeof(float), Factor = 1 };
        }

        int window = head.Attributes.GetValueOrDefault("kernel", 1);
        return new Stage
        {
            Kind = head.Op == Op.BinaryAttention ? StageKind.LoadCounts : StageKind.LoadDifferences,
            Space = RowSpace.Tile,
            Stride = padded * sizeof(ushort),
            Factor = 1,
            Number = window * window * input.Channels,
            P0 = weights.Rows(head.Tensors["scale"], output.Channels),
            P1 = weights.Rows(head.Tensors["offset"], output.Channels),
        };
    }

    private static string Kind(StepDraft draft)
    {
        IEnumerable<GraphNode> nodes = draft.Head is null ? draft.Nodes : draft.Nodes.Prepend(draft.Head);
        return string.Join(" + ", GroupAdjacent(nodes.Select(n => n.Op.ToString())));
    }

    /// <summary>Runs of equal names as <c>name x count</c>.</summary>
    private static IEnumerable<string> GroupAdjacent(IEnumerable<string> names)
    {
        string? last = null;
        int count = 0;
        foreach (string name in names)
        {
            if (name == last)
            {
                count++;
                continue;
            }

            if (last is not null)
            {
                yield return count == 1 ? last : $"{last} x {count}";
            }

            (last, count) = (name, 1);
        }

        if (last is not null)
        {
            yield return count == 1 ? last : $"{last} x {count}";
        }
    }
}
