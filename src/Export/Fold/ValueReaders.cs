using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The nodes that read each value of a graph, and whether they can take over a constant that the value is short of.</summary>
internal sealed class ValueReaders
{
    private readonly Dictionary<string, List<GraphNode>> _readers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _absorbed = new(StringComparer.Ordinal);

    public ValueReaders(ModelGraph graph)
    {
        foreach (GraphNode node in graph.Nodes)
        {
            foreach (string input in node.Inputs)
            {
                if (!_readers.TryGetValue(input, out List<GraphNode>? readers))
                {
                    readers = [];
                    _readers[input] = readers;
                }

                readers.Add(node);
            }
        }

        for (int i = graph.Nodes.Count - 1; i >= 0; i--)
        {
            string value = graph.Nodes[i].Output;
            if (value != graph.OutputName && _readers.TryGetValue(value, out List<GraphNode>? readers) && readers.TrueForAll(Absorbs))
            {
                _absorbed.Add(value);
            }
        }
    }

    /// <summary>The one node that reads a value, once; null where none or several do.</summary>
    public GraphNode? Only(string value) => _readers.TryGetValue(value, out List<GraphNode>? readers) && readers is [var only] ? only : null;

    /// <summary>Whether all readers of a value can take over a constant of it, themselves or through those that read them.</summary>
    public bool AllAbsorb(string value) => _absorbed.Contains(value);

    private bool Absorbs(GraphNode reader) => reader.Op switch
    {
        Op.ShiftSign or Op.Affine or Op.Linear or Op.RPReLU => true,
        Op.Add or Op.GroupMeanChannels or Op.TileChannels or Op.Upsample or Op.MeanTokens or Op.SliceTokens or Op.Position => AllAbsorb(reader.Output),
        Op.AvgPool2d => !HasPadding(reader) && AllAbsorb(reader.Output),
        _ => false,
    };

    private static bool HasPadding(GraphNode pool) => pool.Attributes["paddingH"] > 0 || pool.Attributes["paddingW"] > 0;
}
