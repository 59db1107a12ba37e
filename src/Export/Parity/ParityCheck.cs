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

    private const int MaxFaults = 10;

    private readonly EvitModel _model;
    private readonly Session _session;
    private readonly GraphInterpreter _interpreter;
    private readonly NodeComparison _comparison;
    private readonly ParityLayer[] _layers;
    private readonly List<string> _faults = [];
    private int _images;
    private int _sameTop1;
    private int _tieImages;
    private int _unexplained;
    private double _maxLogitDifference;

    /// <summary>A check of a model file, as it was written.</summary>
    public ParityCheck(EvitFile file, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        _model = EvitModel.Load(file);
        _session = _model.CreateSession(options);
        _interpreter = new GraphInterpreter(file.Graph, file.Tensors);
        _comparison = new NodeComparison(file.Tensors);
        _layers = [.. file.Graph.Nodes.Select(n => new ParityLayer(n.Output, n.Op.ToString(), 0, 0, 0, 0))];
    }

    /// <summary>What was found so far.</summary>
    public ParityReport Report => new(
        _images,
        [.. _layers],
        [.. _model.File.Graph.Nodes.Zip(_layers).Where(p => _images > 0 && IsBinary(p.First.Op) && p.Second.Compared == 0).Select(p => p.First.Output)],
        _sameTop1, _tieImages, _unexplained, _maxLogitDifference, [.. _faults]);

    /// <summary>Compares one image.</summary>
    /// <param name="input">Normalised, <c>[3, H, W]</c>.</param>
    /// <param name="taps">The simulator's values for this image, in evaluation mode.</param>
    /// <param name="simulatorLogits">The simulator's logits for this image.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public void AddImage(ReadOnlySpan<float> input, ISimulatorTaps taps, ReadOnlySpan<float> simulatorLogits)
    {
        ArgumentNullException.ThrowIfNull(taps);
        if (simulatorLogits.Length != _model.Classes)
            throw new ArgumentException($"{simulatorLogits.Length} logits given, the model has {_model.Classes} classes", nameof(simulatorLogits));
        var logits = new float[_model.Classes];
        _session.Run(input, logits);
        WalkNodes(input, taps);
        CompareLogits(input, taps, simulatorLogits.ToArray(), logits);
        _images++;
    }

    /// <summary>Ends the session.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    private void WalkNodes(ReadOnlySpan<float> input, ISimulatorTaps taps)
    {
        Dictionary<string, Value> values = Start(input);
        for (int n = 0; n < _layers.Length; n++)
        {
            GraphNode node = _model.File.Graph.Nodes[n];
            Value packed = _interpreter.Evaluate(node, values);
            values[node.Output] = packed;
            if (!taps.TryGet(node.Output, out float[]? simulated))
                continue;
            NodeOutcome outcome = Compare(node, packed, simulated, values);
            ParityLayer layer = _layers[n];
            _layers[n] = layer with
            {
                Compared = layer.Compared + outcome.Compared,
                Ties = layer.Ties + outcome.Ties,
                Mismatches = layer.Mismatches + outcome.Mismatches,
                MaxError = Math.Max(layer.MaxError, outcome.MaxError),
            };
            if (outcome.Fault is not null)
                AddFault(outcome.Fault);
            if (simulated.Length == packed.Shape.Elements)
                values[node.Output] = Simulated(packed.Shape, simulated);
        }
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
        if (difference <= LogitTolerance * Math.Max(1, simulated.Max(Math.Abs)))
        {
            _maxLogitDifference = Math.Max(_maxLogitDifference, difference);
            return;
        }
        string? fault = Unexplained(input, taps, packed);
        if (fault is null)
        {
            _tieImages++;
            return;
        }
        _unexplained++;
        _maxLogitDifference = Math.Max(_maxLogitDifference, double.IsNaN(difference) ? double.MaxValue : difference);
        AddFault(string.Create(CultureInfo.InvariantCulture, $"image {_images}: logits differ by {difference:G4}: {fault}"));
    }

    /// <summary>Lets the network run free and looks at the first value that leaves the simulator's. Null when only ties do.</summary>
    private string? Unexplained(ReadOnlySpan<float> input, ISimulatorTaps taps, float[] sessionLogits)
    {
        IReadOnlyDictionary<string, Value> values = _interpreter.Run(input);
        if (!values[_model.File.Graph.OutputName].Floats.AsSpan().SequenceEqual(sessionLogits))
            return "the session's kernels do not give what the reference interpreter gives";
        foreach (GraphNode node in _model.File.Graph.Nodes)
        {
            if (!IsBinary(node.Op) || !taps.TryGet(node.Output, out float[]? simulated))
                continue;
            float[] x = taps.TryGet(node.Inputs[0], out float[]? tapped) ? tapped : values[node.Inputs[0]].Floats;
            NodeOutcome outcome = _comparison.Compare(
                node, values[node.Output], simulated, [.. node.Inputs.Select(i => values[i])], x, SpreadTieTolerance);
            if (outcome.Mismatches > 0)
                return outcome.Fault;
            if (outcome.Ties > 0)
                return null;
        }
        return "no sign differs on the way";
    }

    private NodeOutcome Compare(GraphNode node, Value packed, float[] simulated, Dictionary<string, Value> values)
    {
        Value[] inputs = [.. node.Inputs.Select(i => values[i])];
        return _comparison.Compare(node, packed, simulated, inputs, inputs[0].Floats);
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
        ? Value.BitsOf(values, shape.Channels, shape.Height, shape.Width)
        : Value.Tokens(values, shape.Channels, shape.Height, shape.Width);

    private static bool IsBinary(Op op) => op is Op.ShiftSign or Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention;

    private void AddFault(string fault)
    {
        if (_faults.Count < MaxFaults)
            _faults.Add(fault);
    }
}
