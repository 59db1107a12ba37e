using EdgeVit.Export.Onnx;

namespace EdgeVit.Bench;

/// <summary>A mobile network as an ONNX graph with random weights, batch 1, written layer by layer from its table. The weights' values change no time.</summary>
internal sealed class PeerGraph
{
    private readonly OnnxGraph _graph;
    private readonly PeerNodes _nodes;
    private readonly PeerNetwork _network;

    private PeerGraph(PeerNetwork network, IReadOnlyDictionary<string, ValueRange>? ranges, int seed)
    {
        _network = network;
        _graph = new OnnxGraph(network.Name);
        _nodes = new PeerNodes(_graph, ranges, seed);
        PeerValue x = _nodes.Input("image", 3, PeerNetwork.Side, PeerNetwork.Side);
        foreach (PeerLayer layer in network.Layers)
        {
            x = Layer(x, layer);
        }
    }

    /// <summary>Weights and biases, batch norms folded.</summary>
    public long Parameters => _nodes.Parameters;

    /// <summary>Channels that had a batch norm: each has one parameter more unfolded.</summary>
    public long NormedChannels { get; private set; }

    /// <summary>The nodes in order, without those that only quantise.</summary>
    public IReadOnlyList<PeerNode> Nodes => _nodes.Written;

    /// <summary>In floats.</summary>
    public static PeerGraph Float(PeerNetwork network, int seed = 1) => new(network, null, seed);

    /// <summary>As QDQ, with the ranges that the float graph's values were seen to have.</summary>
    public static PeerGraph Integers(PeerNetwork network, IReadOnlyDictionary<string, ValueRange> ranges, int seed = 1) => new(network, ranges, seed);

    /// <summary>The file, once for a graph. Input <c>image</c> <c>[1, 3, 224, 224]</c>, output <c>logits</c> <c>[1, classes]</c>.</summary>
    /// <param name="everyValue">Makes every node's result an output, in the order of <see cref="Nodes"/>, the logits last.</param>
    public byte[] ToBytes(bool everyValue = false)
    {
        foreach (PeerNode node in everyValue ? Nodes.SkipLast(1) : [])
        {
            _graph.Output(node.Result, OnnxType.Float, [1, .. node.Shape]);
        }

        _graph.Output("logits", OnnxType.Float, 1, ((Classifier)_network.Layers[^1]).Classes);
        return _graph.ToBytes($"{_network.Name} with random weights");
    }

    private PeerValue Layer(PeerValue x, PeerLayer layer) => layer switch
    {
        Convolution c => Convolve(x, c.Kernel, c.Channels, c.Stride, 1, c.Activation, c.Normed),
        InvertedBottleneck b => Bottleneck(x, b),
        ShuffleUnit u => Shuffle(x, u),
        MaxPool => _nodes.Move("MaxPool", x, [x.Channels, (x.Shape[1] + 1) / 2, (x.Shape[2] + 1) / 2], null,
            ("kernel_shape", (long[])[3, 3]), ("strides", (long[])[2, 2]), ("pads", (long[])[1, 1, 1, 1])),
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

    private PeerValue Convolve(PeerValue x, int kernel, long channels, int stride, long groups, Activation activation, bool normed = true)
    {
        NormedChannels += normed ? channels : 0;
        return _nodes.Convolution(x, kernel, channels, stride, groups, activation);
    }

    // As MobileNets round: to a multiple, at least one, and no more than a tenth down.
    private static long Divisible(long value, long divisor)
    {
        long rounded = Math.Max(divisor, (value + (divisor / 2)) / divisor * divisor);
        return 10 * rounded < 9 * value ? rounded + divisor : rounded;
    }
}
