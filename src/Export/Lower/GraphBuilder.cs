using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Collects nodes and their tensors, one method for each op. A node, its output and its tensors share one name: node <c>x</c> owns
/// <c>x.scale</c>, <c>x.offset</c> and so on. Every method returns the value's name.</summary>
internal sealed class GraphBuilder
{
    private readonly List<GraphNode> _nodes = [];
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    public LoweredModel Build(string name, string input, IReadOnlyList<int> inputShape, string output) =>
        new(new ModelGraph(name, input, inputShape, output, _nodes), _tensors);

    public string Conv2d(string name, string input, float[] weight, int[] shape, float[] bias, int stride, int padding = 0) =>
        Node(Op.Conv2d, name, [input], [Floats(name, "weight", weight, shape), Floats(name, "bias", bias)], ("stride", stride), ("padding", padding));

    /// <summary>A convolution of single channels; the weight is a row of all channels for each tap.</summary>
    public string DepthwiseConv2d(string name, string input, float[] weight, float[] bias, ConvWindow window) => Node(
        Op.DepthwiseConv2d, name, [input], [Floats(name, "weight", weight, [window.Taps, bias.Length]), Floats(name, "bias", bias)],
        ("kernel", window.Kernel), ("stride", window.Stride), ("padding", window.Padding));

    public string Linear(string name, string input, float[] weight, int[] shape, float[] bias) =>
        Node(Op.Linear, name, [input], [Floats(name, "weight", weight, shape), Floats(name, "bias", bias)]);

    public string Position(string name, string input, float[] position, int channels) =>
        Node(Op.Position, name, [input], [Floats(name, "position", position, [position.Length / channels, channels])]);

    public string Affine(string name, string input, ChannelAffine affine) => Node(Op.Affine, name, [input], Folded(name, affine));

    public string ShiftSign(string name, string input, float[] shift) => Node(Op.ShiftSign, name, [input], [Floats(name, "shift", shift)]);

    public string BinaryLinear(string name, string input, ulong[] weight, ChannelAffine affine) =>
        Node(Op.BinaryLinear, name, [input], [Bits(name, weight, affine.Channels), .. Folded(name, affine)]);

    /// <summary>A binary convolution. What is usual (windows side by side, every token) is left out of the attributes, so that older runtimes read the
    /// file.</summary>
    public string BinaryConv(string name, string input, ulong[] weight, ChannelAffine affine, ConvWindow window)
    {
        List<(string, int)> attributes = [("kernel", window.Kernel)];
        foreach ((string attribute, int value, int usual) in (ReadOnlySpan<(string, int, int)>)
            [("stride", window.Stride, window.Kernel), ("padding", window.Padding, 0), ("dilation", window.Dilation, 1)])
        {
            if (value != usual)
            {
                attributes.Add((attribute, value));
            }
        }

        return Node(Op.BinaryConv, name, [input], [Bits(name, weight, affine.Channels), .. Folded(name, affine)], [.. attributes]);
    }

    /// <summary>Binary attention. What is usual (one level, every key, one table) is left out of the attributes, so that older runtimes read the
    /// file.</summary>
    public string BinaryAttention(string name, string query, string key, string value, AttentionWeights weights, ChannelAffine affine)
    {
        int heads = weights.Clip.Length;
        int headSize = affine.Channels / heads;
        List<(string, int)> attributes = [("heads", heads)];
        if (weights.Levels > 1)
        {
            attributes.Add(("levels", weights.Levels));
        }

        if (weights.MaskDiagonal)
        {
            attributes.Add(("maskDiagonal", 1));
        }

        if (weights.Windows is { } windows)
        {
            attributes.Add(("window", windows.Side));
            attributes.AddRange(windows.IsGrid ? [("pattern", 1)] : []);
            attributes.AddRange(windows.Shift > 0 ? [("shift", windows.Shift)] : []);
        }

        (string, StoredTensor) exp = weights.Temperatures is { } temperatures
            ? ("exp", TensorData.Of($"{name}.exp", [.. temperatures.SelectMany(t => Exponentials(headSize, t))], heads, headSize + 1))
            : ("exp", TensorData.Of($"exp.{headSize}", Exponentials(headSize, 1), headSize + 1));
        return Node(Op.BinaryAttention, name, [query, key, value], [exp, Floats(name, "clip", weights.Clip), .. Folded(name, affine), .. Bias(name, weights.Bias), .. weights.Zero is { } zero ? [Floats(name, "zero", zero)] : (IEnumerable<(string, StoredTensor)>)[]], [.. attributes]);
    }

    public string RPReLU(string name, string input, float[] shift, float[] slope, float[] offset) =>
        Node(Op.RPReLU, name, [input], [Floats(name, "shift", shift), Floats(name, "slope", slope), Floats(name, "offset", offset)]);

    public string Add(string name, params string[] inputs) => Node(Op.Add, name, inputs, []);

    /// <summary>Windows of <paramref name="kernelH"/> x <paramref name="kernelW"/>: side by side (stride = kernel, no padding), or at every
    /// position (stride 1, padded to the same grid).</summary>
    public string AvgPool2d(string name, string input, int kernelH, int kernelW, bool everyPosition) =>
        Node(
            Op.AvgPool2d, name, [input], [],
            ("kernelH", kernelH), ("kernelW", kernelW),
            ("strideH", everyPosition ? 1 : kernelH), ("strideW", everyPosition ? 1 : kernelW),
            ("paddingH", everyPosition ? (kernelH - 1) / 2 : 0), ("paddingW", everyPosition ? (kernelW - 1) / 2 : 0));

    public string SpatialShift(string name, string input, TokenShift shift) =>
        Node(Op.SpatialShift, name, [input], [], ("rows", shift.Rows), ("columns", shift.Columns));

    public string Upsample(string name, string input, int factor) => Node(Op.Upsample, name, [input], [], ("factor", factor));

    public string TileChannels(string name, string input, int factor) => Node(Op.TileChannels, name, [input], [], ("factor", factor));

    public string GroupMeanChannels(string name, string input, int factor) => Node(Op.GroupMeanChannels, name, [input], [], ("factor", factor));

    public string MeanTokens(string name, string input) => Node(Op.MeanTokens, name, [input], []);

    /// <summary>Tokens times the gates of one row.</summary>
    public string Gate(string name, string input, string gate) => Node(Op.Gate, name, [input, gate], []);

    public string LayerNorm(string name, string input, float[] scale, float[] offset, double epsilon) =>
        Node(Op.LayerNorm, name, [input], [Floats(name, "scale", scale), Floats(name, "offset", offset), Epsilon(epsilon)]);

    public string Gelu(string name, string input) => Node(Op.Gelu, name, [input], []);

    public string SoftmaxAttention(string name, string query, string key, string value, int heads) =>
        Node(Op.SoftmaxAttention, name, [query, key, value], [], ("heads", heads));

    /// <summary>Puts tokens <c>[K, channels]</c> before the input's.</summary>
    public string PrependTokens(string name, string input, float[] tokens, int channels) =>
        Node(Op.PrependTokens, name, [input], [Floats(name, "tokens", tokens, [tokens.Length / channels, channels])]);

    /// <summary>Puts the tokens of another value before the input's.</summary>
    public string PrependTokens(string name, string input, string tokens) => Node(Op.PrependTokens, name, [input, tokens], []);

    public string SliceTokens(string name, string input, int start, int count) =>
        Node(Op.SliceTokens, name, [input], [], ("start", start), ("count", count));

    private string Node(
        Op op, string name, IReadOnlyList<string> inputs, IEnumerable<(string Role, StoredTensor Tensor)> tensors, params (string, int)[] attributes)
    {
        var roles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string role, StoredTensor tensor) in tensors)
        {
            roles.Add(role, tensor.Name);
            _tensors[tensor.Name] = tensor;
        }
        _nodes.Add(new GraphNode(op, name, inputs, name, roles, attributes.ToDictionary(a => a.Item1, a => a.Item2, StringComparer.Ordinal)));
        return name;
    }

    private static IEnumerable<(string Role, StoredTensor Tensor)> Folded(string node, ChannelAffine affine) =>
        [Floats(node, "scale", affine.ScaleFloats()), Floats(node, "offset", affine.OffsetFloats())];

    private static (string Role, StoredTensor Tensor) Floats(string node, string role, float[] values, int[]? shape = null)
    {
        LargeArrays.Expect(sizeof(float) * (long)values.Length);
        return (role, TensorData.Of($"{node}.{role}", values, shape ?? [values.Length]));
    }

    private static (string Role, StoredTensor Tensor) Bits(string node, ulong[] words, int rows) =>
        ("weight", TensorData.Of($"{node}.weight", words, rows, words.Length / rows));

    private static IEnumerable<(string Role, StoredTensor Tensor)> Bias(string node, PairBias? bias) =>
        bias is null ? [] : [("bias", TensorData.Of($"{node}.bias", bias.Matches, bias.Heads, bias.Queries, bias.Keys))];

    /// <summary>One tensor serves all LayerNorms with this epsilon.</summary>
    private static (string Role, StoredTensor Tensor) Epsilon(double value) =>
        ("epsilon", TensorData.Of(string.Create(CultureInfo.InvariantCulture, $"epsilon.{value}"), [(float)value], 1));

    /// <summary>Fixed-point exponentials of the scores, <c>exp[m] = 2^46 * exp(temperature * (s - d) / sqrt(d))</c> with <c>s = 2m - d</c>, m the
    /// number of matching signs of a query and a key of d channels. One table serves every attention of that head size whose temperature is 1. It is
    /// stored because <c>exp</c> differs between platforms in the last place.</summary>
    private static long[] Exponentials(int headSize, double temperature)
    {
        var table = new long[headSize + 1];
        for (int m = 0; m < table.Length; m++)
        {
            table[m] = (long)Math.Round(Math.ScaleB(Math.Exp(temperature * 2.0 * (m - headSize) / Math.Sqrt(headSize)), 46));
        }

        return table;
    }
}

/// <summary>How binary attention weighs keys: <c>Clip</c> is the step of a weight and <c>Temperatures</c> what scores are multiplied by, for each
/// head; null where that is 1. No weight has more than <c>Levels</c> steps. Keys are those of a query's window, or all; matches have a bias, or none.</summary>
internal sealed record AttentionWeights(float[] Clip, int Levels, bool MaskDiagonal, double[]? Temperatures, WindowForm? Windows = null, PairBias? Bias = null, float[]? Zero = null);
