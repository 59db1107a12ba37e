namespace EdgeVit.Runtime;

/// <summary>Where each stored value lies in the arena, by the lifetimes of a grouping.</summary>
internal sealed class ValuePlaces
{
    private const long MaxArenaBytes = 1L << 30;
    private const int ZeroRowCount = 10;

    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _prepared = new(StringComparer.Ordinal);

    internal ValuePlaces(ModelGraph graph, IReadOnlyDictionary<string, ValueShape> shapes, StepGrouping grouping)
    {
        var layout = new ArenaLayout();
        for (int step = 0; step < grouping.Steps.Count; step++)
        {
            StepDraft draft = grouping.Steps[step];
            foreach (GraphNode node in draft.All)
            {
                string value = node.Output;
                if (!grouping.IsStored(value))
                {
                    continue;
                }

                int last = value == graph.OutputName ? grouping.Steps.Count : grouping.LastReader(value);
                layout.Add(Bytes(shapes[value]), step, last, offset => _offsets[value] = offset);
            }

            if (draft.Head is { Op: Op.BinaryAttention } attention)
            {
                layout.Add(Operands(attention, shapes).PreparedBytes, step, step, offset => _prepared[attention.Name] = offset);
            }
            else if (draft.Head is { Op: Op.SoftmaxAttention } softmax)
            {
                layout.Add(SoftmaxOperands.Of(softmax, shapes).PreparedBytes, step, step, offset => _prepared[softmax.Name] = offset);
            }
            else if (draft.Head is { Op: Op.Conv2d } conv && conv.Attributes["padding"] > 0)
            {
                layout.Add(FloatSource.FrameBytes(shapes[conv.Inputs[0]], conv.Attributes["padding"]), step, step, offset => _prepared[conv.Name] = offset);
            }
        }

        // Kernels may read up to a vector behind a row.
        long widest = 0;
        foreach (GraphNode node in graph.Nodes)
        {
            widest = node.Op is Op.AvgPool2d or Op.SpatialShift or Op.DepthwiseConv2d ? Math.Max(widest, Stride(shapes[node.Output])) : widest;
        }

        ZeroRows = layout.Place() + 64;
        ArenaBytes = ZeroRows + (ZeroRowCount * widest);
        if (ArenaBytes > MaxArenaBytes)
        {
            throw new EvitFormatException(
                $"graph: a run would need {ArenaBytes >> 20} MiB of memory, expected at most {MaxArenaBytes >> 20}");
        }
    }

    internal long ArenaBytes { get; }

    /// <summary>Offset of ten rows of zeros, each as wide as the widest input of a pool, shift or convolution of single channels; nobody writes there.</summary>
    internal long ZeroRows { get; }

    /// <summary>True where the value lies in the arena.</summary>
    internal bool IsStored(string value) => _offsets.ContainsKey(value);

    /// <summary>A stored value's offset.</summary>
    internal long Offset(string value) => _offsets[value];

    /// <summary>Bytes from row to row.</summary>
    internal static long Stride(ValueShape shape) => shape.Kind == ValueKind.Bits ? shape.WordsPerToken * 8L : ValueShape.Pad(shape.Channels) * (long)sizeof(float);

    /// <summary>An attention's operands, and the offset of their prepared form.</summary>
    internal (AttentionOperands Operands, long Prepared) Attention(GraphNode node, EvitFile file)
    {
        AttentionOperands operands = Operands(node, file.Shapes);
        return (operands with
        {
            Query = Offset(node.Inputs[0]),
            Key = Offset(node.Inputs[1]),
            Value = Offset(node.Inputs[2]),
            TableStride = file.Tensors[node.Tensors["exp"]].Shape.Count == 2 ? operands.HeadSize + 1 : 0,
        }, _prepared[node.Name]);
    }

    /// <summary>A float attention's operands.</summary>
    internal SoftmaxOperands SoftmaxAttention(GraphNode node, IReadOnlyDictionary<string, ValueShape> shapes) => SoftmaxOperands.Of(node, shapes) with
    {
        Query = Offset(node.Inputs[0]),
        Key = Offset(node.Inputs[1]),
        Value = Offset(node.Inputs[2]),
        Prepared = _prepared[node.Name],
    };

    /// <summary>Where a copy of a convolution's input with its padding goes.</summary>
    internal long Frame(GraphNode node) => _prepared[node.Name];

    private static long Bytes(ValueShape shape) => shape.Tokens * Stride(shape);

    private static AttentionOperands Operands(GraphNode node, IReadOnlyDictionary<string, ValueShape> shapes)
    {
        int heads = node.Attributes["heads"];
        ValueShape query = shapes[node.Output];
        return new AttentionOperands(
            0, 0, 0, heads, query.Channels / heads, AttentionAttributes.KeysOfQuery(node, shapes[node.Inputs[1]].Tokens), AttentionAttributes.Levels(node),
            AttentionAttributes.MasksDiagonal(node), Queries: query.Tokens, Windows: WindowForm.Of(node) is { } form ? new TokenWindows(form, query.Height, query.Width) : null,
            HasBias: node.Tensors.ContainsKey("bias"), HasZero: node.Tensors.ContainsKey("zero"));
    }
}
