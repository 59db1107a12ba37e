namespace EdgeVit.Runtime;

/// <summary>What a step has to do for one image.</summary>
/// <param name="Shape">Of a product <c>tokens x outputs x inputs</c>, of an attention <c>queries x keys x heads x channels of a head</c>, of
/// work on rows alone <c>tokens x channels</c>; empty for a step that prepares another.</param>
/// <param name="BinaryMacs">Binary multiply-adds.</param>
/// <param name="FloatOps">Float multiply-adds and element visits.</param>
/// <param name="Bytes">Bytes of its tensors, and of the values that it reads from memory and writes there.</param>
internal sealed record StepWork(string Shape, double BinaryMacs, double FloatOps, long Bytes)
{
    internal static StepWork None { get; } = new("", 0, 0, 0);

    internal static StepWork Of(StepDraft draft, EvitFile file, ValuePlaces places)
    {
        IReadOnlyDictionary<string, ValueShape> shapes = file.Shapes;
        double binary = 0;
        double floats = 0;
        long bytes = 0;
        var own = new HashSet<string>(StringComparer.Ordinal);
        var touched = new HashSet<string>(StringComparer.Ordinal);
        foreach (GraphNode node in draft.All)
        {
            NodeCost cost = GraphCost.Of(node, [.. node.Inputs.Select(i => shapes[i])], shapes[node.Output], file.Tensors);
            binary += cost.BinaryMacs;
            floats += cost.FloatMacs + cost.ElementOps;
            own.Add(node.Output);
            bytes += node.Tensors.Values.Where(touched.Add).Sum(t => (long)file.Tensors[t].Bytes.Length);
            bytes += node.Inputs.Append(node.Output).Where(v => (v == node.Output || !own.Contains(v)) && touched.Add(v)).Sum(v => ValueBytes(v, shapes[v], places));
        }

        return new StepWork(ShapeOf(draft.All[0], file), binary, floats, bytes);
    }

    private static long ValueBytes(string value, ValueShape shape, ValuePlaces places) =>
        shape.Kind == ValueKind.Image ? shape.Elements * sizeof(float) : places.IsStored(value) ? shape.Tokens * ValuePlaces.Stride(shape) : 0;

    private static string ShapeOf(GraphNode node, EvitFile file)
    {
        ValueShape output = file.Shapes[node.Output];
        ValueShape input = file.Shapes[node.Inputs[0]];
        switch (node.Op)
        {
            case Op.BinaryAttention or Op.SoftmaxAttention:
                int heads = node.Attributes["heads"];
                return $"{input.Tokens} x {AttentionAttributes.KeysOfQuery(node, file.Shapes[node.Inputs[1]].Tokens)} x {heads} x {input.Channels / heads}";
            case Op.BinaryLinear or Op.Linear or Op.BinaryConv or Op.Conv2d:
                NodeCost cost = GraphCost.Of(node, [input], output, file.Tensors);
                return $"{output.Tokens} x {output.Channels} x {(long)(cost.BinaryMacs + cost.FloatMacs) / output.Elements}";
            default:
                return $"{output.Tokens} x {output.Channels}";
        }
    }
}
