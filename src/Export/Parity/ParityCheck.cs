using System.Globalization;
using System.Numerics.Tensors;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Proves that a packed model computes what the float simulator does. For every image the file's graph, the one that runs, is walked node
/// by node: each node computes from the simulator's values where the simulator reports them (else from its own), and the result is laid beside the
/// simulator's, both as the folded graph has them (<see cref="FoldedTaps"/>). So one tie does not spread, and a fault is named where it arises. Then
/// the session, with the kernels that will run, is compared end to end.</summary>
internal sealed class ParityCheck : IDisposable
{
    /// <summary>Logits may differ by this, times max(1, largest logit), before an image needs a tie as explanation: rounding of the whole
    /// network.</summary>
    public const double LogitTolerance = 1e-3;

    /// <summary>Floats may differ by this, times max(1, largest magnitude of the value): rounding of a few operations.</summary>
    public const double FloatTolerance = NodeComparison.FloatTolerance;

    /// <summary>See <see cref="NodeComparison.TieTolerance"/>.</summary>
    public const double TieTolerance = NodeComparison.TieTolerance;

    /// <summary>As <see cref="TieTolerance"/>, when the argument carries the rounding of all layers before it.</summary>
    private const double SpreadTieTolerance = 1e-4;

    /// <summary>The same two where floats are stored in 16 bits, whose rounding is 5e-4 of a value.</summary>
    private const double RoundedLogitTolerance = 1e-2;

    private const double RoundedSpreadTieTolerance = 1e-2;

    private const int MaxFaults = 10;
    private const int MaxTies = 64;
    private const int MaxRoundings = 3;

    private readonly EvitFile _file;
    private readonly PackedRuns _runs;
    private readonly GraphWalk _walk;
    private readonly double _logitTolerance;
    private readonly double _tieTolerance;
    private readonly ParityLayer[] _layers;
    private readonly IReadOnlyDictionary<string, FoldedValue> _values;
    private readonly List<string> _faults = [];
    private readonly List<string> _ties = [];
    private readonly List<string> _roundings = [];
    private int _images;
    private int _sameTop1;
    private int _tieImages;
    private int _roundedImages;
    private int _unexplained;
    private double _maxLogitDifference;
    private double _maxTieLogitDifference;

    /// <summary>A check of a model file, as it was written. <paramref name="values"/> are those of <see cref="FoldedModel.Values"/>; with <paramref
    /// name="sameFloats"/> the simulator computes with the floats as the file stores them, so that their rounding excuses nothing.</summary>
    public ParityCheck(
        EvitFile file, IReadOnlyDictionary<string, FoldedValue>? values = null, SessionOptions? options = null, double? logitTolerance = null, bool sameFloats = false)
    {
        _file = file;
        _values = values ?? new Dictionary<string, FoldedValue>();
        _runs = new PackedRuns(file, options);
        var comparison = new NodeComparison(file.Graph, file.Tensors, _values, sameFloats);
        _walk = new GraphWalk(file, comparison);
        _logitTolerance = logitTolerance ?? (comparison.IsRounded ? RoundedLogitTolerance : LogitTolerance);
        _tieTolerance = comparison.IsRounded ? RoundedSpreadTieTolerance : SpreadTieTolerance;
        _layers = [.. file.Graph.Nodes.Select(n => new ParityLayer(n.Output, n.Op.ToString(), 0, 0, 0, 0, 0, 0, MarginRange.None))];
    }

    public ParityReport Report => new(
        _images,
        [.. _layers],
        [.. _file.Graph.Nodes.Zip(_layers).Where(p => _images > 0 && GraphWalk.IsBinary(p.First.Op) && p.Second.Compared == 0).Select(p => p.First.Output)],
        _sameTop1, _tieImages, _unexplained, _maxLogitDifference, _maxTieLogitDifference, [.. _faults], [.. _ties])
    {
        RoundedImages = _roundedImages,
        RoundingTexts = [.. _roundings],
    };

    /// <summary>Compares one image, normalised, <c>[3, H, W]</c>, with the simulator's values and logits for it, in evaluation mode.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public void AddImage(ReadOnlySpan<float> input, ISimulatorTaps taps, ReadOnlySpan<float> simulatorLogits)
    {
        float[] simulated = Fitting(simulatorLogits.ToArray());
        float[] logits = _runs.Logits(input);
        var folded = new FoldedTaps(taps, _values);
        _walk.Compare(input, folded, Count);
        CompareLogits(input, folded, simulated, logits);
        _images++;
    }

    /// <summary>Compares normalised images <c>[3, H, W]</c>, each asked for twice: the session runs on all of them first and then gives up its
    /// weights, so that they do not lie beside the values of the walk.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public void AddImages(int count, Func<int, float[]> image, ISimulator simulator)
    {
        float[][] logits = [.. Enumerable.Range(0, count).Select(i => _runs.Logits(image(i)))];
        _runs.Release();
        for (int i = 0; i < count; i++)
        {
            float[] input = image(i);
            simulator.Start(input);
            var folded = new FoldedTaps(simulator, _values);
            _walk.Compare(input, folded, Count);
            CompareLogits(input, folded, Fitting(simulator.Logits()), logits[i]);
            _images++;
            simulator.Clear();
            LargeArrays.Release();
        }
    }

    public void Dispose() => _runs.Dispose();

    private void Count(int node, NodeOutcome outcome)
    {
        _layers[node] = _layers[node].With(outcome);
        if (outcome.Fault is { } fault)
        {
            AddFault($"{fault} (image {_images})");
        }

        if (outcome.Tie is { } tie)
        {
            AddTie($"image {_images}: {tie}");
        }
    }

    private void CompareLogits(ReadOnlySpan<float> input, ISimulatorTaps taps, float[] simulated, float[] packed)
    {
        if (TensorPrimitives.IndexOfMax<float>(simulated) == TensorPrimitives.IndexOfMax<float>(packed))
        {
            _sameTop1++;
        }

        double difference = NodeComparison.LargestDifference(packed, simulated);
        if (double.IsFinite(difference) && difference <= _logitTolerance * NodeComparison.Scale(simulated))
        {
            _maxLogitDifference = Math.Max(_maxLogitDifference, difference);
            return;
        }
        Explanation why = Explain(input, taps, simulated, packed);
        string text = string.Create(CultureInfo.InvariantCulture, $"image {_images}: logits differ by {difference:G4}: {why.Text}");
        if (why.Cause == Cause.Tie)
        {
            _tieImages++;
            _maxTieLogitDifference = Math.Max(_maxTieLogitDifference, difference);
            AddTie(text);
            return;
        }
        if (why.Cause == Cause.Rounding)
        {
            _roundedImages++;
            _maxLogitDifference = Math.Max(_maxLogitDifference, difference);
            if (_roundings.Count < MaxRoundings)
            {
                _roundings.Add(text);
            }

            return;
        }

        _unexplained++;
        _maxLogitDifference = Math.Max(_maxLogitDifference, double.IsFinite(difference) ? difference : double.MaxValue);
        AddFault(text);
    }

    /// <summary>Why logits differ: a tie where the first sign that leaves the simulator's lies at its threshold, rounding where none does and the
    /// network multiplies it, and the kernels that ran and the plainest ones agree.</summary>
    private Explanation Explain(ReadOnlySpan<float> input, ISimulatorTaps taps, float[] simulatedLogits, float[] sessionLogits)
    {
        float[] scalar = _runs.ScalarLogits(input);
        return scalar.AsSpan().SequenceEqual(sessionLogits)
            ? _walk.FirstDifference(input, taps, simulatedLogits, sessionLogits, _tieTolerance)
            : new Explanation(Cause.Fault, $"{_walk.Different(scalar, sessionLogits)}: the kernels of {_runs.KernelName} do not give what scalar ones give");
    }

    private float[] Fitting(float[] simulatorLogits) => simulatorLogits.Length == _file.Labels.Count
        ? simulatorLogits
        : throw new ArgumentException($"{simulatorLogits.Length} logits given, the model has {_file.Labels.Count} classes", nameof(simulatorLogits));

    private void AddFault(string fault)
    {
        if (_faults.Count < MaxFaults)
        {
            _faults.Add(fault);
        }
    }

    private void AddTie(string tie)
    {
        if (_ties.Count < MaxTies)
        {
            _ties.Add(tie);
        }
    }
}
