using System.Globalization;
using System.Numerics.Tensors;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The outcome of one comparison of one node's value, see <see cref="ParityLayer"/>, with the first mismatch and the first tie in
/// words.</summary>
internal readonly record struct NodeOutcome(
    long Compared, long Ties, long Rounded, long Mismatches, double MaxError, MarginRange TieMargins, double MaxRounding, string? Fault, string? Tie = null);

/// <summary>Compares what a node of the graph that runs computes with what the simulator says, and distinguishes ties and the rounding of storage
/// from mismatches. <paramref name="values"/> are those of <see cref="FoldedModel.Values"/>; with <paramref name="sameFloats"/> the simulator
/// computes with the floats as they are stored.</summary>
internal sealed class NodeComparison(
    ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, FoldedValue> values, bool sameFloats)
{
    /// <summary>Floats may differ by this, times max(1, largest magnitude of the value): rounding of a few operations.</summary>
    public const double FloatTolerance = 1e-4;

    /// <summary>A sign is a tie when its argument is this close to zero, times max(1, |x|), x being what the shift is added to, folded or not; an
    /// attention bit when p / clip is this close to the border of its level, a half for the first.</summary>
    public const double TieTolerance = 1e-5;

    private readonly StorageRounding _storage = new(graph, tensors, ignored: sameFloats);

    /// <summary>Whether floats are stored in 16 bits and the reference has exact ones.</summary>
    public bool IsRounded => _storage.Any;

    /// <summary>How a value relates to the simulator's; null where it is the same.</summary>
    public FoldedValue? Folded(string name) => values.GetValueOrDefault(name);

    /// <summary>What the storage of a node's own tensors can make of its floats; null where they are exact.</summary>
    public float[]? Rounding(GraphNode node, IReadOnlyList<Value> inputs, Value packed) =>
        packed.Shape.Kind == ValueKind.Tokens && _storage.Concerns(node) ? _storage.Bounds(node, inputs, packed) : null;

    /// <summary>The sum of roundings that untapped inputs carry; null without any.</summary>
    public static float[]? Sum(IReadOnlyList<float[]> roundings) =>
        roundings.Count == 0 ? null : [.. roundings[0].Select((_, i) => roundings.Sum(r => r[i]))];

    /// <summary>Compares one value as the graph and as the simulator computes it. <paramref name="x"/> is a sign's argument before the shift, the
    /// simulator's where it reports it; <paramref name="carried"/> is the rounding of inputs that the simulator does not report, null for
    /// none; <paramref name="floatTolerance"/> that of a row of attention.</summary>
    public NodeOutcome Compare(
        GraphNode node, Value packed, float[] simulated, IReadOnlyList<Value> inputs, float[] x, double tieTolerance = TieTolerance,
        float[]? carried = null, double floatTolerance = FloatTolerance)
    {
        if (simulated.Length != packed.Shape.Elements)
        {
            return new NodeOutcome(packed.Shape.Elements, 0, 0, packed.Shape.Elements, 0, MarginRange.None, 0,
                $"{node.Name}: the simulator reports {simulated.Length} values, expected {packed.Shape}");
        }
        return node.Op switch
        {
            Op.ShiftSign => Signs(node, packed, simulated, x, tieTolerance),
            Op.BinaryAttention => Attention(node, packed, simulated, inputs, floatTolerance),
            _ => Floats(node, packed, simulated, inputs, carried),
        };
    }

    private NodeOutcome Signs(GraphNode node, Value packed, float[] simulated, float[] x, double tolerance)
    {
        if (SignPacking.AreSigns(simulated) && packed.Words.AsSpan().SequenceEqual(SignPacking.Tokens(simulated, packed.Shape.Tokens)))
        {
            return new NodeOutcome(simulated.Length, 0, 0, 0, 0, MarginRange.None, 0, null);
        }

        float[] shift = TensorData.Floats(tensors[node.Tensors["shift"]]);
        double[]? missing = values.GetValueOrDefault(node.Inputs[0])?.Missing;
        int channels = packed.Shape.Channels;
        (long ties, long mismatches, string? fault, string? tie) = (0, 0, null, null);
        MarginRange margins = MarginRange.None;
        for (int i = 0; i < simulated.Length; i++)
        {
            (int token, int channel) = int.DivRem(i, channels);
            bool sign = simulated[i] >= 0;
            if (Math.Abs(simulated[i]) == 1 && packed.Bit(token, channel) == sign)
            {
                continue;
            }

            double argument = (double)x[i] + shift[channel];
            double scale = Math.Max(1, Math.Max(Math.Abs(x[i]), Math.Abs(x[i] + (missing is null ? 0 : missing[channel]))));
            double margin = Math.Abs(argument) / scale;
            if (Math.Abs(simulated[i]) == 1 && margin <= tolerance)
            {
                ties++;
                margins = margins.With(margin);
                tie ??= Text();
                continue;
            }
            mismatches++;
            fault ??= Text();

            string Text() => string.Create(CultureInfo.InvariantCulture,
                $"{node.Name}: token {token} channel {channel}: the simulator has {simulated[i]}, packed {(packed.Bit(token, channel) ? 1 : -1)}, the argument is {argument:G4}");
        }
        return new NodeOutcome(simulated.Length, ties, 0, mismatches, 0, margins, 0, fault, tie);
    }

    private NodeOutcome Floats(GraphNode node, Value packed, float[] simulated, IReadOnlyList<Value> inputs, float[]? bounds)
    {
        double scale = Scale(simulated);
        if (LargestDifference(packed.Floats, simulated) / scale is <= FloatTolerance and var largest)
        {
            return new NodeOutcome(simulated.Length, 0, 0, 0, largest, MarginRange.None, 0, null);
        }

        (long rounded, long mismatches, double worst, double rounding, string? fault) = (0, 0, 0, 0, null);
        for (int i = 0; i < simulated.Length; i++)
        {
            double error = Math.Abs((double)packed.Floats[i] - simulated[i]) / scale;
            if (error <= FloatTolerance)
            {
                worst = Math.Max(worst, error);
                continue;
            }
            bounds ??= Rounding(node, inputs, packed);
            if (bounds is not null && error <= FloatTolerance + (bounds[i] / scale))
            {
                rounded++;
                rounding = Math.Max(rounding, error);
                continue;
            }
            worst = double.IsFinite(error) ? Math.Max(worst, error) : double.MaxValue;
            mismatches++;
            fault ??= Different(node, packed, simulated, i);
        }
        return new NodeOutcome(simulated.Length, 0, rounded, mismatches, worst, MarginRange.None, rounding, fault);
    }

    /// <summary>A head of a token may differ where some of its keys lie within rounding of the threshold, and then only by what those keys
    /// add: see <see cref="AttentionTies"/>.</summary>
    private NodeOutcome Attention(GraphNode node, Value packed, float[] simulated, IReadOnlyList<Value> inputs, double floatTolerance)
    {
        double scale = Scale(simulated);
        double largest = LargestDifference(packed.Floats, simulated) / scale;
        if (largest <= floatTolerance)
        {
            return new NodeOutcome(simulated.Length, 0, 0, 0, largest, MarginRange.None, 0, null);
        }

        float[] clip = TensorData.Floats(tensors[node.Tensors["clip"]]);
        float[] factors = TensorData.Floats(tensors[node.Tensors["scale"]]);
        long[] exp = TensorData.Integers(tensors[node.Tensors["exp"]]);
        float[] bounds = Rounding(node, inputs, packed) ?? new float[simulated.Length];
        int size = packed.Shape.Channels / clip.Length;
        (long ties, long rounded, long mismatches, double worst, double rounding, string? fault, string? tie) = (0, 0, 0, 0, 0, null, null);
        MarginRange margins = MarginRange.None;
        ReferenceAttention? attention = null;
        for (int begin = 0; begin < simulated.Length; begin += size)
        {
            (int bad, int stored) = (-1, 0);
            for (int i = begin; i < begin + size; i++)
            {
                double error = Math.Abs((double)packed.Floats[i] - simulated[i]) / scale;
                if (error <= floatTolerance)
                {
                    worst = Math.Max(worst, error);
                }
                else if (error <= floatTolerance + (bounds[i] / scale))
                {
                    (stored, rounding) = (stored + 1, Math.Max(rounding, error));
                }
                else if (bad < 0)
                {
                    bad = i;
                }
            }
            if (bad < 0)
            {
                rounded += stored;
                continue;
            }
            (int token, int channel) = int.DivRem(begin, packed.Shape.Channels);
            int head = channel / size;
            ReadOnlySpan<long> table = exp.AsSpan(exp.Length == size + 1 ? 0 : head * (size + 1), size + 1);
            attention ??= ReferenceAttention.Of(node, inputs, role => tensors[node.Tensors[role]], clip);
            var atThreshold = new AttentionTies(attention, inputs[2], token, head, table, clip[head], AttentionAttributes.Levels(node), TieTolerance);
            if (Counts(packed.Floats.AsSpan(begin, size), simulated.AsSpan(begin, size), factors.AsSpan(channel, size), bounds.AsSpan(begin, size), floatTolerance * scale) is { } counts
                && atThreshold.Explain(counts))
            {
                ties++;
                margins = margins.With(atThreshold.Margin);
                tie ??= string.Create(CultureInfo.InvariantCulture,
                    $"{node.Name}: token {token} head {head}: {atThreshold.Keys} {(atThreshold.Keys == 1 ? "key lies" : "keys lie")} within {atThreshold.Margin:G2} of {(atThreshold.Keys == 1 ? "its" : "their")} threshold");
                continue;
            }
            mismatches++;
            fault ??= Different(node, packed, simulated, bad);
        }
        return new NodeOutcome(simulated.Length, ties, rounded, mismatches, worst, margins, rounding, fault, tie);
    }

    /// <summary>Simulated minus packed counts of one row, null for a channel whose scale is 0; null altogether where they are no integers.</summary>
    private static int?[]? Counts(
        ReadOnlySpan<float> packed, ReadOnlySpan<float> simulated, ReadOnlySpan<float> factors, ReadOnlySpan<float> bounds, double rounding)
    {
        var counts = new int?[packed.Length];
        for (int c = 0; c < counts.Length; c++)
        {
            double tolerance = rounding + bounds[c];
            double difference = (double)simulated[c] - packed[c];
            double count = factors[c] == 0 ? 0 : Math.Round(difference / factors[c]);
            if (!(Math.Abs(difference - (count * factors[c])) <= tolerance) || Math.Abs(count) > int.MaxValue)
            {
                return null;
            }

            // A scale below the tolerance says nothing about the count.
            counts[c] = Math.Abs(factors[c]) <= 2 * tolerance ? null : (int)count;
        }
        return counts;
    }

    /// <summary>max(1, largest magnitude); a NaN counts as nothing.</summary>
    internal static double Scale(ReadOnlySpan<float> values) => Math.Abs(TensorPrimitives.MaxMagnitudeNumber(values)) is > 1 and var largest ? largest : 1;

    /// <summary>The largest |a - b|; NaN where a difference is none.</summary>
    internal static double LargestDifference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Span<float> differences = stackalloc float[1024];
        float largest = 0;
        for (int i = 0; i < a.Length; i += differences.Length)
        {
            Span<float> part = differences[..Math.Min(differences.Length, a.Length - i)];
            TensorPrimitives.Subtract(a.Slice(i, part.Length), b.Slice(i, part.Length), part);
            largest = Math.Max(largest, Math.Abs(TensorPrimitives.MaxMagnitude<float>(part)));
        }
        return largest;
    }

    /// <summary>An element that differs, in words.</summary>
    internal static string Different(GraphNode node, Value packed, float[] simulated, int index)
    {
        (int token, int channel) = int.DivRem(index, packed.Shape.Channels);
        return string.Create(CultureInfo.InvariantCulture,
            $"{node.Name}: token {token} channel {channel}: the simulator has {simulated[index]:G7}, packed {packed.Floats[index]:G7}");
    }
}
