using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Proves that a packed model computes what the float simulator does. For every image the graph is walked node by node: each node
/// computes from the simulator's values where the simulator reports them (else from its own), and the result is laid beside the
/// simulator's. So one tie does not spread, and a fault is named where it arises. Then the session, with the kernels that will run, is
/// compared end to end.</summary>
public sealed class ParityCheck : IDisposable
{
    /// <summary>Logits may differ by this, times max(1, largest logit), before an image needs a tie as explanation: rounding of the whole
    /// network.</summary>
    public const double LogitTolerance = 1e-3;

    /// <summary>As <see cref="NodeComparison.TieTolerance"/>, when the argument carries the rounding of all layers before it.</summary>
    private const double SpreadTieTolerance = 1e-4;

    /// <summary>The same two where floats are stored in 16 bits, whose rounding is 5e-4 of a value.</summary>
    private const double RoundedLogitTolerance = 1e-2;

    private const double RoundedSpreadTieTolerance = 1e-2;

    private const int MaxFaults = 10;

    private readonly EvitModel _model;
    private readonly Session _session;
    private readonly GraphInterpreter _interpreter;
    private readonly NodeComparison _comparison;
    private readonly double _logitTolerance;
    private readonly ParityLayer[] _layers;
    private readonly Dictionary<string, int> _lastReader = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private int _images;
    private int _sameTop1;
    private int _tieImages;
    private int _unexplained;
    private double _maxLogitDifference;
    private double _maxTieLogitDifference;

    /// <summary>A check of a model file, as it was written.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">How the session runs; null for the usual.</param>
    /// <param name="logitTolerance">By how much logits may differ without a tie, see <see cref="LogitTolerance"/>; null for the usual.</param>
    /// <param name="sameFloats">Whether the simulator computes with the floats as the file stores them, so that their rounding excuses nothing.</param>
    public ParityCheck(EvitFile file, SessionOptions? options = null, double? logitTolerance = null, bool sameFloats = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        _model = EvitModel.Load(file);
        _session = _model.CreateSession(options);
        _interpreter = new GraphInterpreter(file.Graph, file.Tensors);
        _comparison = new NodeComparison(file.Graph, file.Tensors, sameFloats);
        _logitTolerance = logitTolerance ?? (_comparison.IsRounded ? RoundedLogitTolerance : LogitTolerance);
        for (int n = 0; n < file.Graph.Nodes.Count; n++)
        {
            foreach (string input in file.Graph.Nodes[n].Inputs)
                _lastReader[input] = n;
        }
        _layers = [.. file.Graph.Nodes.Select(n => new ParityLayer(n.Output, n.Op.ToString(), 0, 0, 0, 0, 0, 0, MarginRange.None))];
    }

    /// <summary>What was found so far.</summary>
    public ParityReport Report => new(
        _images,
        [.. _layers],
        [.. _model.File.Graph.Nodes.Zip(_layers).Where(p => _images > 0 && IsBinary(p.First.Op) && p.Second.Compared == 0).Select(p => p.First.Output)],
        _sameTop1, _tieImages, _unexplained, _maxLogitDifference, _maxTieLogitDifference, [.. _faults]);

    /// <summary>Compares one image.</summary>
    /// <param name="input">Normalised, <c>[3, H, W]</c>.</param>
    /// <param name="taps">The simulator's values for this image, in evaluation mode.</param>
    /// <param name="simulatorLogits">The simulator's logits for this image.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public void AddImage(ReadOnlySpan<float> input, ISimulatorTaps taps, ReadOnlySpan<float> simulatorLogits)
    {
        ArgumentNullException.ThrowIfNull(taps);
        float[] simulated = Fitting(simulatorLogits.ToArray());
        var logits = new float[_model.Classes];
        _session.Run(input, logits);
        WalkNodes(input, taps);
        CompareLogits(input, taps, simulated, logits);
        _images++;
    }

    /// <summary>Compares one image.</summary>
    /// <param name="input">Normalised, <c>[3, H, W]</c>.</param>
    /// <param name="simulator">Computes it, value by value as the check comes to them.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public void AddImage(ReadOnlySpan<float> input, ISimulator simulator)
    {
        ArgumentNullException.ThrowIfNull(simulator);
        var logits = new float[_model.Classes];
        _session.Run(input, logits);
        simulator.Start(input);
        WalkNodes(input, simulator);
        CompareLogits(input, simulator, Fitting(simulator.Logits()), logits);
        _images++;
        simulator.Clear();
        LargeArrays.Release();
    }

    /// <summary>Ends the session.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    /// <summary>Walks module by module. The simulator is asked on this thread; the nodes of a module, which mostly read the simulator's values and not
    /// each other's, are computed and compared on all of the processor's, and what came of them is put together in the graph's order.</summary>
    private void WalkNodes(ReadOnlySpan<float> input, ISimulatorTaps taps)
    {
        Dictionary<string, Value> values = Start(input);
        var carried = new Dictionary<string, float[]>(StringComparer.Ordinal);
        IReadOnlyList<GraphNode> nodes = _model.File.Graph.Nodes;
        for (int begin = 0, end; begin < nodes.Count; begin = end)
        {
            string module = GraphModule.Of(nodes[begin].Output);
            for (end = begin + 1; end < nodes.Count && GraphModule.Of(nodes[end].Output) == module; end++)
            {
            }
            WalkModule([.. Enumerable.Range(begin, end - begin).Select(n => new NodeStep(n, nodes[n]))], taps, values, carried);
            for (int n = begin; n < end; n++)
                Forget(values, n);
        }
    }

    private void WalkModule(NodeStep[] steps, ISimulatorTaps taps, Dictionary<string, Value> values, Dictionary<string, float[]> carried)
    {
        foreach (NodeStep step in steps)
        {
            step.Simulated = taps.TryGet(step.Node.Output, out float[]? simulated) ? simulated : null;
            if (step.Simulated?.Length == _interpreter.Shapes[step.Node.Output].Elements)
                values[step.Node.Output] = Simulated(_interpreter.Shapes[step.Node.Output], step.Simulated);
        }

        // In waves: what reads only values that are there, then what reads theirs.
        for (NodeStep[] left = steps; left.Length > 0;)
        {
            NodeStep[] ready = [.. left.Where(s => s.Node.Inputs.All(values.ContainsKey))];
            foreach (NodeStep step in ready)
            {
                step.Inputs = [.. step.Node.Inputs.Select(i => values[i])];
                step.Carried = step.Node.Op == Op.Add ? NodeComparison.Sum([.. step.Node.Inputs.Where(carried.ContainsKey).Select(i => carried[i])]) : null;
                LargeArrays.Expect((sizeof(float) * _interpreter.Shapes[step.Node.Output].Elements) + step.Node.Tensors.Values.Sum(t => WideBytes(_model.File.Tensors[t])));
            }
            Parallel.ForEach(ready, step => Walk(step, values));
            foreach (NodeStep step in ready.Where(s => s.Packed is not null))
            {
                values.TryAdd(step.Node.Output, step.Packed!);
                if (step.Rounding is not null)
                    carried[step.Node.Output] = step.Rounding;
            }
            left = [.. left.Except(ready)];
        }
        foreach (NodeStep step in steps.Where(s => s.Simulated is not null))
        {
            _layers[step.Index] = _layers[step.Index].With(step.Outcome);
            if (step.Outcome.Fault is { } fault)
                AddFault(fault);
        }
    }

    /// <summary>Computes a node from values that are there, and compares it where the simulator reports it.</summary>
    private void Walk(NodeStep step, Dictionary<string, Value> values)
    {
        Value packed = _interpreter.Evaluate(step.Node, values);
        if (step.Simulated is not null)
            step.Outcome = _comparison.Compare(step.Node, packed, step.Simulated, step.Inputs, step.Inputs[0].Floats, carried: step.Carried);
        else
            step.Rounding = step.Carried ?? _comparison.Rounding(step.Node, step.Inputs, packed);
        step.Packed = values.ContainsKey(step.Node.Output) ? null : packed;
    }

    private void CompareLogits(ReadOnlySpan<float> input, ISimulatorTaps taps, float[] simulated, float[] packed)
    {
        if (Array.IndexOf(simulated, simulated.Max()) == Array.IndexOf(packed, packed.Max()))
            _sameTop1++;
        double difference = 0;
        foreach ((float a, float b) in simulated.Zip(packed))
        {
            double d = Math.Abs((double)a - b);
            difference = d > difference || double.IsNaN(d) ? d : difference;
        }
        if (difference <= _logitTolerance * Math.Max(1, simulated.Max(Math.Abs)))
        {
            _maxLogitDifference = Math.Max(_maxLogitDifference, difference);
            return;
        }
        string? fault = Unexplained(input, taps, packed);
        if (fault is null)
        {
            _tieImages++;
            _maxTieLogitDifference = Math.Max(_maxTieLogitDifference, difference);
            return;
        }
        _unexplained++;
        _maxLogitDifference = Math.Max(_maxLogitDifference, double.IsNaN(difference) ? double.MaxValue : difference);
        AddFault(string.Create(CultureInfo.InvariantCulture, $"image {_images}: logits differ by {difference:G4}: {fault}"));
    }

    /// <summary>Lets the network run free to the first sign that leaves the simulator's. Null when it lies at its threshold, and the kernels that ran
    /// and the plainest ones agree.</summary>
    private string? Unexplained(ReadOnlySpan<float> input, ISimulatorTaps taps, float[] sessionLogits)
    {
        using (Session plain = _model.CreateSession(new SessionOptions { Kernel = KernelChoice.Scalar }))
        {
            var logits = new float[sessionLogits.Length];
            plain.Run(input, logits);
            if (!logits.AsSpan().SequenceEqual(sessionLogits))
                return $"the kernels of {_session.KernelName} do not give what scalar ones give";
        }
        Dictionary<string, Value> values = Start(input);
        for (int n = 0; n < _layers.Length; n++)
        {
            GraphNode node = _model.File.Graph.Nodes[n];
            LargeArrays.Expect(sizeof(float) * _interpreter.Shapes[node.Output].Elements);
            values[node.Output] = _interpreter.Evaluate(node, values);
            if (IsBinary(node.Op) && taps.TryGet(node.Output, out float[]? simulated))
            {
                float[] x = taps.TryGet(node.Inputs[0], out float[]? tapped) ? tapped : values[node.Inputs[0]].Floats;
                NodeOutcome outcome = _comparison.Compare(
                    node, values[node.Output], simulated, [.. node.Inputs.Select(i => values[i])], x,
                    _comparison.IsRounded ? RoundedSpreadTieTolerance : SpreadTieTolerance);
                if (outcome.Mismatches > 0)
                    return outcome.Fault;
                if (outcome.Ties > 0)
                    return null;
            }
            Forget(values, n);
        }
        return values[_model.File.Graph.OutputName].Floats.AsSpan().SequenceEqual(sessionLogits)
            ? "no sign differs on the way"
            : "the session's kernels do not give what the reference interpreter gives";
    }

    private float[] Fitting(float[] simulatorLogits) => simulatorLogits.Length == _model.Classes
        ? simulatorLogits
        : throw new ArgumentException($"{simulatorLogits.Length} logits given, the model has {_model.Classes} classes", nameof(simulatorLogits));

    /// <summary>Forgets the values that no later node reads.</summary>
    private void Forget(Dictionary<string, Value> values, int node)
    {
        foreach (string input in _model.File.Graph.Nodes[node].Inputs)
        {
            if (_lastReader[input] == node)
                values.Remove(input);
        }
    }

    private Dictionary<string, Value> Start(ReadOnlySpan<float> input)
    {
        IReadOnlyList<int> shape = _model.InputShape;
        return new Dictionary<string, Value>(StringComparer.Ordinal)
        {
            [_model.File.Graph.InputName] = Value.Image(input.ToArray(), shape[0], shape[1], shape[2]),
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

    private static bool IsBinary(Op op) => op is Op.ShiftSign or Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention;

    private void AddFault(string fault)
    {
        if (_faults.Count < MaxFaults)
            _faults.Add(fault);
    }

    /// <summary>A node on the walk, and what came of it.</summary>
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

        /// <summary>The node's own value where nobody reports a better one.</summary>
        public Value? Packed { get; set; }

        /// <summary>The rounding that this value carries.</summary>
        public float[]? Rounding { get; set; }
    }
}
