using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>How far one node's output may be from that of the exact parameters because some are stored in 16 bits. Inputs are taken as
/// given; what rounding in other nodes does to them is theirs.</summary>
internal sealed class StorageRounding
{
    private readonly IReadOnlyDictionary<string, StoredTensor> _tensors;
    private readonly GraphInterpreter? _bounds;

    /// <summary>The roundings of a model's tensors; <paramref name="ignored"/> where the reference has the same rounded numbers.</summary>
    public StorageRounding(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, bool ignored)
    {
        _tensors = tensors;
        Any = !ignored && tensors.Values.Any(t => t.Type == StoredType.F16);
        if (Any)
        {
            _bounds = new GraphInterpreter(graph, tensors, Errors);
        }
    }

    public bool Any { get; }

    public bool Concerns(GraphNode node) => Any && node.Tensors.Values.Any(t => _tensors[t].Type == StoredType.F16);

    /// <summary>The rounding of the number that was stored as <paramref name="value"/>: half a unit in the last of F16's 11 bits.</summary>
    public static float Of(float value) => Math.Max(Math.Abs(value) * (1.001f / 2048), 1f / (1 << 25));

    /// <summary>For every element of a node's output, computed from these inputs, the largest difference that the rounding of its own tensors can
    /// make.</summary>
    public float[] Bounds(GraphNode node, IReadOnlyList<Value> inputs, Value output)
    {
        switch (node.Op)
        {
            case var _ when IsLinear(node):
                return OfLinear(node, inputs[0]);
            case Op.Position:
                return Rounding(node, "position");
            case Op.PrependTokens:
                return [.. Rounding(node, "tokens"), .. new float[inputs[0].Floats.Length]];
            case Op.RPReLU:
                return OfSlopes(node, inputs[0]);
            case Op.ScaledSum:
                return OfSummands(node, inputs);
            default:
                return OfScales(node, inputs, output);
        }
    }

    private float[] OfLinear(GraphNode node, Value x) =>
        _bounds!.Evaluate(node, new Dictionary<string, Value> { [node.Inputs[0]] = FloatRounding.Magnitudes(x) }).Floats;

    private float[] OfSlopes(GraphNode node, Value x)
    {
        float[]? shift = node.Tensors.ContainsKey("shift") ? Floats(node, "shift") : null;
        float[] ofSlope = Rounding(node, "slope");
        var bounds = new float[x.Floats.Length];
        for (int i = 0; i < bounds.Length; i++)
        {
            int c = i % ofSlope.Length;
            bounds[i] = ofSlope[c] * Math.Abs(x.Floats[i] - (shift is null ? 0 : shift[c]));
        }

        return bounds;
    }

    private float[] OfSummands(GraphNode node, IReadOnlyList<Value> inputs)
    {
        var bounds = new float[inputs[0].Floats.Length];
        for (int input = 1; input < inputs.Count; input++)
        {
            if (node.Tensors.ContainsKey(OpAttributes.Scale(input)))
            {
                float[] ofScales = Rounding(node, OpAttributes.Scale(input));
                for (int i = 0; i < bounds.Length; i++)
                {
                    bounds[i] += ofScales[i % ofScales.Length] * Math.Abs(inputs[input].Floats[i]);
                }
            }
        }

        return bounds;
    }

    // scale * s + offset, with s an integer count or a normed value; counts of differing bits are rounded about their middle.
    private float[] OfScales(GraphNode node, IReadOnlyList<Value> inputs, Value output)
    {
        (float[] scale, float[] offset, float[] ofScale) = (Floats(node, "scale"), Floats(node, "offset"), Rounding(node, "scale"));
        double middle = HalfFloats.Middle(node, inputs[0].Shape.Channels);
        int most = inputs[0].Shape.Channels * Math.Max(1, inputs[^1].Shape.Tokens);
        var bounds = new float[output.Floats.Length];
        for (int i = 0; i < bounds.Length; i++)
        {
            int c = i % output.Shape.Channels;
            double s = scale[c] == 0 ? most : Math.Abs(((output.Floats[i] - (double)offset[c]) / scale[c]) - middle);
            bounds[i] = (float)(s * ofScale[c]);
        }

        return bounds;
    }

    /// <summary>The roundings of a node's tensor; zeros where it is exact.</summary>
    public float[] Rounding(GraphNode node, string role) => Errors(_tensors[node.Tensors[role]]);

    // |error| <= op(|input|, |errors of the tensors|).
    private static bool IsLinear(GraphNode node) => node.Op is Op.Conv2d or Op.DepthwiseConv2d or Op.Linear or Op.Affine;

    private float[] Floats(GraphNode node, string role) => TensorData.Floats(_tensors[node.Tensors[role]]);

    private static float[] Errors(StoredTensor tensor) =>
        tensor.Type == StoredType.F16 ? Array.ConvertAll(TensorData.Floats(tensor), Of) : new float[tensor.Shape.Aggregate(1, (product, size) => product * size)];
}
