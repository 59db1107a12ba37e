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
        Value x = values[node.Inputs[0]];
        ValueShape shape = Shapes[node.Output];
        if (shape.Kind == ValueKind.Bits)
        {
            return Value.Bits(ReferenceOps.ShiftSign(x, Floats(node, "shift")), shape.Channels, shape.Height, shape.Width);
        }

        var y = new float[shape.Elements];
        switch (node.Op)
        {
            case Op.Conv2d:
                int kernel = _tensors[node.Tensors["weight"]].Shape[2];
                (int stride, int padding) = (node.Attributes["stride"], node.Attributes["padding"]);
                ReferenceOps.Conv2d(x, Floats(node, "weight"), OptionalFloats(node, "bias"), kernel, stride, padding, shape, y);
                break;
            case Op.Linear:
                ReferenceOps.Linear(x, Floats(node, "weight"), OptionalFloats(node, "bias"), shape.Channels, y);
                break;
            case Op.Position:
                ReferenceOps.Add(x.Floats, Floats(node, "position"), y);
                break;
            case Op.Affine:
                ReferenceOps.Affine(x, Floats(node, "scale"), Floats(node, "offset"), y);
                break;
            case Op.RPReLU:
                ReferenceOps.RPReLU(x, OptionalFloats(node, "shift"), Floats(node, "slope"), OptionalFloats(node, "offset"), y);
                break;
            case Op.BinaryLinear:
                ReferenceOps.BinaryLinear(x, Words(node, "weight"), Floats(node, "scale"), Floats(node, "offset"), IsCount(node), y);
                break;
            case Op.BinaryConv:
                ReferenceOps.BinaryConv(x, Words(node, "weight"), Floats(node, "scale"), Floats(node, "offset"), node.Attributes["kernel"], IsCount(node), shape, y);
                break;
            case Op.BinaryAttention:
                long[] exp = TensorData.Integers(_tensors[node.Tensors["exp"]]);
                (Value key, Value value) = (values[node.Inputs[1]], values[node.Inputs[2]]);
                ReferenceOps.BinaryAttention(
                    x, key, value, exp, Floats(node, "clip"), AttentionAttributes.Levels(node), AttentionAttributes.MasksDiagonal(node), Floats(node, "scale"), Floats(node, "offset"), y);
                break;
            case Op.Add:
                x.Floats.CopyTo(y, 0);
                foreach (string other in node.Inputs.Skip(1))
                {
                    ReferenceOps.Add(y, values[other].Floats, y);
                }

                break;
            case Op.ScaledSum:
                x.Floats.CopyTo(y, 0);
                for (int i = 1; i < node.Inputs.Count; i++)
                {
                    ReferenceOps.AddScaled(values[node.Inputs[i]], OptionalFloats(node, OpAttributes.Scale(i)), y);
                }

                break;
            case Op.AvgPool2d:
                ReferenceOps.AvgPool2d(x, PoolWindow.Of(node), shape, y);
                break;
            case Op.Upsample:
                ReferenceOps.Upsample(x, node.Attributes["factor"], shape, y);
                break;
            case Op.TileChannels:
                ReferenceOps.TileChannels(x, node.Attributes["factor"], y);
                break;
            case Op.GroupMeanChannels:
                ReferenceOps.GroupMeanChannels(x, node.Attributes["factor"], y);
                break;
            case Op.MeanTokens:
                ReferenceOps.MeanTokens(x, y);
                break;
            case Op.LayerNorm:
                ReferenceFloatOps.LayerNorm(x, Floats(node, "scale"), Floats(node, "offset"), Floats(node, "epsilon")[0], y);
                break;
            case Op.Gelu:
                ReferenceFloatOps.Gelu(x, y);
                break;
            case Op.SoftmaxAttention:
                ReferenceFloatOps.SoftmaxAttention(x, values[node.Inputs[1]], values[node.Inputs[2]], node.Attributes["heads"], y);
                break;
            case Op.PrependTokens:
                ReferenceFloatOps.PrependTokens(x, node.Inputs.Count == 2 ? values[node.Inputs[1]].Floats : Floats(node, "tokens"), y);
                break;
            case Op.SliceTokens:
                ReferenceFloatOps.SliceTokens(x, node.Attributes["start"], y);
                break;
            case Op.SpatialShift:
                ReferenceOps.SpatialShift(x, TokenShift.Of(node), y);
                break;
            default:
                throw new EvitFormatException($"op {node.Op} is unknown to this runtime");
        }

        if (node.Output == _graph.OutputName)
        {
            ReferenceOps.ClearZeros(y);
        }

        return Value.Tokens(y, shape.Channels, shape.Height, shape.Width);
    }

    private static bool IsCount(GraphNode node) => node.Attributes.ContainsKey(OpAttributes.Counts);

    private float[]? OptionalFloats(GraphNode node, string role) => node.Tensors.ContainsKey(role) ? Floats(node, role) : null;

    private float[] Floats(GraphNode node, string role)
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

    private ulong[] Words(GraphNode node, string role) => TensorData.Words(_tensors[node.Tensors[role]]);
}
