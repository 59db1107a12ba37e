namespace EdgeVit.Runtime;

/// <summary>What one node costs.</summary>
/// <param name="BinaryMacs">Binary multiply-adds (one xnor and one count of a bit).</param>
/// <param name="FloatMacs">Float multiply-adds of convolutions and linears.</param>
/// <param name="ElementOps">Element visits of everything else, about one per element read or written.</param>
internal readonly record struct NodeCost(double BinaryMacs, double FloatMacs, double ElementOps)
{
    internal double Work => (BinaryMacs / 64) + FloatMacs + ElementOps;
}

/// <summary>The facts of one node, for <c>inspect</c>: the shape of its output, the sign bits among its tensors, bytes as they are stored.</summary>
internal sealed record NodeFacts(GraphNode Node, ValueShape Shape, long WeightBits, long Bytes, NodeCost Cost);

/// <summary>Counts operations and bytes, per node.</summary>
internal static class GraphCost
{
    /// <summary>The facts of every node of a graph, in execution order.</summary>
    /// <exception cref="EvitFormatException">The graph is not valid.</exception>
    public static IReadOnlyList<NodeFacts> Of(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
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

    internal static NodeCost Of(GraphNode node, ReadOnlySpan<ValueShape> inputs, ValueShape output, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        var costs = new OpCosts(node, inputs[0], inputs.Length > 1 ? inputs[1].Tokens : 0, output, tensors);
        return Ops.Of(node.Op).Cost?.Invoke(costs) ?? new NodeCost(0, 0, Math.Max(inputs[0].Elements, output.Elements));
    }
}

/// <summary>The sizes that a node's cost is computed from.</summary>
internal sealed class OpCosts(GraphNode node, ValueShape input, int keys, ValueShape output, IReadOnlyDictionary<string, StoredTensor> tensors)
{
    /// <summary>Element operations of an exponential.</summary>
    internal const double Exponential = 8;

    internal GraphNode Node => node;

    internal double Outputs => output.Elements;

    internal double Inputs => input.Elements;

    internal double Channels => input.Channels;

    internal double Keys => keys;

    /// <summary>Keys that a query of attention meets: all, or those of a window.</summary>
    internal double KeysOfQuery => AttentionAttributes.KeysOfQuery(node, keys);

    /// <summary>Pairs of a query and a key, of all heads.</summary>
    internal double Pairs => input.Tokens * KeysOfQuery * node.Attributes["heads"];

    internal double Operands => node.Inputs.Count;

    internal double Attribute(string name) => node.Attributes[name];

    internal double Weight(int dimension) => tensors[node.Tensors["weight"]].Shape[dimension];

    internal static double Square(double x) => x * x;
}
