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
    // What small tensors hold; large ones are widened anew each time, which costs less than keeping them.
    private const int MostKept = 1 << 14;

    private readonly Dictionary<string, float[]> _floats = new(StringComparer.Ordinal);
    private readonly Func<StoredTensor, float[]> _widen;

    /// <summary>An interpreter of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="tensors">Its tensors by name.</param>
    /// <param name="widen">Other numbers than a float tensor's own to compute with; null for its own.</param>
    /// <exception cref="EvitFormatException">The graph is not valid.</exception>
    public GraphInterpreter(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, Func<StoredTensor, float[]>? widen = null)
    {
        _widen = widen ?? TensorData.Floats;
        Shapes = GraphValidator.Validate(graph, tensors);
        _graph = graph;
        _tensors = tensors;
    }

    /// <summary>The shape of every value.</summary>
    public IReadOnlyDictionary<string, ValueShape> Shapes { get; }

    /// <summary>Computes all values of one image.</summary>
    /// <param name="input">Normalised, <c>[C, H, W]</c>.</param>
    /// <returns>Every value by name.</returns>
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

    /// <summary>Computes one node from its inputs' values.</summary>
    /// <param name="node">A node of the graph.</param>
    /// <param name="values">At least the node's inputs, in the graph's shapes.</param>
    public Value Evaluate(GraphNode node, IReadOnlyDictionary<string, Value> values)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(values);
        return ReferenceOps.Evaluate(new NodeValues(this, node, values));
    }

    /// <summary>Whether a node gives the logits.</summary>
    internal bool IsOutput(GraphNode node) => node.Output == _graph.OutputName;

    /// <summary>A node's tensor.</summary>
    internal StoredTensor Tensor(GraphNode node, string role) => _tensors[node.Tensors[role]];

    /// <summary>A node's tensor as floats.</summary>
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

    /// <summary>The first input.</summary>
    internal Value X => Input(0);

    /// <summary>Shape of the output.</summary>
    internal ValueShape Shape => interpreter.Shapes[node.Output];

    internal bool IsOutput => interpreter.IsOutput(node);

    /// <summary>Whether a product counts differing signs.</summary>
    internal bool IsCount => node.Attributes.ContainsKey(OpAttributes.Counts);

    internal int this[string attribute] => node.Attributes[attribute];

    internal Value Input(int index) => values[node.Inputs[index]];

    internal StoredTensor Tensor(string role) => interpreter.Tensor(node, role);

    internal float[] Floats(string role) => interpreter.Floats(node, role);

    internal float[]? Optional(string role) => node.Tensors.ContainsKey(role) ? Floats(role) : null;

    internal ulong[] Words(string role) => TensorData.Words(Tensor(role));
}
