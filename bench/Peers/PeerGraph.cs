using EdgeVit.Export.Onnx;

namespace EdgeVit.Bench;

/// <summary>A network as an ONNX graph, batch 1, written layer by layer from its table. Weights are random, whose values change no time, or trained ones.</summary>
internal sealed class PeerGraph
{
    private readonly OnnxGraph _graph;
    private readonly PeerNodes _nodes;
    private readonly PeerNetwork _network;

    private PeerGraph(PeerNetwork network, IReadOnlyDictionary<string, ValueRange>? ranges, IPeerWeights? weights)
    {
        _network = network;
        _graph = new OnnxGraph(network.Name);
        _nodes = new PeerNodes(_graph, ranges, weights ?? new RandomWeights(seed: 1));
        Trained = weights is not null;
        PeerValue x = _nodes.Input("image", 3, network.Side, network.Side);
        foreach (PeerLayer layer in network.Layers)
        {
            x = Layer(x, layer);
        }
    }

    /// <summary>The network.</summary>
    public PeerNetwork Network => _network;

    /// <summary>Whether its weights are trained ones.</summary>
    public bool Trained { get; }

    /// <summary>Weights and biases, batch norms folded.</summary>
    public long Parameters => _nodes.Parameters;

    /// <summary>Multiply-adds of an image.</summary>
    public long MultiplyAdds => Nodes.Sum(n => n.Weight.Length == 0 ? 0 : n.Shape.Concat(n.Weight.Skip(1)).Aggregate(1L, (a, b) => a * b));

    /// <summary>Channels that had a batch norm: each has one parameter more unfolded.</summary>
    public long NormedChannels { get; private set; }

    /// <summary>The nodes in order, without those that only quantise.</summary>
    public IReadOnlyList<PeerNode> Nodes => _nodes.Written;

    /// <summary>In floats.</summary>
    public static PeerGraph Float(PeerNetwork network, IPeerWeights? weights = null) => new(network, null, weights);

    /// <summary>As QDQ, with the ranges that the float graph's values were seen to have.</summary>
    public static PeerGraph Integers(PeerNetwork network, IReadOnlyDictionary<string, ValueRange> ranges, IPeerWeights? weights = null) => new(network, ranges, weights);

    /// <summary>The file, once for a graph. Input <c>image</c> <c>[1, 3, Side, Side]</c>, output <c>logits</c> <c>[1, classes]</c>.</summary>
    /// <param name="everyValue">Makes every node's result an output, in the order of <see cref="Nodes"/>, the logits last.</param>
    public byte[] ToBytes(bool everyValue = false)
    {
        foreach (PeerNode node in everyValue ? Nodes.SkipLast(1) : [])
        {
            _graph.Output(node.Result, OnnxType.Float, [1, .. node.Shape]);
        }

        _graph.Output("logits", OnnxType.Float, 1, ((Classifier)_network.Layers[^1]).Classes);
        return _graph.ToBytes($"{_network.Name} with {(Trained ? "trained" : "random")} weights");
    }

    private PeerValue Layer(PeerValue x, PeerLayer layer) => layer switch
    {
        Convolution c => Convolve(x, c.Kernel, c.Channels, c.Stride, 1, c.Activation, c.Normed, c.Padding),
        InvertedBottleneck b => Bottleneck(x, b),
        ShuffleUnit u => Shuffle(x, u),
        ResidualBlock r => Residual(x, r),
        Activate { Activation: Activation.Gelu } => _nodes.Gelu(x),
        MaxPool p => Greatest(x, p.Kernel),
        GlobalPool { Greatest: true } => _nodes.Move("GlobalMaxPool", x, [x.Channels, 1, 1]),
        GlobalPool => Mean(x),
        Classifier c => new PeerValue(_nodes.Classifier(_nodes.Move("Flatten", x, [x.Channels]), c.Classes), [c.Classes], "logits"),
        _ => throw new NotSupportedException($"a graph of {layer.GetType().Name} is not known"),
    };

    private PeerValue Bottleneck(PeerValue x, InvertedBottleneck row)
    {
        PeerValue y = row.FirstKernel == 0 ? x : Depthwise(x, row.FirstKernel, row.Kernel == 0 ? row.Stride : 1, Activation.None);
        y = row.Expanded == x.Channels ? y : Convolve(y, 1, row.Expanded, 1, 1, row.Activation);
        y = row.Kernel == 0 ? y : Depthwise(y, row.Kernel, row.Stride, row.Activation);
        y = row.SqueezeExcite ? SqueezeExcite(y) : y;
        y = Convolve(y, 1, row.Channels, 1, 1, Activation.None);
        return row.Stride == 1 && row.Channels == x.Channels ? _nodes.Node("Add", [y, x], y.Shape) : y;
    }

    private PeerValue Residual(PeerValue x, ResidualBlock row)
    {
        PeerValue y = Convolve(Convolve(x, 3, row.Channels, row.Stride, 1, Activation.Relu), 3, row.Channels, 1, 1, Activation.None);
        PeerValue shortcut = row.Stride == 1 ? x : Convolve(x, 1, row.Channels, row.Stride, 1, Activation.None, normed: false);
        PeerValue sum = _nodes.Node("Add", [y, shortcut], y.Shape);
        return _nodes.Node("Relu", [sum], sum.Shape);
    }

    private PeerValue Greatest(PeerValue x, int kernel)
    {
        long border = kernel / 2 * (kernel % 2);
        long Side(long side) => ((side + (2 * border) - kernel) / 2) + 1;
        return _nodes.Move("MaxPool", x, [x.Channels, Side(x.Shape[1]), Side(x.Shape[2])], null,
            ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[2, 2]), ("pads", (long[])[border, border, border, border]));
    }

    private PeerValue SqueezeExcite(PeerValue x)
    {
        PeerValue squeezed = _nodes.Convolution(Mean(x), 1, Divisible(x.Channels / 4, 8), 1, 1, Activation.Relu);
        PeerValue excited = _nodes.Convolution(squeezed, 1, x.Channels, 1, 1, Activation.None);
        PeerValue gate = _nodes.Node("HardSigmoid", [excited], excited.Shape, ("alpha", 1 / 6f));
        return _nodes.Node("Mul", [x, gate], x.Shape);
    }

    private PeerValue Shuffle(PeerValue x, ShuffleUnit row)
    {
        int half = row.Channels / 2;
        (PeerValue left, PeerValue right) = row.Stride == 1
            ? _nodes.Halves(x)
            : (Convolve(Depthwise(x, 3, 2, Activation.None), 1, half, 1, 1, Activation.Relu), x);
        right = Convolve(right, 1, half, 1, 1, Activation.Relu);
        right = Convolve(Depthwise(right, 3, row.Stride, Activation.None), 1, half, 1, 1, Activation.Relu);
        PeerValue joined = _nodes.Node("Concat", [left, right], [row.Channels, .. left.Shape[1..]], ("axis", 1));
        (long height, long width) = (joined.Shape[1], joined.Shape[2]);
        PeerValue pairs = _nodes.Move("Reshape", joined, [2, half, height, width], [_nodes.Sizes(1, 2, half, height, width)]);
        PeerValue turned = _nodes.Move("Transpose", pairs, [half, 2, height, width], null, ("perm", (long[])[0, 2, 1, 3, 4]));
        return _nodes.Move("Reshape", turned, joined.Shape, [_nodes.Sizes(1, row.Channels, height, width)]);
    }

    private PeerValue Mean(PeerValue x) => _nodes.Node("GlobalAveragePool", [x], [x.Channels, 1, 1]);

    private PeerValue Depthwise(PeerValue x, int kernel, int stride, Activation activation) => Convolve(x, kernel, x.Channels, stride, x.Channels, activation);

    private PeerValue Convolve(PeerValue x, int kernel, long channels, int stride, long groups, Activation activation, bool normed = true, int? padding = null)
    {
        NormedChannels += normed ? channels : 0;
        return _nodes.Convolution(x, kernel, channels, stride, groups, activation, padding);
    }

    // As MobileNets round: to a multiple, at least one, and no more than a tenth down.
    private static long Divisible(long value, long divisor)
    {
        long rounded = Math.Max(divisor, (value + (divisor / 2)) / divisor * divisor);
        return 10 * rounded < 9 * value ? rounded + divisor : rounded;
    }
}
