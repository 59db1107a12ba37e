using System.Numerics.Tensors;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>How far two computations of one node in 32-bit floats may be apart, for each element, by the kind of its op: nothing where values are
/// copied, a unit in the last place of what is rounded once, and for sums what their partial sums round. Inputs are taken as given.</summary>
internal sealed class FloatRounding
{
    /// <summary>A unit in the last place, relative: 2^-23.</summary>
    public const double Ulp = 1.0 / (1 << 23);

    /// <summary>Units in the last place of what is rounded a few times: a product with folded constants, an <c>exp</c> or <c>erf</c> by a polynomial.</summary>
    private const int Few = 2;

    private readonly IReadOnlyDictionary<string, StoredTensor> _tensors;
    private readonly NodeComparison _comparison;
    private readonly GraphInterpreter _magnitudes;

    /// <summary>The rounding in a graph; the comparison knows which values are folded, and so rounded as large as they were.</summary>
    public FloatRounding(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, NodeComparison comparison)
    {
        (_tensors, _comparison) = (tensors, comparison);
        _magnitudes = new GraphInterpreter(graph, tensors, tensor => Magnitudes(TensorData.Floats(tensor)));
    }

    /// <summary>The rounding of each element of a node's tokens <c>[N, C]</c>, computed from these inputs.</summary>
    public double[] Bounds(GraphNode node, IReadOnlyList<Value> inputs, Value output) => node.Op switch
    {
        Op.Upsample or Op.TileChannels or Op.PrependTokens or Op.SliceTokens or Op.SpatialShift => new double[output.Floats.Length],
        Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention => OfCounts(node, output),
        Op.RPReLU => OfPReLU(node, inputs[0]),
        Op.Gelu => [.. inputs[0].Floats.Select(x => Few * Ulp * Math.Abs(x))],
        Op.LayerNorm => OfLayerNorm(node, inputs[0]),
        Op.SoftmaxAttention => OfSoftmax(node, inputs),
        _ => OfSum(node, inputs, output),
    };

    /// <summary>Of each element, a unit in the last place: what storing it rounds, and what its conversion to the folded graph's does.</summary>
    public double[] Last(GraphNode node, Value output)
    {
        var last = new double[output.Floats.Length];
        FoldedValue? folded = _comparison.Folded(node.Output);
        for (int i = 0; i < last.Length; i++)
        {
            double missing = folded?.Missing is { } m ? Math.Abs(m[i % m.Length] * folded.Factor) : 0;
            last[i] = Ulp * (Math.Abs((double)output.Floats[i]) + missing);
        }

        return last;
    }

    /// <summary>The sizes of a value's floats.</summary>
    public static Value Magnitudes(Value x) => x.Shape.Kind == ValueKind.Image
        ? Value.Image(Magnitudes(x.Floats), x.Shape.Channels, x.Shape.Height, x.Shape.Width)
        : Value.Tokens(Magnitudes(x.Floats), x.Shape.Channels, x.Shape.Height, x.Shape.Width);

    // Partial sums of terms of either sign wander, and their rounding adds up to about eps times the sum of the terms' sizes, which is the op on sizes;
    // what the terms agree on grows steadily and adds eps * sqrt(terms) times the result. eps is half a unit.
    private double[] OfSum(GraphNode node, IReadOnlyList<Value> inputs, Value output)
    {
        double root = Math.Sqrt(Terms(node, inputs[0]));
        float[] sizes = OnMagnitudes(node, inputs);
        var bounds = new double[sizes.Length];
        for (int i = 0; i < bounds.Length; i++)
        {
            bounds[i] = Ulp / 2 * (sizes[i] + (root * Math.Abs((double)output.Floats[i])));
        }

        return bounds;
    }

    private float[] OnMagnitudes(GraphNode node, IReadOnlyList<Value> inputs)
    {
        LargeArrays.Expect(sizeof(float) * _magnitudes.Shapes[node.Output].Elements);
        var sizes = new Dictionary<string, Value>(StringComparer.Ordinal);
        for (int i = 0; i < inputs.Count; i++)
        {
            sizes[node.Inputs[i]] = Magnitudes(inputs[i]);
        }

        return _magnitudes.Evaluate(node, sizes).Floats;
    }

    private int Terms(GraphNode node, Value x) => node.Op switch
    {
        Op.Conv2d or Op.Linear => _tensors[node.Tensors["weight"]].Shape.Skip(1).Aggregate(1, (product, size) => product * size),
        Op.DepthwiseConv2d => ConvWindow.Of(node).Taps,
        Op.AvgPool2d => node.Attributes["kernelH"] * node.Attributes["kernelW"],
        Op.GroupMeanChannels => node.Attributes["factor"],
        Op.MeanTokens => x.Shape.Tokens,
        Op.Affine or Op.Position => 2,
        _ => node.Inputs.Count,
    };

    // scale * s + offset with an integer s: exact but for the constants.
    private double[] OfCounts(GraphNode node, Value output)
    {
        float[] offset = Floats(node, "offset");
        var bounds = new double[output.Floats.Length];
        for (int i = 0; i < bounds.Length; i++)
        {
            double constant = offset[i % offset.Length];
            bounds[i] = Few * Ulp * (Math.Abs(output.Floats[i] - constant) + Math.Abs(constant));
        }

        return bounds;
    }

    private double[] OfPReLU(GraphNode node, Value x)
    {
        float[] slope = Floats(node, "slope");
        float[]? shift = Optional(node, "shift"), offset = Optional(node, "offset");
        var bounds = new double[x.Floats.Length];
        for (int i = 0; i < bounds.Length; i++)
        {
            int c = i % slope.Length;
            double u = (double)x.Floats[i] - (shift?[c] ?? 0);

            // The slope less 1 is rounded about as u is.
            bounds[i] = Ulp * (Math.Abs(u) + Math.Abs(u > 0 ? 0 : slope[c] * u) + Math.Abs(offset?[c] ?? 0));
        }

        return bounds;
    }

    // What is divided by the deviation is rounded as large as the values and their mean; the deviation itself relative to itself.
    private double[] OfLayerNorm(GraphNode node, Value x)
    {
        (float[] scale, float[] offset, float epsilon) = (Floats(node, "scale"), Floats(node, "offset"), Floats(node, "epsilon")[0]);
        int channels = scale.Length;
        double root = Math.Sqrt(channels) / 2;
        var bounds = new double[x.Floats.Length];
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            ReadOnlySpan<float> row = x.Floats.AsSpan(t * channels, channels);
            (double mean, double size, double squares) = (0, 0, 0);
            foreach (float value in row)
            {
                mean += value / (double)channels;
                size += Math.Abs((double)value) / channels;
            }

            foreach (float value in row)
            {
                squares += (value - mean) * (value - mean);
            }

            double deviation = Math.Sqrt((squares / channels) + epsilon);
            for (int c = 0; c < channels; c++)
            {
                double rounded = Math.Abs((double)row[c]) + (root * (size + Math.Abs(row[c] - mean)));
                bounds[(t * channels) + c] = Ulp * ((rounded / deviation * Math.Abs(scale[c])) + Math.Abs(offset[c]));
            }
        }

        return bounds;
    }

    // Scores are rounded by eps * sqrt(d) * |q| |k| / sqrt(d) at most, which their exponentials have as a relative error; sums of keys add theirs.
    private double[] OfSoftmax(GraphNode node, IReadOnlyList<Value> inputs)
    {
        (Value query, Value key, Value value) = (inputs[0], inputs[1], inputs[2]);
        int heads = node.Attributes["heads"], channels = query.Shape.Channels, size = channels / heads;
        float[] weighted = _magnitudes.Evaluate(node, new Dictionary<string, Value>(StringComparer.Ordinal)
        {
            [node.Inputs[0]] = query,
            [node.Inputs[1]] = key,
            [node.Inputs[2]] = node.Inputs[2] == node.Inputs[0] || node.Inputs[2] == node.Inputs[1] ? value : Magnitudes(value),
        }).Floats;
        double keys = Few + (Math.Sqrt(key.Shape.Tokens) / 2);
        var bounds = new double[weighted.Length];
        for (int head = 0; head < heads; head++)
        {
            double longest = Enumerable.Range(0, key.Shape.Tokens).Max(j => Norm(key, j, head, size));
            for (int t = 0; t < query.Shape.Tokens; t++)
            {
                double relative = Ulp * (keys + (Norm(query, t, head, size) * longest));
                for (int i = (t * channels) + (head * size); i < (t * channels) + ((head + 1) * size); i++)
                {
                    bounds[i] = relative * Math.Abs(weighted[i]);
                }
            }
        }

        return bounds;
    }

    private static double Norm(Value x, int token, int head, int size) =>
        TensorPrimitives.Norm<float>(x.Floats.AsSpan((token * x.Shape.Channels) + (head * size), size));

    private float[] Floats(GraphNode node, string role) => TensorData.Floats(_tensors[node.Tensors[role]]);

    private float[]? Optional(GraphNode node, string role) => node.Tensors.ContainsKey(role) ? Floats(node, role) : null;

    private static float[] Magnitudes(float[] values)
    {
        var sizes = new float[values.Length];
        TensorPrimitives.Abs(values, sizes);
        return sizes;
    }
}
