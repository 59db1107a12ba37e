using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The reference: every op as a plain scalar loop, node by node, nothing fused and nothing clever. Its
/// logits are the right ones; every kernel must give the same bits. Threads may share it.</summary>
/// <remarks>Float rules: multiply-adds are fused, reductions run in storage order, one output after the other; those of
/// <see cref="Op.LayerNorm"/> and of softmax run on 16 lanes. They hold on every machine, but for the sign of a zero within the network, on which no
/// other number depends; among the logits -0 is written as +0.</remarks>
internal sealed class GraphInterpreter
{
    private readonly ModelGraph _graph;
    private readonly IReadOnlyDictionary<string, StoredTensor> _tensors;
    // Small tensors are kept; large ones are widened each time they are read, which costs less than keeping them.
    private const int MostKept = 1 << 14;

    private readonly Dictionary<string, float[]> _floats = new(StringComparer.Ordinal);
    private readonly Func<StoredTensor, float[]> _widen;

    /// <summary>An interpreter of a graph; <paramref name="widen"/> gives other numbers to compute with than a float tensor's own.</summary>
    /// <exception cref="EvitFormatException">The graph is not valid.</exception>
    public GraphInterpreter(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, Func<StoredTensor, float[]>? widen = null)
    {
        _widen = widen ?? TensorData.Floats;
        Shapes = GraphValidator.Validate(graph, tensors);
        _graph = graph;
        _tensors = tensors;
    }

    public IReadOnlyDictionary<string, ValueShape> Shapes { get; }

    /// <summary>Computes all values, by name, of one image, normalised, <c>[C, H, W]</c>.</summary>
    public IReadOnlyDictionary<string, Value> Run(ReadOnlySpan<float> input)
    {
        IReadOnlyList<int> shape = _graph.InputShape;
        var values = new Dictionary<string, Value>(StringComparer.Ordinal)
        {
            [_graph.InputName] = Value.Image(input.ToArray(), shape[0], shape[1], shape[2]),
        };
        foreach (GraphNode node in _graph.Nodes)
        {
            values[node.Output] = Evaluate(node, values);
        }

        return values;
    }

    /// <summary>Computes one node of the graph from at least its inputs' values, in the graph's shapes.</summary>
    public Value Evaluate(GraphNode node, IReadOnlyDictionary<string, Value> values) => ReferenceOps.Evaluate(new NodeValues(this, node, values));

    /// <summary>Whether the graph is of a version whose RPReLU multiplied what is below 0.</summary>
    internal bool IsFormer => _graph.Version < ModelGraph.JoinedSince;

    internal bool IsOutput(GraphNode node) => node.Output == _graph.OutputName;

    internal StoredTensor Tensor(GraphNode node, string role) => _tensors[node.Tensors[role]];

    internal float[] Floats(GraphNode node, string role)
    {
        string name = node.Tensors[role];
        lock (_floats)
        {
            if (!_floats.TryGetValue(name, out float[]? values))
            {
                values = _widen(_tensors[name]);
                if (values.Length <= MostKept)
                {
                    _floats[name] = values;
                }
            }

            return values;
        }
    }
}

/// <summary>What a node is computed from.</summary>
internal sealed class NodeValues(GraphInterpreter interpreter, GraphNode node, IReadOnlyDictionary<string, Value> values)
{
    internal GraphNode Node => node;

    internal Value X => Input(0);

    internal ValueShape Shape => interpreter.Shapes[node.Output];

    internal bool IsOutput => interpreter.IsOutput(node);

    internal bool IsFormer => interpreter.IsFormer;

    /// <summary>Whether a product counts differing signs.</summary>
    internal bool IsCount => node.Attributes.ContainsKey(OpAttributes.Counts);

    internal int this[string attribute] => node.Attributes[attribute];

    internal Value Input(int index) => values[node.Inputs[index]];

    internal StoredTensor Tensor(string role) => interpreter.Tensor(node, role);

    internal float[] Floats(string role) => interpreter.Floats(node, role);

    internal float[]? Optional(string role) => node.Tensors.ContainsKey(role) ? Floats(role) : null;

    internal ulong[] Words(string role) => TensorData.Words(Tensor(role));
}
