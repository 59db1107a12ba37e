namespace EdgeVit.Runtime;

/// <summary>What one node costs.</summary>
/// <param name="BinaryMacs">Binary multiply-adds (one xnor and one count of a bit).</param>
/// <param name="FloatMacs">Float multiply-adds of convolutions and linears.</param>
/// <param name="ElementOps">Element visits of everything else, about one per element read or written.</param>
internal readonly record struct NodeCost(double BinaryMacs, double FloatMacs, double ElementOps)
{
    internal double Work => (BinaryMacs / 64) + FloatMacs + ElementOps;
}

/// <summary>The facts of one node, for <c>inspect</c>.</summary>
/// <param name="Node">The node.</param>
/// <param name="Shape">Shape of its output.</param>
/// <param name="WeightBits">Sign bits among its tensors.</param>
/// <param name="Bytes">Bytes of its tensors as stored.</param>
/// <param name="Cost">What it computes.</param>
internal sealed record NodeFacts(GraphNode Node, ValueShape Shape, long WeightBits, long Bytes, NodeCost Cost);

/// <summary>Counts operations and bytes, per node.</summary>
internal static class GraphCost
{
    /// <summary>Element operations of an exponential.</summary>
    private const double ExpOps = 8;

    /// <summary>The facts of every node of a graph, in execution order.</summary>
    /// <exception cref="EvitFormatException">The graph is not valid.</exception>
    public static IReadOnlyList<NodeFacts> Of(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(tensors);
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(graph, tensors);
        return [.. graph.Nodes.Select(node =>
        {
            ValueShape[] inputs = [.. node.Inputs.Select(i => shapes[i])];
            long bits = node.Op switch
            {
                Op.BinaryLinear => (long)shapes[node.Output].Channels * inputs[0].Channels,
                Op.BinaryConv => (long)shapes[node.Output].Channels * inputs[0].Channels * node.Attributes["kernel"] * node.Attributes["kernel"],
                _ => 0,
            };
            long bytes = node.Tensors.Values.Sum(t => (long)tensors[t].Bytes.Length);
            return new NodeFacts(node, shapes[node.Output], bits, bytes, Of(node, inputs, shapes[node.Output], tensors));
        })];
    }

    internal static NodeCost Of(
        GraphNode node, ReadOnlySpan<ValueShape> inputs, ValueShape output, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        ValueShape x = inputs[0];
        double outputs = output.Elements;
        return node.Op switch
        {
            Op.Conv2d => new(0, outputs * x.Channels * Square(tensors[node.Tensors["weight"]].Shape[2]), 0),
            Op.Linear => new(0, outputs * x.Channels, 0),
            Op.BinaryLinear => new(outputs * x.Channels, 0, outputs),
            Op.BinaryConv => new(outputs * x.Channels * Square(node.Attributes["kernel"]), 0, outputs),
            Op.BinaryAttention => new((1.0 + AttentionAttributes.Levels(node)) * x.Elements * inputs[1].Tokens, 0, outputs + ((double)x.Tokens * inputs[1].Tokens * node.Attributes["heads"])),
            Op.SoftmaxAttention => new(0, 2.0 * x.Elements * inputs[1].Tokens, outputs + (ExpOps * x.Tokens * inputs[1].Tokens * node.Attributes["heads"])),
            Op.LayerNorm => new(0, 0, 3 * outputs),
            Op.AvgPool2d => new(0, 0, outputs * node.Attributes["kernelH"] * node.Attributes["kernelW"]),
            Op.Add or Op.ScaledSum => new(0, 0, outputs * inputs.Length),
            _ => new(0, 0, Math.Max(x.Elements, outputs)),
        };
    }

    private static double Square(double x) => x * x;
}
