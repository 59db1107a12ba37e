namespace EdgeVit.Runtime;

/// <summary>Checks that a graph means something: every op known and well-formed, every value defined before it is read, every tensor there
/// with the right type, shape and contents, and no more work or memory than a network could need.</summary>
internal sealed partial class GraphValidator
{
    /// <summary>Elements of one value at most, tokens counted with channels rounded up to 64: 32 Mi.</summary>
    public const long MaxValueElements = 1L << 25;

    /// <summary>Elements of all values together at most.</summary>
    public const long MaxTotalElements = 1L << 30;

    /// <summary>Float multiply-adds plus 64-bit binary word operations at most; BinaryViT-small at 224 x 224 has 0.07 G.</summary>
    public const double MaxWork = 1L << 36;

    /// <summary>The longest reduction of a binary product: its counts must fit 16 bits, and a kernel's expanded row its place.</summary>
    internal const int MaxInputs = 16384;

    private readonly ModelGraph _graph;
    private readonly IReadOnlyDictionary<string, StoredTensor> _tensors;
    private readonly Dictionary<string, ValueShape> _shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphNode> _writers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _reads = new(StringComparer.Ordinal);
    private readonly HashSet<string> _finite = new(StringComparer.Ordinal);
    private string _where = "graph";

    private GraphValidator(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        _graph = graph;
        _tensors = tensors;
    }

    /// <summary>Validates a graph with its tensors.</summary>
    /// <returns>The shape of every value by name, the input's too.</returns>
    /// <exception cref="EvitFormatException">Anything is wrong; the message names the node.</exception>
    public static IReadOnlyDictionary<string, ValueShape> Validate(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors) =>
        new GraphValidator(graph, tensors).Run();

    private Dictionary<string, ValueShape> Run()
    {
        IReadOnlyList<int> input = _graph.InputShape;
        if (input.Count != 3 || input[0] < 1 || input[1] < 1 || input[2] < 1 || (double)input[0] * input[1] * input[2] > MaxValueElements)
        {
            throw new EvitFormatException(
                $"graph: input shape is [{string.Join(", ", input)}], expected [channels, height, width], all positive, at most {MaxValueElements} elements");
        }

        foreach (string read in _graph.Nodes.SelectMany(node => node.Inputs))
        {
            _reads[read] = _reads.GetValueOrDefault(read) + 1;
        }

        _shapes[_graph.InputName] = new ValueShape(ValueKind.Image, input[0], input[1], input[2]);
        var names = new HashSet<string>(StringComparer.Ordinal);
        long elements = 0;
        double work = 0;
        foreach (GraphNode node in _graph.Nodes)
        {
            OpRow op = Ops.Of(node.Op);
            _where = $"graph node '{node.Name}' ({op.Name})";
            op.Schema.Check(node, _where);
            if (!names.Add(node.Name))
            {
                throw new EvitFormatException($"{_where}: its name is used by an earlier node");
            }

            ValueShape shape = op.Shape(this, node, Input(node.Inputs[0]));
            elements += shape.Elements;
            CheckSize(shape, elements);

            work += GraphCost.Of(node, InputShapes(node), shape, _tensors).Work;
            if (!(work <= MaxWork))
            {
                throw new EvitFormatException($"{_where}: the network needs more than {MaxWork:E1} multiply-adds up to here; that is no network");
            }

            if (!_shapes.TryAdd(node.Output, shape))
            {
                throw new EvitFormatException($"{_where}: value '{node.Output}' is written a second time");
            }

            _writers[node.Output] = node;
        }

        _where = "graph";
        ValueShape output = Input(_graph.OutputName);
        return output is { Kind: ValueKind.Tokens, Tokens: 1 }
            ? _shapes : throw new EvitFormatException($"graph: output '{_graph.OutputName}' is {output}, expected Tokens [1, classes]");
    }

    private void CheckSize(ValueShape shape, long elements)
    {
        if (shape.Channels < 1 || shape.Height < 1 || shape.Width < 1 || Padded(shape) > MaxValueElements || elements > MaxTotalElements)
        {
            throw new EvitFormatException(
                $"{_where}: its value would be {shape}, expected at least one element, at most {MaxValueElements} and {MaxTotalElements} in all values together");
        }
    }

    private ValueShape[] InputShapes(GraphNode node)
    {
        var shapes = new ValueShape[node.Inputs.Count];
        for (int i = 0; i < shapes.Length; i++)
        {
            shapes[i] = _shapes[node.Inputs[i]];
        }

        return shapes;
    }

    internal ValueShape Position(GraphNode node, ValueShape x)
    {
        Floats(node, "position", Tokens(x).Tokens, x.Channels);
        return x;
    }

    internal ValueShape Affine(GraphNode node, ValueShape x)
    {
        PerChannel(node, Tokens(x).Channels, "scale", "offset");
        return x;
    }

    internal ValueShape ShiftSign(GraphNode node, ValueShape x)
    {
        PerChannel(node, Tokens(x).Channels, "shift");
        return x with { Kind = ValueKind.Bits };
    }

    internal ValueShape BinaryLinear(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Bits);
        return x with { Kind = ValueKind.Tokens, Channels = BinaryWeights(node, x.Channels) };
    }

    internal ValueShape BinaryConv(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Bits);
        var window = ConvWindow.Of(node);
        return Windows(x, BinaryWeights(node, (long)window.Taps * x.Channels), window.Span, window.Stride, window.Padding);
    }

    internal ValueShape AvgPool2d(GraphNode node, ValueShape x) =>
        Tokens(x) with { Height = Pool(node, x.Height, "H", "rows"), Width = Pool(node, x.Width, "W", "columns") };

    internal ValueShape Upsample(GraphNode node, ValueShape x) =>
        Bounded(Tokens(x), x.Channels, (long)x.Height * node.Attributes["factor"], (long)x.Width * node.Attributes["factor"]);

    internal ValueShape TileChannels(GraphNode node, ValueShape x) => Bounded(Tokens(x), (long)x.Channels * node.Attributes["factor"], x.Height, x.Width);

    internal ValueShape GroupMeanChannels(GraphNode node, ValueShape x)
    {
        int factor = node.Attributes["factor"];
        return Tokens(x).Channels % factor == 0 ? x with { Channels = x.Channels / factor }
            : throw new EvitFormatException($"{_where}: {x.Channels} channels can't be grouped by {factor}, expected a multiple");
    }

    internal ValueShape SpatialShift(GraphNode node, ValueShape x) =>
        TokenShift.Of(node) != default ? Tokens(x) : throw new EvitFormatException($"{_where}: rows and columns are both 0; that is no shift");

    internal ValueShape Conv(GraphNode node, ValueShape x)
    {
        if (x.Kind == ValueKind.Bits)
        {
            throw new EvitFormatException($"{_where}: input is {x}, expected an image or tokens");
        }

        StoredTensor weight = Tensor(node, "weight");
        IReadOnlyList<int> shape = weight.Shape;
        if (shape.Count != 4 || shape[0] < 1 || shape[1] != x.Channels || shape[2] < 1 || shape[2] != shape[3])
        {
            throw Wrong(node, "weight", weight, $"floats [outputs, {x.Channels}, k, k]");
        }

        Floats(node, "weight", [.. shape]);
        OptionalFloats(node, "bias", shape[0]);
        int stride = node.Attributes["stride"];
        int padding = node.Attributes["padding"];
        return Windows(x, shape[0], shape[2], stride, padding);
    }

    internal ValueShape DepthwiseConv(GraphNode node, ValueShape x)
    {
        int kernel = node.Attributes["kernel"];
        Floats(node, "weight", kernel * kernel, Tokens(x).Channels);
        OptionalFloats(node, "bias", x.Channels);
        return Windows(x, x.Channels, kernel, node.Attributes["stride"], node.Attributes["padding"]);
    }

    internal ValueShape Add(GraphNode node, ValueShape x)
    {
        Expect(x, ValueKind.Tokens);
        foreach (string name in node.Inputs)
        {
            ValueShape other = Input(name);
            if (other != x)
            {
                throw new EvitFormatException($"{_where}: input '{name}' is {other}, expected {x} as its first input");
            }
        }

        return !node.Attributes.ContainsKey(OpAttributes.Joined) || Joins(node.Inputs[0], node) ? x : throw new EvitFormatException(
            $"{_where}: attribute '{OpAttributes.Joined}', expected as first input a product that counts or an attention, which nothing else reads, and no scale1");
    }

    private bool Joins(string product, GraphNode sum) =>
        _reads[product] == 1 && product != _graph.OutputName && !sum.Tensors.ContainsKey(OpAttributes.Scale(1))
        && _writers.TryGetValue(product, out GraphNode? node) && (node.Op == Op.BinaryAttention || node.Attributes.ContainsKey(OpAttributes.Counts));

    /// <summary>Every scale belongs to an input, and no sum is without any: that would be an <see cref="Op.Add"/>.</summary>
    internal ValueShape ScaledSum(GraphNode node, ValueShape x)
    {
        int scales = 0;
        for (int i = 1; i < node.Inputs.Count; i++)
        {
            if (node.Tensors.ContainsKey(OpAttributes.Scale(i)))
            {
                Floats(node, OpAttributes.Scale(i), x.Channels);
                scales++;
            }
        }

        if (scales > 0 && scales == node.Tensors.Count)
        {
            return Add(node, x);
        }

        string found = node.Tensors.Count == 0 ? "no tensors" : $"tensors {string.Join(", ", node.Tensors.Keys)}";
        string expected = node.Inputs.Count == 2 ? "scale1" : $"at least one of scale1 to scale{node.Inputs.Count - 1}";
        throw new EvitFormatException($"{_where}: {found}, expected {expected} and no other, as there are {node.Inputs.Count} inputs");
    }

    internal ValueShape RPReLU(GraphNode node, ValueShape x)
    {
        PerChannel(node, Tokens(x).Channels, "slope");
        if (node.Tensors.ContainsKey("shift") != node.Tensors.ContainsKey("offset"))
        {
            (string there, string missing) = node.Tensors.ContainsKey("shift") ? ("shift", "offset") : ("offset", "shift");
            throw new EvitFormatException($"{_where}: tensor '{there}' without '{missing}', expected both or neither");
        }

        OptionalFloats(node, "shift", x.Channels);
        OptionalFloats(node, "offset", x.Channels);
        return x;
    }

    private static double Padded(ValueShape shape) => (double)shape.Height * shape.Width * ValueShape.Pad(shape.Channels);

    private ValueShape Bounded(ValueShape x, long channels, long height, long width) => (double)channels * height * width <= MaxValueElements
        ? new ValueShape(x.Kind, (int)channels, (int)height, (int)width)
        : throw new EvitFormatException(
            $"{_where}: its value would have {channels} channels of {height} x {width}, expected at most {MaxValueElements} elements");

    private ValueShape Windows(ValueShape x, int outputs, long kernel, int stride, int padding) => new(
        ValueKind.Tokens, outputs, Window(x.Height, kernel, stride, padding, "rows"), Window(x.Width, kernel, stride, padding, "columns"));

    private int Pool(GraphNode node, int size, string axis, string what) =>
        Window(size, node.Attributes[$"kernel{axis}"], node.Attributes[$"stride{axis}"], node.Attributes[$"padding{axis}"], what);

    private int Window(int size, long kernel, int stride, int padding, string what)
    {
        long padded = size + (2L * padding);
        if (kernel > padded || padding >= kernel)
        {
            throw new EvitFormatException(
                $"{_where}: a window of {kernel} {what} with padding {padding} does not fit {size} {what}; expected padding < window <= {what} + 2 * padding");
        }

        return (int)(((padded - kernel) / stride) + 1);
    }

    private ValueShape Input(string name) => _shapes.TryGetValue(name, out ValueShape shape)
        ? shape : throw new EvitFormatException($"{_where}: value '{name}' is not written by an earlier node");

    /// <summary>Demands tokens.</summary>
    internal ValueShape Tokens(ValueShape x)
    {
        Expect(x, ValueKind.Tokens);
        return x;
    }

    private void Expect(ValueShape x, ValueKind kind)
    {
        if (x.Kind != kind)
        {
            throw new EvitFormatException($"{_where}: input is {x}, expected {kind}");
        }
    }
}
