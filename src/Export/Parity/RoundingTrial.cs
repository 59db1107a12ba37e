using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Finds out, where logits differ and no sign does, whether the rounding of 32-bit floats explains it: a network whose norms divide by small
/// deviations multiplies it. The graph is computed a few times more with every float moved up or down, at random, by as much as rounding does
/// (<see cref="FloatRounding"/>; Monte Carlo arithmetic, Parker 1997), bits held fast. An element that is further from the simulator's than those runs
/// spread is no rounding, and the first such value is named. Logits that rounding moves by much of their size prove nothing, and fail, too.</summary>
internal sealed class RoundingTrial(GraphWalk walk, NodeComparison comparison, FloatRounding rounding)
{
    /// <summary>Rounding may move logits by this, times max(1, the largest logit): beyond that it could hide a fault.</summary>
    public const double MostOfLogits = 0.1;

    /// <summary>Attention whose counts differ does so by more than this of the largest of its value, unless a scale is smaller.</summary>
    private const double StrictTolerance = 1e-7;

    private const int Runs = 8;

    private readonly Dictionary<string, double> _spread = new(StringComparer.Ordinal);
    private readonly Random _random = new(1);
    private (string Node, double Gain) _most;

    /// <summary>Explains the difference of the simulator's logits on a normalised image <c>[3, H, W]</c>, on which no sign differs.</summary>
    public Explanation Explain(ReadOnlySpan<float> input, ISimulatorTaps taps, float[] simulatedLogits)
    {
        Dictionary<string, Value> plain = walk.Start(input);
        Dictionary<string, Value>[] runs = [.. Enumerable.Range(0, Runs).Select(_ => new Dictionary<string, Value>(plain, StringComparer.Ordinal))];
        for (int n = 0; n < walk.Nodes.Count; n++)
        {
            GraphNode node = walk.Nodes[n];
            Value value = walk.Evaluate(node, plain);
            Value[] inputs = [.. node.Inputs.Select(i => plain[i])];
            plain[node.Output] = value;
            if (value.Shape.Kind != ValueKind.Tokens)
            {
                Array.ForEach(runs, run => run[node.Output] = value);
            }
            else
            {
                RoundingSpread spread = Spread(node, value, inputs, runs);
                float[]? simulated = node.Output == walk.OutputName ? simulatedLogits : taps.TryGet(node.Output, out float[]? tapped) ? tapped : null;
                if (simulated is not null && Judge(node, value, inputs, simulated, spread) is { } found)
                {
                    return found;
                }
            }

            foreach (Dictionary<string, Value> values in (Dictionary<string, Value>[])[plain, .. runs])
            {
                walk.Forget(values, n);
            }
        }

        return new Explanation(Cause.Rounding, $"no sign differs; {Moved()}");
    }

    /// <summary>Computes the node in all runs and says how far they are from the plain one.</summary>
    private RoundingSpread Spread(GraphNode node, Value value, Value[] inputs, Dictionary<string, Value>[] runs)
    {
        double[] bounds = rounding.Bounds(node, inputs, value), furthest = [.. bounds];
        if (comparison.Rounding(node, inputs, value) is { } stored)
        {
            for (int i = 0; i < bounds.Length; i++)
            {
                furthest[i] = bounds[i] += stored[i];
            }
        }

        bool same = inputs.All(x => x.Shape.Kind == ValueKind.Bits);
        for (int r = 0; r < runs.Length; r++)
        {
            float[] moved = same ? [.. value.Floats] : walk.Evaluate(node, runs[r]).Floats;
            // One run goes up everywhere and one down, as errors may add up; in the others half of the elements of a channel go alike in all tokens, as the
            // rounding of its constants does.
            double? everywhere = r < 2 ? 1 - (2 * r) : null;
            double[] ofChannel = [.. Enumerable.Range(0, value.Shape.Channels).Select(_ => Sign())];
            for (int i = 0; i < moved.Length; i++)
            {
                furthest[i] = Math.Max(furthest[i], bounds[i] + Math.Abs((double)moved[i] - value.Floats[i]));
                moved[i] += (float)(bounds[i] * (everywhere ?? (_random.Next(2) == 0 ? ofChannel[i % ofChannel.Length] : Sign())));
            }

            runs[r][node.Output] = Value.Tokens(moved, value.Shape.Channels, value.Shape.Height, value.Shape.Width);
        }

        var spread = new RoundingSpread(value.Shape, furthest, rounding.Last(node, value));
        double before = node.Inputs.Max(i => _spread.GetValueOrDefault(i));
        if (before > 0 && spread.Largest / before > _most.Gain)
        {
            _most = (node.Name, spread.Largest / before);
        }

        _spread[node.Output] = spread.Largest;
        return spread;
    }

    private double Sign() => (2 * _random.Next(2)) - 1;

    /// <summary>What is wrong with a value, or a tie of attention; null where it is rounding.</summary>
    private Explanation? Judge(GraphNode node, Value value, Value[] inputs, float[] simulated, RoundingSpread spread)
    {
        if (simulated.Length != value.Floats.Length)
        {
            return new Explanation(Cause.Fault, $"{node.Name}: the simulator reports {simulated.Length} values, expected {value.Shape}");
        }

        if (spread.Beyond(value.Floats, simulated) is { } worst)
        {
            return Tie(node, value, inputs, simulated) ?? new Explanation(Cause.Fault, string.Create(CultureInfo.InvariantCulture,
                $"{NodeComparison.Different(node, value, simulated, worst)}; no sign differs before it, and rounding makes {spread.Allowed(worst):G2}"));
        }

        double most = MostOfLogits * NodeComparison.Scale(simulated);
        if (node.Output != walk.OutputName || RoundingSpread.Margin * spread.Largest <= most)
        {
            return null;
        }

        int furthest = Enumerable.Range(0, simulated.Length).MaxBy(i => Math.Abs((double)value.Floats[i] - simulated[i]));
        return new Explanation(Cause.Fault, string.Create(CultureInfo.InvariantCulture,
            $"{NodeComparison.Different(node, value, simulated, furthest)}; no sign differs, but {Moved()}: with {RoundingSpread.Margin} times that above {most:G2}, a fault would not be seen"));
    }

    private Explanation? Tie(GraphNode node, Value value, Value[] inputs, float[] simulated) =>
        node.Op == Op.BinaryAttention
        && comparison.Compare(node, value, simulated, inputs, inputs[0].Floats, floatTolerance: StrictTolerance) is { Mismatches: 0, Ties: > 0 } outcome
            ? new Explanation(Cause.Tie, outcome.Tie!)
            : null;

    private string Moved() => string.Create(CultureInfo.InvariantCulture,
        $"rounding alone moves the logits by {_spread[walk.OutputName]:G2}, most through {_most.Node}, which makes it {_most.Gain:G2} times as large");
}

/// <summary>What makes logits differ.</summary>
internal enum Cause
{
    /// <summary>Something is wrong.</summary>
    Fault,

    /// <summary>A sign or a key of attention at its threshold.</summary>
    Tie,

    /// <summary>Rounding, which the network multiplies.</summary>
    Rounding,
}

/// <summary>Why logits differ, in words that name a value.</summary>
internal sealed record Explanation(Cause Cause, string Text);
