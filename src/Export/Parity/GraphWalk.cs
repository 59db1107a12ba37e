using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Walks a packed model's graph beside a simulator, for <see cref="ParityCheck"/>: each node computes from the simulator's values where the
/// simulator reports them (else from its own), and the result is laid beside the simulator's.</summary>
internal sealed class GraphWalk
{
    private readonly EvitFile _file;
    private readonly NodeComparison _comparison;
    private readonly GraphInterpreter _interpreter;
    private readonly Dictionary<string, int> _lastReader = new(StringComparer.Ordinal);

    public GraphWalk(EvitFile file, NodeComparison comparison)
    {
        _file = file;
        _comparison = comparison;
        _interpreter = new GraphInterpreter(file.Graph, file.Tensors);
        for (int n = 0; n < file.Graph.Nodes.Count; n++)
        {
            foreach (string input in file.Graph.Nodes[n].Inputs)
            {
                _lastReader[input] = n;
            }
        }
    }

    /// <summary>Walks module by module. The simulator is asked on this thread; the nodes of a module, which mostly read the simulator's values and
    /// not each other's, are computed and compared on all of the processor's, and what came of them is put together in the graph's order.</summary>
    /// <param name="input">Normalised, <c>[3, H, W]</c>.</param>
    /// <param name="taps">The simulator's values for it.</param>
    /// <param name="found">Takes a node's place in the graph and the outcome of its comparison, in the graph's order.</param>
    public void Compare(ReadOnlySpan<float> input, ISimulatorTaps taps, Action<int, NodeOutcome> found)
    {
        Dictionary<string, Value> values = Start(input);
        var carried = new Dictionary<string, float[]>(StringComparer.Ordinal);
        IReadOnlyList<GraphNode> nodes = _file.Graph.Nodes;
        for (int begin = 0, end; begin < nodes.Count; begin = end)
        {
            string module = GraphModule.Of(nodes[begin].Output);
            for (end = begin + 1; end < nodes.Count && GraphModule.Of(nodes[end].Output) == module; end++)
            {
            }
            WalkModule([.. Enumerable.Range(begin, end - begin).Select(n => new NodeStep(n, nodes[n]))], taps, values, carried, found);
            for (int n = begin; n < end; n++)
            {
                Forget(values, n);
            }
        }
    }

    public string OutputName => _file.Graph.OutputName;

    public IReadOnlyList<GraphNode> Nodes => _file.Graph.Nodes;

    /// <summary>Computes a node from values.</summary>
    public Value Evaluate(GraphNode node, IReadOnlyDictionary<string, Value> values)
    {
        LargeArrays.Expect(sizeof(float) * _interpreter.Shapes[node.Output].Elements);
        return _interpreter.Evaluate(node, values);
    }

    /// <summary>Lets the network run free on a normalised image <c>[3, H, W]</c> to the first sign that leaves the simulator's: a tie when that
    /// sign lies at its threshold, otherwise what is wrong. Where none does, <see cref="RoundingTrial"/> says why. <paramref name="tieTolerance"/> (see <see cref="NodeComparison.TieTolerance"/>) allows
    /// for the rounding of all layers before it.</summary>
    public Explanation FirstDifference(ReadOnlySpan<float> input, ISimulatorTaps taps, float[] simulatedLogits, ReadOnlySpan<float> sessionLogits, double tieTolerance)
    {
        Dictionary<string, Value> values = Start(input);
        Explanation? first = null;
        for (int n = 0; n < _file.Graph.Nodes.Count; n++)
        {
            GraphNode node = _file.Graph.Nodes[n];
            values[node.Output] = Evaluate(node, values);
            if (first is null && IsBinary(node.Op) && taps.TryGet(node.Output, out float[]? simulated))
            {
                float[] own = values[node.Inputs[0]].Floats;
                float[] x = taps.TryGet(node.Inputs[0], out float[]? tapped) && tapped.Length == own.Length ? tapped : own;
                NodeOutcome outcome = _comparison.Compare(
                    node, values[node.Output], simulated, [.. node.Inputs.Select(i => values[i])], x, tieTolerance);
                first = outcome.Mismatches > 0 ? new Explanation(Cause.Fault, outcome.Fault!)
                    : outcome.Ties > 0 ? new Explanation(Cause.Tie, outcome.Tie!)
                    : null;
            }
            Forget(values, n);
        }

        float[] interpreted = values[OutputName].Floats;
        return !interpreted.AsSpan().SequenceEqual(sessionLogits)
            ? new Explanation(Cause.Fault, $"{Different(interpreted, sessionLogits)}: the session's kernels do not give what the reference interpreter gives")
            : first ?? new RoundingTrial(this, _comparison, new FloatRounding(_file.Graph, _file.Tensors, _comparison)).Explain(input, taps, simulatedLogits);
    }

    /// <summary>The first logit that two computations of the packed model do not share.</summary>
    public string Different(float[] expected, ReadOnlySpan<float> found)
    {
        int channel = expected.AsSpan().CommonPrefixLength(found);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{OutputName}: token 0 channel {channel}: {expected[channel]:R}, and {found[channel]:R}");
    }

    /// <summary>Whether an op decides by a threshold.</summary>
    public static bool IsBinary(Op op) => op is Op.ShiftSign or Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention;

    private void WalkModule(NodeStep[] steps, ISimulatorTaps taps, Dictionary<string, Value> values, Dictionary<string, float[]> carried, Action<int, NodeOutcome> found)
    {
        foreach (NodeStep step in steps)
        {
            step.Simulated = taps.TryGet(step.Node.Output, out float[]? simulated) ? simulated : null;
            if (step.Simulated?.Length == _interpreter.Shapes[step.Node.Output].Elements)
            {
                values[step.Node.Output] = Simulated(_interpreter.Shapes[step.Node.Output], step.Simulated);
            }
        }

        // In waves: what reads only values that are there, then what reads theirs.
        for (NodeStep[] left = steps; left.Length > 0;)
        {
            NodeStep[] ready = [.. left.Where(s => s.Node.Inputs.All(values.ContainsKey))];
            foreach (NodeStep step in ready)
            {
                step.Inputs = [.. step.Node.Inputs.Select(i => values[i])];
                step.Carried = step.Node.Op == Op.Add ? NodeComparison.Sum([.. step.Node.Inputs.Where(carried.ContainsKey).Select(i => carried[i])]) : null;
                LargeArrays.Expect((sizeof(float) * _interpreter.Shapes[step.Node.Output].Elements) + step.Node.Tensors.Values.Sum(t => WideBytes(_file.Tensors[t])));
            }
            Parallel.ForEach(ready, step => Walk(step, values));
            foreach (NodeStep step in ready.Where(s => s.Packed is not null))
            {
                values.TryAdd(step.Node.Output, step.Packed!);
                if (step.Rounding is not null)
                {
                    carried[step.Node.Output] = step.Rounding;
                }
            }
            left = [.. left.Except(ready)];
        }
        foreach (NodeStep step in steps.Where(s => s.Simulated is not null))
        {
            found(step.Index, step.Outcome);
        }
    }

    /// <summary>Computes a node from values that are there, and compares it where the simulator reports it.</summary>
    private void Walk(NodeStep step, Dictionary<string, Value> values)
    {
        Value packed = _interpreter.Evaluate(step.Node, values);
        if (step.Simulated is not null)
        {
            step.Outcome = _comparison.Compare(step.Node, packed, step.Simulated, step.Inputs, step.Inputs[0].Floats, carried: step.Carried);
        }
        else
        {
            step.Rounding = step.Carried ?? _comparison.Rounding(step.Node, step.Inputs, packed);
        }

        step.Packed = values.ContainsKey(step.Node.Output) ? null : packed;
    }

    /// <summary>Forgets the values that no later node reads.</summary>
    public void Forget(Dictionary<string, Value> values, int node)
    {
        foreach (string input in _file.Graph.Nodes[node].Inputs)
        {
            if (_lastReader[input] == node)
            {
                values.Remove(input);
            }
        }
    }

    public Dictionary<string, Value> Start(ReadOnlySpan<float> input)
    {
        IReadOnlyList<int> shape = _file.Graph.InputShape;
        return new Dictionary<string, Value>(StringComparer.Ordinal)
        {
            [_file.Graph.InputName] = Value.Image(input.ToArray(), shape[0], shape[1], shape[2]),
        };
    }

    private static Value Simulated(ValueShape shape, float[] values) => shape.Kind == ValueKind.Bits
        ? Value.Bits(SignPacking.Tokens(values, shape.Tokens), shape.Channels, shape.Height, shape.Width)
        : Value.Tokens(values, shape.Channels, shape.Height, shape.Width);

    /// <summary>What the interpreter makes of a tensor: floats, and where they are stored in 16 bits their roundings, too.</summary>
    private static long WideBytes(StoredTensor tensor) => tensor.Type switch
    {
        StoredType.F16 => 3L * sizeof(float) / 2 * tensor.Bytes.Length,
        StoredType.F32 => tensor.Bytes.Length,
        _ => 0,
    };

    /// <summary>A node on the walk, and its results.</summary>
    private sealed class NodeStep(int index, GraphNode node)
    {
        public int Index { get; } = index;

        public GraphNode Node { get; } = node;

        /// <summary>What the simulator reports; null where it does not.</summary>
        public float[]? Simulated { get; set; }

        public IReadOnlyList<Value> Inputs { get; set; } = [];

        /// <summary>The rounding that the inputs carry; null for none.</summary>
        public float[]? Carried { get; set; }

        public NodeOutcome Outcome { get; set; }

        /// <summary>The node's own value where the simulator reports none.</summary>
        public Value? Packed { get; set; }

        /// <summary>The rounding that this value carries.</summary>
        public float[]? Rounding { get; set; }
    }
}
