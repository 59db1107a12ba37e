using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>The ONNX form of every op.</summary>
internal static class OnnxOps
{
    private static readonly Dictionary<Op, Action<OnnxNode>> s_rows = new()
    {
        [Op.Conv2d] = n => n.OutputTokens(Convolution(n, n.Floats("weight"), n.Tensor("weight").Shape[2], n["stride"], n["padding"], n.Has("bias") ? n.Constant("bias", n.To.Channels) : null)),
        [Op.Linear] = Linear,
        [Op.Position] = n => n.Output("Add", [n.X, n.Constant("position", 1, n.To.Tokens, n.To.Channels)]),
        [Op.Affine] = n => n.Output("Add", [n.Node("Mul", [n.X, n.Vector("scale")]), n.Vector("offset")]),
        [Op.ShiftSign] = n => n.Output("Where", [n.Node("GreaterOrEqual", [n.Node("Add", [n.X, n.Vector("shift")]), n.Scalar("zero", 0f)]), n.Scalar("plus_one", 1f), n.Scalar("minus_one", -1f)]),
        [Op.BinaryLinear] = n => Product(n, MatMul(n, OnnxWeights.Signs(n.Tensor("weight"), n.To.Channels, n.From.Channels)), n.From.Channels),
        [Op.BinaryConv] = BinaryConv,
        [Op.BinaryAttention] = OnnxAttention.Binary,
        [Op.RPReLU] = RPReLU,
        [Op.Add] = Sum,
        [Op.AvgPool2d] = AvgPool2d,
        [Op.Upsample] = n => n.OutputTokens(n.Node("Resize", [n.Grid(), "", n.Constant("factors", (float[])[1, 1, n["factor"], n["factor"]], 4)],
            ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"))),
        [Op.TileChannels] = n => n.Output("Concat", [.. Enumerable.Repeat(n.X, n["factor"])], ("axis", 2)),
        [Op.GroupMeanChannels] = n => n.Output("Identity", [n.Mean(n.Node("Reshape", [n.X, n.Sizes(-1, n.To.Tokens, n.To.Channels, n["factor"])]), 3, keep: false)]),
        [Op.MeanTokens] = n => n.Output("Identity", [n.Mean(n.X, 1, keep: true)]),
        [Op.LayerNorm] = LayerNorm,
        [Op.Gelu] = Gelu,
        [Op.SoftmaxAttention] = OnnxAttention.Softmax,
        [Op.PrependTokens] = PrependTokens,
        [Op.SliceTokens] = n => n.Output("Slice", [n.X, n.Sizes(n["start"]), n.Sizes((long)n["start"] + n["count"]), n.Sizes(1)]),
        [Op.SpatialShift] = SpatialShift,
        [Op.ScaledSum] = Sum,
        [Op.DepthwiseConv2d] = DepthwiseConv2d,
        [Op.Gate] = n => n.Output("Mul", [n.X, n.Node("Clip", [n.Input(1), n.Scalar("zero", 0f), n.Scalar("two", 2f)])]),
    };

    internal static bool Has(Op op) => s_rows.ContainsKey(op);

    /// <summary>Writes a node's operators.</summary>
    /// <exception cref="NotSupportedException">The op has no ONNX form.</exception>
    internal static void Translate(OnnxNode node)
    {
        if (!s_rows.TryGetValue(node.Source.Op, out Action<OnnxNode>? write))
        {
            throw new NotSupportedException($"the op {node.Source.Op} of '{node.Source.Name}' has no translation to ONNX");
        }

        write(node);
    }

    // ONNX's PRelu would do, but OpenCV takes its slopes for those of the second axis.
    private static void RPReLU(OnnxNode n)
    {
        string x = n.Has("shift") ? n.Node("Sub", [n.X, n.Vector("shift")]) : n.X;
        string[] sides = [n.Node("GreaterOrEqual", [x, n.Scalar("zero", 0f)]), x, n.Node("Mul", [x, n.Vector("slope")])];
        if (n.Has("shift"))
        {
            n.Output("Add", [n.Node("Where", sides), n.Vector("offset")]);
        }
        else
        {
            n.Output("Where", sides);
        }
    }

    private static void Linear(OnnxNode n)
    {
        string product = MatMul(n, n.Floats("weight"));
        n.Output(n.Has("bias") ? "Add" : "Identity", n.Has("bias") ? [product, n.Vector("bias")] : [product]);
    }

    // The learned tokens are the same for every image: zeros of the batch's size are added to them.
    private static void PrependTokens(OnnxNode n)
    {
        string before;
        if (n.Source.Inputs.Count == 2)
        {
            before = n.Input(1);
        }
        else
        {
            string first = n.Node("Slice", [n.X, n.Sizes(0), n.Sizes(1), n.Sizes(1)]);
            before = n.Node("Add", [n.Node("Mul", [first, n.Scalar("zero", 0f)]), n.Constant("tokens", 1, n.To.Tokens - n.From.Tokens, n.To.Channels)]);
        }

        n.Output("Concat", [before, n.X], ("axis", 1));
    }

    private static void LayerNorm(OnnxNode n)
    {
        float epsilon = n.Floats("epsilon")[0];
        if (n.Opset >= 17)
        {
            n.Output("LayerNormalization", [n.X, n.Vector("scale"), n.Vector("offset")], ("axis", -1), ("epsilon", epsilon));
            return;
        }

        string centred = n.Node("Sub", [n.X, n.Mean(n.X, 2, keep: true)]);
        string variance = n.Mean(n.Node("Mul", [centred, centred]), 2, keep: true);
        string deviation = n.Node("Sqrt", [n.Node("Add", [variance, n.Scalar(string.Create(CultureInfo.InvariantCulture, $"epsilon_{epsilon:R}"), epsilon)])]);
        n.Output("Add", [n.Node("Mul", [n.Node("Div", [centred, deviation]), n.Vector("scale")]), n.Vector("offset")]);
    }

    private static void BinaryConv(OnnxNode n)
    {
        var window = ConvWindow.Of(n.Source);
        string grid = n.Grid();
        if (window.Padding > 0)
        {
            // The constant is no other operator's: OpenCV takes one that is for a value of the graph.
            grid = n.Node("Pad", [grid, n.Sizes(0, 0, window.Padding, window.Padding, 0, 0, window.Padding, window.Padding), n.Scalar("outside", 1f)]);
        }

        string kernels = n.Constant("weight", OnnxWeights.Convolution(n.Tensor("weight"), n.To.Channels, n.From.Channels, window.Kernel), n.To.Channels, n.From.Channels, window.Kernel, window.Kernel);
        grid = n.Node("Conv", [grid, kernels], ("kernel_shape", (long[])[window.Kernel, window.Kernel]), ("strides", (long[])[window.Stride, window.Stride]),
            ("dilations", (long[])[window.Dilation, window.Dilation]));
        string tokens = n.Named("Transpose", "product", [n.Node("Reshape", [grid, n.Sizes(-1, n.To.Channels, n.To.Tokens)])], ("perm", (long[])[0, 2, 1]));
        Product(n, tokens, window.Taps * n.From.Channels);
    }

    // With s the sum of k products of signs; a count of differing signs is (k - s) / 2.
    private static void Product(OnnxNode n, string sum, int k)
    {
        float[] scale = n.Floats("scale"), offset = n.Floats("offset");
        if (n.Source.Attributes.ContainsKey(OpAttributes.Counts))
        {
            for (int c = 0; c < scale.Length; c++)
            {
                offset[c] = (float)(offset[c] + (scale[c] * (k / 2.0)));
                scale[c] *= -0.5f;
            }
        }

        n.Output("Add", [n.Node("Mul", [sum, n.Constant("scale", scale, scale.Length)]), n.Constant("offset", offset, offset.Length)]);
    }

    private static void Sum(OnnxNode n)
    {
        string sum = n.X;
        for (int i = 1; i < n.Source.Inputs.Count; i++)
        {
            string role = OpAttributes.Scale(i);
            string[] summands = [sum, n.Has(role) ? n.Node("Mul", [n.Input(i), n.Vector(role)]) : n.Input(i)];
            if (i + 1 == n.Source.Inputs.Count)
            {
                n.Output("Add", summands);
                return;
            }

            sum = n.Node("Add", summands);
        }
    }

    private static void AvgPool2d(OnnxNode n)
    {
        // Zeros around the grid are a step of their own: OpenCV takes pads, but leaves them out of the mean whatever count_include_pad says.
        (int rows, int columns) = (n["paddingH"], n["paddingW"]);
        string grid = rows + columns == 0 ? n.Grid() : n.Node("Pad", [n.Grid(), n.Sizes(0, 0, rows, columns, 0, 0, rows, columns)]);
        string pooled = n.Node("AveragePool", [grid], ("kernel_shape", (long[])[n["kernelH"], n["kernelW"]]), ("strides", (long[])[n["strideH"], n["strideW"]]));
        int count = n["kernelH"] * n["kernelW"];
        n.OutputTokens(n.Source.Attributes.ContainsKey(OpAttributes.Sum) ? n.Node("Mul", [pooled, n.Scalar($"window_{count}", (float)count)]) : pooled);
    }

    private static void Gelu(OnnxNode n)
    {
        string erf = n.Node("Erf", [n.Node("Mul", [n.X, n.Scalar("sqrt_half", (float)Math.Sqrt(0.5))])]);
        n.Output("Mul", [n.Node("Mul", [n.X, n.Scalar("half", 0.5f)]), n.Node("Add", [erf, n.Scalar("plus_one", 1f)])]);
    }

    // A depthwise convolution whose kernels are 1 at the place that the channel comes from and 0 elsewhere; its padding is the zeros at the border.
    private static void SpatialShift(OnnxNode n)
    {
        (int rows, int columns, int channels) = (n["rows"], n["columns"], n.To.Channels);
        (int height, int width) = ((2 * rows) + 1, (2 * columns) + 1);
        var kernels = new float[channels * height * width];
        for (int c = 0; c < channels; c++)
        {
            kernels[(c * height * width) + (TokenShift.Direction(c) == 0 ? 0 : (height * width) - 1)] = 1;
        }

        n.OutputTokens(n.Node("Conv", [n.Grid(), n.Constant("kernels", kernels, channels, 1, height, width)],
            ("kernel_shape", (long[])[height, width]), ("pads", (long[])[rows, columns, rows, columns]), ("group", channels)));
    }

    // A tap's weights of all channels are a row; ONNX has a channel's weights of all taps.
    private static void DepthwiseConv2d(OnnxNode n)
    {
        (int kernel, int stride, int padding, int channels) = (n["kernel"], n["stride"], n["padding"], n.To.Channels);
        string kernels = n.Constant("weight", OnnxWeights.Transposed(n.Floats("weight"), kernel * kernel, channels), channels, 1, kernel, kernel);
        n.OutputTokens(n.Node("Conv", n.Has("bias") ? [n.Grid(), kernels, n.Vector("bias")] : [n.Grid(), kernels],
            ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[stride, stride]), ("pads", (long[])[padding, padding, padding, padding]), ("group", channels)));
    }

    private static string Convolution(OnnxNode n, float[] weight, int kernel, int stride, int padding, string? bias)
    {
        string kernels = n.Constant("weight", weight, n.To.Channels, n.From.Channels, kernel, kernel);
        return n.Node("Conv", bias is null ? [n.Grid(), kernels] : [n.Grid(), kernels, bias],
            ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[stride, stride]), ("pads", (long[])[padding, padding, padding, padding]));
    }

    private static string MatMul(OnnxNode n, float[] rows) =>
        n.Node("MatMul", [n.X, n.Constant("weight", OnnxWeights.Transposed(rows, n.To.Channels, n.From.Channels), n.From.Channels, n.To.Channels)]);
}
