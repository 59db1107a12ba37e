namespace EdgeVit.Runtime.Tests;

/// <summary>Builds graphs with random tensors: nodes are added one by one and return the name of their value.</summary>
internal sealed class GraphBuilder
{
    private readonly List<GraphNode> _nodes = [];
    private readonly int[] _inputShape;
    private readonly Dictionary<string, StoredTensor> _tensors = [];
    private int _count;

    internal GraphBuilder(int seed, int channels, int height, int width)
    {
        Random = new Random(seed);
        _inputShape = [channels, height, width];
    }

    internal Random Random { get; }

    /// <summary>Whether floats hold a few -0, too.</summary>
    internal bool HasNegativeZeros { get; init; }

    internal IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    internal IReadOnlyList<int> InputShape => _inputShape;

    internal ModelGraph Build(string output) => new("random", "image", _inputShape, output, _nodes);

    internal string Conv2d(string x, int inputs, int outputs, int kernel, int stride, int padding = 0, bool bias = true, string? name = null) => Node(
        Op.Conv2d, name, [x], [("stride", stride), ("padding", padding)],
        bias ? [("weight", Floats(outputs, inputs, kernel, kernel)), ("bias", Floats(outputs))] : [("weight", Floats(outputs, inputs, kernel, kernel))]);

    internal string Depthwise(string x, int channels, int kernel, int stride, int padding, bool bias = true) => Node(
        Op.DepthwiseConv2d, null, [x], [("kernel", kernel), ("stride", stride), ("padding", padding)],
        bias ? [("weight", Floats(kernel * kernel, channels)), ("bias", Floats(channels))] : [("weight", Floats(kernel * kernel, channels))]);

    internal string Linear(string x, int inputs, int outputs, bool bias = true, string? name = null) => Node(
        Op.Linear, name, [x], [], bias ? [("weight", Floats(outputs, inputs)), ("bias", Floats(outputs))] : [("weight", Floats(outputs, inputs))]);

    internal string Position(string x, int tokens, int channels) => Node(Op.Position, null, [x], [], [("position", Floats(tokens, channels))]);

    internal string Affine(string x, int channels) => Node(Op.Affine, null, [x], [], [("scale", Floats(channels)), ("offset", Floats(channels))]);

    internal string ShiftSign(string x, int channels) => Node(Op.ShiftSign, null, [x], [], [("shift", Floats(channels))]);

    internal string BinaryLinear(string x, int inputs, int outputs, bool counts = false) => Node(
        Op.BinaryLinear, null, [x], counts ? [(OpAttributes.Counts, 1)] : [],
        [("weight", Bits(outputs, inputs)), ("scale", Scale(outputs, inputs)), ("offset", Floats(outputs))]);

    internal string BinaryConv(string x, int inputs, int outputs, int kernel, bool counts = false) => Node(
        Op.BinaryConv, null, [x], counts ? [("kernel", kernel), (OpAttributes.Counts, 1)] : [("kernel", kernel)],
        [("weight", Bits(outputs, kernel * kernel * inputs)), ("scale", Scale(outputs, kernel * kernel * inputs)), ("offset", Floats(outputs))]);

    /// <summary>A binary convolution of windows that overlap, spread or reach over the edge.</summary>
    internal string BinaryConv(string x, int inputs, int outputs, ConvWindow window, bool counts = false) => Node(
        Op.BinaryConv, null, [x],
        [("kernel", window.Kernel), ("stride", window.Stride), ("padding", window.Padding), ("dilation", window.Dilation), .. counts ? [(OpAttributes.Counts, 1)] : (IEnumerable<(string, int)>)[]],
        [("weight", Bits(outputs, window.Taps * inputs)), ("scale", Scale(outputs, window.Taps * inputs)), ("offset", Floats(outputs))]);

    /// <summary>Binary attention; with levels of more than 1, a masked diagonal, a temperature for each head, windows or a bias where asked for. A bias
    /// says the number of queries and the most that is added or taken away.</summary>
    internal string Attention(
        string q, string k, string v, int channels, int heads, int keys, int levels = 1, bool maskDiagonal = false, bool temperatures = false, WindowForm? windows = null,
        (int Queries, int Most)? bias = null, bool zero = false)
    {
        int size = channels / heads;
        int tables = temperatures ? heads : 1;
        var exp = new long[tables * (size + 1)];
        for (int head = 0; head < tables; head++)
        {
            double temperature = temperatures ? 0.25 + (2 * Random.NextDouble()) : 1;
            for (int m = 0; m <= size; m++)
            {
                exp[(head * (size + 1)) + m] = (long)Math.Round(Math.Pow(2, 46) * Math.Exp(temperature * ((2 * m) - size - size) / Math.Sqrt(size)));
            }
        }

        float[] clip = [.. Enumerable.Range(0, heads).Select(_ => (float)(0.5 + (3 * Random.NextDouble())) / keys / levels)];
        List<(string, int)> attributes = [("heads", heads)];
        if (levels > 1)
        {
            attributes.Add(("levels", levels));
        }

        if (maskDiagonal)
        {
            attributes.Add(("maskDiagonal", 1));
        }

        if (windows is not null)
        {
            attributes.Add(("window", windows.Side));
            attributes.AddRange(windows.IsGrid ? [("pattern", 1)] : windows.Shift > 0 ? [("shift", windows.Shift)] : (IEnumerable<(string, int)>)[]);
            keys = windows.Places;
        }

        return Node(
            Op.BinaryAttention, null, [q, k, v], [.. attributes],
            [
                .. zero ? [("zero", Floats(heads))] : ((string, string)[])[],
                .. bias is { } b ? [("bias", Bias(heads, windows?.Places ?? b.Queries, keys, b.Most))] : ((string, string)[])[],
                ("exp", Store(name => TensorData.Of(name, exp, temperatures ? [heads, size + 1] : [size + 1]))), ("clip", Store(name => TensorData.Of(name, clip, heads))),
                ("scale", Scale(channels, keys)), ("offset", Floats(channels)),
            ]);
    }

    internal string RPReLU(string x, int channels) => Node(Op.RPReLU, null, [x], [], [("shift", Floats(channels)), ("slope", Floats(channels)), ("offset", Floats(channels))]);

    /// <summary>An RPReLU without shift and offset.</summary>
    internal string Leaky(string x, int channels) => Node(Op.RPReLU, null, [x], [], [("slope", Floats(channels))]);

    /// <summary>A sum whose inputs have scales where bits are set: bit i that of input i.</summary>
    internal string ScaledSum(int channels, int scaled, params string[] inputs) => Node(
        Op.ScaledSum, null, inputs, [],
        [.. Enumerable.Range(1, inputs.Length - 1).Where(i => (scaled >> i & 1) != 0).Select(i => (OpAttributes.Scale(i), Floats(channels)))]);

    internal string Add(params string[] inputs) => Node(Op.Add, null, inputs, [], []);

    internal string Pool(string x, int kh, int kw, int sh, int sw, int ph, int pw, bool sum = false)
    {
        (string, int)[] window = [("kernelH", kh), ("kernelW", kw), ("strideH", sh), ("strideW", sw), ("paddingH", ph), ("paddingW", pw)];
        return Node(Op.AvgPool2d, null, [x], sum ? [.. window, (OpAttributes.Sum, 1)] : window, []);
    }

    internal string Upsample(string x, int factor) => Node(Op.Upsample, null, [x], [("factor", factor)], []);

    internal string Tile(string x, int factor) => Node(Op.TileChannels, null, [x], [("factor", factor)], []);

    internal string GroupMean(string x, int factor) => Node(Op.GroupMeanChannels, null, [x], [("factor", factor)], []);

    internal string LayerNorm(string x, int channels, float epsilon = 1e-5f) => Node(
        Op.LayerNorm, null, [x], [],
        [("scale", Floats(channels)), ("offset", Floats(channels)), ("epsilon", Store(name => TensorData.Of(name, [epsilon], 1)))]);

    internal string Gelu(string x) => Node(Op.Gelu, null, [x], [], []);

    internal string SoftmaxAttention(string q, string k, string v, int heads) => Node(Op.SoftmaxAttention, null, [q, k, v], [("heads", heads)], []);

    internal string Prepend(string x, int tokens, int channels) => Node(Op.PrependTokens, null, [x], [], [("tokens", Floats(tokens, channels))]);

    /// <summary>Tokens of a second value, of a tensor with so many channels, or what is not allowed: of both or none.</summary>
    internal string Prepend(string x, string? tokens, int? channels = null) => Node(
        Op.PrependTokens, null, tokens is null ? [x] : [x, tokens], [], channels is { } c ? [("tokens", Floats(1, c))] : []);

    internal string Slice(string x, int start, int count) => Node(Op.SliceTokens, null, [x], [("start", start), ("count", count)], []);

    internal string Shift(string x, int rows, int columns) => Node(Op.SpatialShift, null, [x], [("rows", rows), ("columns", columns)], []);

    internal string Gate(string x, string gate) => Node(Op.Gate, null, [x, gate], [], []);

    internal string MeanTokens(string x) => Node(Op.MeanTokens, null, [x], [], []);

    /// <summary>Sets all values of a node's tensor of floats.</summary>
    internal void Fill(string node, string role, float value)
    {
        string name = _nodes.Single(n => n.Output == node).Tensors[role];
        IReadOnlyList<int> shape = _tensors[name].Shape;
        _tensors[name] = TensorData.Of(name, Enumerable.Repeat(value, shape.Aggregate(1, (a, b) => a * b)).ToArray(), [.. shape]);
    }

    /// <summary>Sets all values of a node's tensor of small integers.</summary>
    internal void FillBytes(string node, string role, sbyte value)
    {
        string name = _nodes.Single(n => n.Output == node).Tensors[role];
        IReadOnlyList<int> shape = _tensors[name].Shape;
        _tensors[name] = TensorData.Of(name, Enumerable.Repeat(value, shape.Aggregate(1, (a, b) => a * b)).ToArray(), [.. shape]);
    }

    /// <summary>Sets all words of a node's packed tensor.</summary>
    internal void Fill(string node, string role, Func<int, int, ulong> word)
    {
        string name = _nodes.Single(n => n.Output == node).Tensors[role];
        IReadOnlyList<int> shape = _tensors[name].Shape;
        ulong[] words = [.. Enumerable.Range(0, shape[0] * shape[1]).Select(i => word(i / shape[1], i % shape[1]))];
        _tensors[name] = TensorData.Of(name, words, [.. shape]);
    }

    /// <summary>A tensor of zeros.</summary>
    internal string Zeros(int count) => Store(name => TensorData.Of(name, new float[count], count));

    private string Node(Op op, string? name, string[] inputs, (string, int)[] attributes, (string Role, string Name)[] tensors)
    {
        name ??= $"{op}{_count++}";
        _nodes.Add(new GraphNode(op, name, inputs, name, tensors.ToDictionary(t => t.Role, t => t.Name), attributes.ToDictionary(a => a.Item1, a => a.Item2)));
        return name;
    }

    private string Store(Func<string, StoredTensor> make)
    {
        string name = $"t{_tensors.Count}";
        _tensors[name] = make(name);
        return name;
    }

    private string Floats(params int[] shape) => Store(name =>
    {
        var values = new float[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
        {
            // A few exact zeros and ones: sign(0) and equal sums must come out right.
            int kind = Random.Next(16);
            values[i] = kind switch { 0 => 0f, 1 => 1f, 2 when HasNegativeZeros => -0f, _ => (float)((2 * Random.NextDouble()) - 1) };
        }

        return TensorData.Of(name, values, shape);
    });

    // Numbers of their own, so that a graph with a bias has the other tensors of the graph without.
    private string Bias(int heads, int queries, int keys, int most) => Store(name =>
    {
        var random = new Random(most);
        return TensorData.Of(name, [.. Enumerable.Range(0, heads * queries * keys).Select(_ => (sbyte)random.Next(-most - (most == 127 ? 1 : 0), most + 1))], heads, queries, keys);
    });

    // About 1 / sqrt(K), so that sums stay near 1 through the depth.
    private string Scale(int outputs, int inputs) => Store(name =>
    {
        var values = new float[outputs];
        for (int i = 0; i < outputs; i++)
        {
            values[i] = (float)((Random.NextDouble() + 0.5) / Math.Sqrt(inputs)) * (Random.Next(8) == 0 ? -1 : 1);
        }

        return TensorData.Of(name, values, outputs);
    });

    private string Bits(int rows, int inputs) => Store(name =>
    {
        int words = (inputs + 63) / 64;
        var values = new ulong[rows * words];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (ulong)Random.NextInt64(long.MinValue, long.MaxValue);
            if (i % words == words - 1 && inputs % 64 != 0)
            {
                values[i] &= (1UL << (inputs % 64)) - 1;
            }
        }

        return TensorData.Of(name, values, rows, words);
    });
}
