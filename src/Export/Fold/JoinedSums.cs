using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Sums that begin with a product which nothing else reads take it with them: <c>scale * d + (other + offset)</c> rounds where a product of its
/// own and a sum did (see <see cref="OpAttributes.Joined"/>). The last thing done to a graph that is stored.</summary>
internal static class JoinedSums
{
    /// <summary>The graph of the present version with its sums joined.</summary>
    internal static ModelGraph Of(ModelGraph graph)
    {
        var readers = new ValueReaders(graph);
        Dictionary<string, GraphNode> writers = graph.Nodes.ToDictionary(node => node.Output, StringComparer.Ordinal);
        return graph with { Nodes = [.. graph.Nodes.Select(Join)], Version = ModelGraph.CurrentVersion };

        GraphNode Join(GraphNode node)
        {
            if (node.Op is not (Op.Add or Op.ScaledSum) || node.Tensors.ContainsKey(OpAttributes.Scale(1)))
            {
                return node;
            }

            string[] inputs = [.. node.Inputs];
            if (!Counts(inputs[0]))
            {
                // Addition commutes.
                (inputs[0], inputs[1]) = (inputs[1], inputs[0]);
            }

            return Counts(inputs[0])
                ? node with { Inputs = inputs, Attributes = new Dictionary<string, int>(node.Attributes, StringComparer.Ordinal) { [OpAttributes.Joined] = 1 } }
                : node;
        }

        bool Counts(string value) => value != graph.OutputName && readers.Only(value) is not null && writers.TryGetValue(value, out GraphNode? product)
            && (product.Op == Op.BinaryAttention || product.Attributes.ContainsKey(OpAttributes.Counts));
    }
}
