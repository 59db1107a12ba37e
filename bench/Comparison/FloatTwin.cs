using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>A binary network as an ONNX graph of float operations, in one of two forms. Its <em>float twin</em> has the same topology, shapes
/// and weights, but takes no signs: every binary product is a float one and attention is a softmax. With signs it is the <em>same
/// function</em>: signs are floats of -1 and 1, attention compares the softmax with half the clip; its logits are the binary network's, but for
/// rounding.</summary>
/// <remarks>A value lies as tokens <c>[1, N, C]</c>, as a grid <c>[1, C, H, W]</c>, or both: products want tokens, pools and convolutions a
/// grid, and what is element-wise stays in the form that its inputs have, so that as little as possible is transposed.</remarks>
internal sealed class FloatTwin
{
    private readonly OnnxGraph _graph;
    private readonly LoweredModel _model;
    private readonly bool _signs;
    private readonly IReadOnlyDictionary<string, ValueShape> _shapes;
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private readonly HashSet<string> _once = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _grids = new(StringComparer.Ordinal);

    private FloatTwin(LoweredModel model, bool signs)
    {
        _model = model;
        _signs = signs;
        _graph = new OnnxGraph($"{model.Graph.Name}-float");
        _shapes = GraphValidator.Validate(model.Graph, model.Tensors);
    }

    /// <summary>The file. Input <c>image</c> <c>[1, 3, H, W]</c>, output <c>logits</c> <c>[1, classes]</c>.</summary>
    /// <param name="model">The binary network.</param>
    /// <param name="signs">Whether signs are taken.</param>
    /// <param name="inspected">Values that the graph also gives out, under their names, as tokens <c>[1, N, C]</c>.</param>
    public static byte[] Write(LoweredModel model, bool signs, params IReadOnlyList<string> inspected) => new FloatTwin(model, signs).Build(inspected);

    private byte[] Build(IReadOnlyList<string> inspected)
    {
        ModelGraph graph = _model.Graph;
        IReadOnlyList<int> image = graph.InputShape;
        _grids[graph.InputName] = _graph.Input("image", OnnxType.Float, 1, image[0], image[1], image[2]);
        foreach (GraphNode node in graph.Nodes)
        {
            Translate(node);
        }

        foreach (string value in inspected)
        {
            _graph.Output(_graph.Named("Identity", value, [Tokens(value)]), OnnxType.Float, 1, _shapes[value].Tokens, _shapes[value].Channels);
        }

        ValueShape logits = _shapes[graph.OutputName];
        _graph.Output(_graph.Named("Reshape", "logits", [Tokens(graph.OutputName), Sizes("logits.shape", 1, logits.Channels)]), OnnxType.Float, 1, logits.Channels);
        return _graph.ToBytes($"the float twin of {graph.Name}");
    }

    private void Translate(GraphNode node)
    {
        string x = node.Inputs[0];
        ValueShape from = _shapes[x], to = _shapes[node.Output];
        switch (node.Op)
        {
            case Op.Conv2d or Op.BinaryConv:
                _grids[node.Output] = Convolution(node, from, to);
                break;
            case Op.Linear or Op.BinaryLinear:
                _tokens[node.Output] = Product(node, from.Channels, to.Channels);
                break;
            case Op.BinaryAttention:
                _tokens[node.Output] = Attention(node);
                break;
            case Op.ShiftSign or Op.Affine or Op.RPReLU:
                Elementwise(node, Function(node));
                break;
            case Op.Position:
                _tokens[node.Output] = _graph.Node("Add", [Tokens(x), Constant(node, "position", 1, to.Tokens, to.Channels)]);
                break;
            case Op.Add:
                Add(node);
                break;
            case Op.AvgPool2d:
                _grids[node.Output] = Pool(node);
                break;
            case Op.Upsample:
                _grids[node.Output] = Upsample(node);
                break;
            case Op.TileChannels:
                Tile(node, grid: !_tokens.ContainsKey(x));
                break;
            case Op.GroupMeanChannels:
                string groups = _graph.Node("Reshape", [Tokens(x), Sizes($"{node.Name}.groups", 1, to.Tokens, to.Channels, node.Attributes["factor"])]);
                _tokens[node.Output] = _graph.Node("ReduceMean", [groups], ("axes", (long[])[3]), ("keepdims", 0));
                break;
            case Op.MeanTokens:
                _tokens[node.Output] = _graph.Node("ReduceMean", [Tokens(x)], ("axes", (long[])[1]), ("keepdims", 1));
                break;
            default:
                throw new NotSupportedException($"a float twin of {node.Op} is not known");
        }
    }

    private void Tile(GraphNode node, bool grid)
    {
        string x = node.Inputs[0];
        string[] copies = [.. Enumerable.Repeat(grid ? Grid(x) : Tokens(x), node.Attributes["factor"])];
        (grid ? _grids : _tokens)[node.Output] = _graph.Node("Concat", copies, ("axis", grid ? 1 : 2));
    }

    private Func<string, bool, string> Function(GraphNode node) => node.Op switch
    {
        Op.ShiftSign => (v, grid) => Sign(_graph.Node("Add", [v, Vector(node, "shift", grid)])),
        Op.Affine => (v, grid) => Affine(node, v, grid),
        _ => (v, grid) => _graph.Node("Add", [
            _graph.Node("PRelu", [_graph.Node("Sub", [v, Vector(node, "shift", grid)]), Vector(node, "slope", grid)]), Vector(node, "offset", grid)]),
    };

    private string Convolution(GraphNode node, ValueShape from, ValueShape to)
    {
        bool binary = node.Op == Op.BinaryConv;
        ConvWindow window = binary ? ConvWindow.Of(node) : new ConvWindow(_model.Tensors[node.Tensors["weight"]].Shape[2], node.Attributes["stride"], node.Attributes["padding"], 1);
        (long kernel, long padding) = (window.Kernel, window.Padding);
        string grid = Grid(node.Inputs[0]);
        if (binary && padding > 0)
        {
            grid = _graph.Node("Pad", [grid, Sizes($"{node.Name}.pads", 0, 0, padding, padding, 0, 0, padding, padding), _graph.Constant($"{node.Name}.plus_one", (float[])[1f])]);
            padding = 0;
        }

        string weight = binary
            ? _graph.Constant($"{node.Name}.weight", SignWeights.Convolution(_model, node, from.Channels, (int)kernel), to.Channels, from.Channels, kernel, kernel)
            : Constant(node, "weight", to.Channels, from.Channels, kernel, kernel);
        string role = binary ? "offset" : "bias";
        string[] inputs = node.Tensors.ContainsKey(role) ? [grid, weight, Constant(node, role, to.Channels)] : [grid, weight];
        return _graph.Node("Conv", inputs, ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[window.Stride, window.Stride]), ("dilations", (long[])[window.Dilation, window.Dilation]), ("pads", (long[])[padding, padding, padding, padding]));
    }

    private string Product(GraphNode node, int inputs, int outputs)
    {
        float[] rows = node.Op == Op.BinaryLinear ? SignWeights.Linear(_model, node, inputs) : TensorData.Floats(_model.Tensors[node.Tensors["weight"]]);
        float[] columns = new float[rows.Length];
        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < inputs; k++)
            {
                columns[(k * outputs) + o] = rows[(o * inputs) + k];
            }
        }
        string y = _graph.Node("MatMul", [Tokens(node.Inputs[0]), _graph.Constant($"{node.Name}.weight", columns, inputs, outputs)]);
        string role = node.Op == Op.BinaryLinear ? "offset" : "bias";
        return node.Tensors.ContainsKey(role) ? _graph.Node("Add", [y, Constant(node, role, outputs)]) : y;
    }

    private string Attention(GraphNode node)
    {
        ValueShape shape = _shapes[node.Output];
        int heads = node.Attributes["heads"], size = shape.Channels / heads;
        string Heads(string value, string name, params long[] order) => _graph.Node("Transpose", [
            _graph.Node("Reshape", [Tokens(value), Sizes($"{node.Name}.{name}", 1, _shapes[value].Tokens, heads, size)])], ("perm", order));
        string product = _graph.Node("MatMul", [Heads(node.Inputs[0], "q", 0, 2, 1, 3), Heads(node.Inputs[1], "k", 0, 2, 3, 1)]);
        string scores = _graph.Node("Mul", [product, _graph.Scalar($"{node.Name}.factor", 1 / MathF.Sqrt(size))]);
        string weights = _graph.Node("Softmax", [scores], ("axis", -1));
        if (_signs)
        {
            float[] half = [.. TensorData.Floats(_model.Tensors[node.Tensors["clip"]]).Select(clip => clip / 2)];
            string bits = _graph.Node("Greater", [weights, _graph.Constant($"{node.Name}.half", half, 1, heads, 1, 1)]);
            weights = _graph.Node("Cast", [bits], ("to", (long)OnnxType.Float));
        }
        string context = _graph.Node("MatMul", [weights, Heads(node.Inputs[2], "v", 0, 2, 1, 3)]);
        string joined = _graph.Node("Reshape", [_graph.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), Sizes($"{node.Name}.joined", 1, shape.Tokens, shape.Channels)]);
        return Affine(node, joined, grid: false);
    }

    private string Sign(string x) => !_signs ? x : _graph.Node("Where", [
        _graph.Node("GreaterOrEqual", [x, ScalarOnce("zero", 0)]), ScalarOnce("plus", 1), ScalarOnce("minus", -1)]);

    private string Affine(GraphNode node, string x, bool grid) =>
        _graph.Node("Add", [_graph.Node("Mul", [x, Vector(node, "scale", grid)]), Vector(node, "offset", grid)]);

    // What lies as a grid only is summed there and transposed once.
    private void Add(GraphNode node)
    {
        string[] grids = [.. node.Inputs.Where(i => !_tokens.ContainsKey(i))];
        string[] tokens = [.. node.Inputs.Where(_tokens.ContainsKey)];
        string? sum = null;
        foreach (string input in grids)
        {
            sum = sum is null ? Grid(input) : _graph.Node("Add", [sum, Grid(input)]);
        }

        if (tokens.Length == 0)
        {
            _grids[node.Output] = sum!;
            return;
        }
        if (sum is not null)
        {
            sum = ToTokens(sum, node.Output);
        }

        foreach (string input in tokens)
        {
            sum = sum is null ? Tokens(input) : _graph.Node("Add", [sum, Tokens(input)]);
        }

        _tokens[node.Output] = sum!;
    }

    private string Pool(GraphNode node)
    {
        IReadOnlyDictionary<string, int> a = node.Attributes;
        return _graph.Node("AveragePool", [Grid(node.Inputs[0])],
            ("kernel_shape", (long[])[a["kernelH"], a["kernelW"]]), ("strides", (long[])[a["strideH"], a["strideW"]]),
            ("pads", (long[])[a["paddingH"], a["paddingW"], a["paddingH"], a["paddingW"]]), ("count_include_pad", 1));
    }

    private string Upsample(GraphNode node)
    {
        float factor = node.Attributes["factor"];
        return _graph.Node("Resize", [Grid(node.Inputs[0]), "", _graph.Constant($"{node.Name}.factors", (float[])[1, 1, factor, factor], 4)],
            ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
    }

    private void Elementwise(GraphNode node, Func<string, bool, string> compute)
    {
        string x = node.Inputs[0];
        bool grid = !_tokens.ContainsKey(x);
        (grid ? _grids : _tokens)[node.Output] = compute(grid ? _grids[x] : _tokens[x], grid);
    }

    private string Tokens(string value)
    {
        if (!_tokens.TryGetValue(value, out string? tokens))
        {
            _tokens[value] = tokens = ToTokens(_grids[value], value);
        }

        return tokens;
    }

    private string ToTokens(string grid, string shapedLike)
    {
        ValueShape shape = _shapes[shapedLike];
        string flat = _graph.Node("Reshape", [grid, SizesOnce(1, shape.Channels, shape.Tokens)]);
        return _graph.Node("Transpose", [flat], ("perm", (long[])[0, 2, 1]));
    }

    private string Grid(string value)
    {
        if (!_grids.TryGetValue(value, out string? grid))
        {
            ValueShape shape = _shapes[value];
            string planes = _graph.Node("Transpose", [_tokens[value]], ("perm", (long[])[0, 2, 1]));
            _grids[value] = grid = _graph.Node("Reshape", [planes, SizesOnce(1, shape.Channels, shape.Height, shape.Width)]);
        }
        return grid;
    }

    private string SizesOnce(params long[] sizes)
    {
        string name = $"shape.{string.Join('x', sizes)}";
        return _once.Add(name) ? Sizes(name, sizes) : name;
    }

    private string ScalarOnce(string name, float value) => _once.Add(name) ? _graph.Scalar(name, value) : name;

    private string Sizes(string name, params long[] sizes) => _graph.Constant(name, sizes, sizes.Length);

    // A slope of PRelu and every other vector: [C] beside tokens, [C, 1, 1] beside a grid.
    private string Vector(GraphNode node, string role, bool grid)
    {
        float[] values = TensorData.Floats(_model.Tensors[node.Tensors[role]]);
        return _graph.Constant($"{node.Name}.{role}", values, grid ? [values.Length, 1, 1] : [values.Length]);
    }

    private string Constant(GraphNode node, string role, params long[] shape) =>
        _graph.Constant($"{node.Name}.{role}", TensorData.Floats(_model.Tensors[node.Tensors[role]]), shape);
}
