using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What every op computes, as plain scalar loops; see <see cref="GraphInterpreter"/>.</summary>
internal static class ReferenceOps
{
    private static readonly Dictionary<Op, Action<NodeValues, float[]>> s_rows = new()
    {
        [Op.Conv2d] = (n, y) => ReferenceArithmetic.Conv2d(n.X, n.Floats("weight"), n.Optional("bias"), n.Tensor("weight").Shape[2], n["stride"], n["padding"], n.Shape, y),
        [Op.Linear] = (n, y) => ReferenceArithmetic.Linear(n.X, n.Floats("weight"), n.Optional("bias"), n.Shape.Channels, y),
        [Op.Position] = (n, y) => ReferenceArithmetic.Add(n.X.Floats, n.Floats("position"), y),
        [Op.Affine] = (n, y) => ReferenceArithmetic.Affine(n.X, n.Floats("scale"), n.Floats("offset"), y),
        [Op.RPReLU] = (n, y) => ReferenceArithmetic.RPReLU(n.X, n.Optional("shift"), n.Floats("slope"), n.Optional("offset"), n.IsFormer, y),
        [Op.BinaryLinear] = (n, y) => ReferenceArithmetic.BinaryLinear(n.X, n.Words("weight"), n.Shape.Channels, n.IsCount, y),
        [Op.BinaryConv] = (n, y) => ReferenceArithmetic.BinaryConv(n.X, n.Words("weight"), ConvWindow.Of(n.Node), n.IsCount, n.Shape, y),
        [Op.BinaryAttention] = (n, y) => ReferenceAttention.Of(n).Count(n.Input(2), y),
        [Op.Add] = Sum,
        [Op.ScaledSum] = Sum,
        [Op.DepthwiseConv2d] = (n, y) => ReferenceFloatArithmetic.DepthwiseConv2d(n.X, n.Floats("weight"), n.Optional("bias"), ConvWindow.Of(n.Node), n.Shape, y),
        [Op.AvgPool2d] = (n, y) => ReferencePooling.AvgPool2d(n.X, PoolWindow.Of(n.Node), n.Shape, y),
        [Op.Upsample] = (n, y) => ReferencePooling.Upsample(n.X, n["factor"], n.Shape, y),
        [Op.TileChannels] = (n, y) => ReferencePooling.TileChannels(n.X, n["factor"], y),
        [Op.GroupMeanChannels] = (n, y) => ReferencePooling.GroupMeanChannels(n.X, n["factor"], y),
        [Op.MeanTokens] = (n, y) => ReferencePooling.MeanTokens(n.X, y),
        [Op.LayerNorm] = (n, y) => ReferenceFloatArithmetic.LayerNorm(n.X, n.Floats("scale"), n.Floats("offset"), n.Floats("epsilon")[0], y),
        [Op.Gelu] = (n, y) => ReferenceFloatArithmetic.Gelu(n.X, y),
        [Op.SoftmaxAttention] = (n, y) => ReferenceFloatArithmetic.SoftmaxAttention(n.X, n.Input(1), n.Input(2), n["heads"], y),
        [Op.PrependTokens] = (n, y) => ReferencePooling.PrependTokens(n.X, n.Node.Inputs.Count == 2 ? n.Input(1).Floats : n.Floats("tokens"), y),
        [Op.SliceTokens] = (n, y) => ReferencePooling.SliceTokens(n.X, n["start"], y),
        [Op.Gate] = (n, y) => ReferenceArithmetic.Gate(n.X, n.Input(1), y),
        [Op.SpatialShift] = (n, y) => ReferencePooling.SpatialShift(n.X, TokenShift.Of(n.Node), y),
    };

    internal static bool Has(Op op) => op == Op.ShiftSign || s_rows.ContainsKey(op);

    /// <summary>Computes one node.</summary>
    /// <exception cref="EvitFormatException">The op is unknown.</exception>
    internal static Value Evaluate(NodeValues node)
    {
        ValueShape shape = node.Shape;
        if (node.Node.Op == Op.ShiftSign)
        {
            return Value.Bits(ReferenceArithmetic.ShiftSign(node.X, node.Floats("shift")), shape.Channels, shape.Height, shape.Width);
        }

        if (!s_rows.TryGetValue(node.Node.Op, out Action<NodeValues, float[]>? compute))
        {
            throw new EvitFormatException($"op {node.Node.Op} is unknown to this runtime");
        }

        var y = new float[shape.Elements];
        compute(node, y);
        Counted? counted = node.Node.Op is Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention
            ? ReferenceArithmetic.Scale(node.Floats("scale"), node.Floats("offset"), y) : null;
        if (node.IsOutput)
        {
            ReferenceArithmetic.ClearZeros(y);
        }

        return Value.Tokens(y, shape.Channels, shape.Height, shape.Width, counted);
    }

    // A sum without scales adds; the order is that of the inputs. A product of a simulator's floats has no counts to join.
    private static void Sum(NodeValues n, float[] y)
    {
        int next = 1;
        if (n.Node.Attributes.ContainsKey(OpAttributes.Joined) && n.X.Counted is { } product)
        {
            ReferenceArithmetic.Join(product, n.Input(next++), y);
        }
        else
        {
            n.X.Floats.CopyTo(y, 0);
        }

        for (int i = next; i < n.Node.Inputs.Count; i++)
        {
            ReferenceArithmetic.AddScaled(n.Input(i), n.Optional(OpAttributes.Scale(i)), y);
        }
    }
}
