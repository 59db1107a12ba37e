using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>A model as an ONNX graph of standard float operators (operator set 17). Input <c>image</c> <c>[1, 3, H, W]</c>, normalised; output <c>logits</c>
/// <c>[1, classes]</c>; every value in between carries the name that it has in the <c>.evit</c> graph, tokens as <c>[1, N, C]</c>, signs as floats of -1
/// and +1.</summary>
/// <remarks>
/// <para>Signs come of a comparison, <c>Where(x + shift &gt;= 0, 1, -1)</c>, so that <c>sign(0) = +1</c>; ONNX's <c>Sign</c> gives 0. A binary product is a float
/// product of such signs: an integer below 2^24, exact in any order of summation.</para>
/// <para>Attention is that of the packed model in float arithmetic: the product of query and key signs counts matches, the model's fixed-point table of
/// exponentials (a <c>Gather</c>, in double precision; the sums stay below 2^53 and are exact) gives the row sum, and a key is attended when
/// <c>2 * exp &gt; clip * sum</c>, with the same two roundings as the runtime, and so for further levels. Its bits are the runtime's.</para>
/// <para>What may differ is the last place of float reductions (the first convolution, pools, means, the classifier), which other runtimes sum in other
/// orders and without fused multiply-adds. A sign whose argument lies within that rounding of zero is a tie, and may fall on either side.</para>
/// </remarks>
internal sealed class OnnxExport
{
    private readonly OnnxGraph _graph;
    private readonly EvitFile _file;
    private readonly HashSet<string> _once = new(StringComparer.Ordinal);

    private OnnxExport(EvitFile file)
    {
        _file = file;
        _graph = new OnnxGraph(file.Graph.Name);
    }

    /// <summary>The name that the file's logits have in ONNX.</summary>
    public const string OutputName = "logits";

    /// <summary>The name that the file's input has in ONNX.</summary>
    public const string InputName = "image";

    /// <summary>The ONNX file's bytes.</summary>
    /// <param name="file">The model.</param>
    /// <param name="everyValue">Whether every value is an output, to be compared one by one.</param>
    /// <param name="certificate">A JSON object for the metadata: what was compared; null for none.</param>
    /// <exception cref="NotSupportedException">The model has an op that has no translation.</exception>
    public static byte[] Write(EvitFile file, bool everyValue = false, string? certificate = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new OnnxExport(file).Build(everyValue, certificate);
    }

    private byte[] Build(bool everyValue, string? certificate)
    {
        ModelGraph graph = _file.Graph;
        IReadOnlyList<int> image = graph.InputShape;
        _graph.Input(InputName, OnnxType.Float, 1, image[0], image[1], image[2]);
        foreach (GraphNode node in graph.Nodes)
        {
            Translate(node);
        }

        int classes = _file.Shapes[graph.OutputName].Channels;
        _graph.Named("Reshape", OutputName, [Value(graph.OutputName), Sizes(1, classes)]);
        _graph.Output(OutputName, OnnxType.Float, 1, classes);
        if (everyValue)
        {
            foreach (GraphNode node in graph.Nodes.Where(n => n.Output != graph.OutputName))
            {
                _graph.Output(Value(node.Output), OnnxType.Float, 1, _file.Shapes[node.Output].Tokens, _file.Shapes[node.Output].Channels);
            }
        }
        var metadata = new Dictionary<string, string>
        {
            ["edgevit.source_sha256"] = _file.Sha256,
            ["edgevit.labels"] = MetadataJson.WriteLabels(_file.Labels),
            ["edgevit.preprocess"] = MetadataJson.WritePreprocess(_file.Preprocess),
            ["edgevit.provenance"] = _file.Provenance,
        };
        if (certificate is not null)
        {
            metadata["edgevit.certificate"] = certificate;
        }

        return _graph.ToBytes($"{graph.Name}, exported by EdgeVit. Signs are floats of -1 and +1.", metadata);
    }

    private void Translate(GraphNode node)
    {
        string x = Value(node.Inputs[0]);
        ValueShape from = _file.Shapes[node.Inputs[0]], to = _file.Shapes[node.Output];
        string y = Value(node.Output);
        switch (node.Op)
        {
            case Op.Conv2d:
                ToTokens(y, Convolution(node, x, from, to, TensorData.Floats(Tensor(node, "weight")), _file.Tensors[node.Tensors["weight"]].Shape[2], node.Attributes["stride"], node.Attributes["padding"], Optional(node, "bias", to.Channels)), to);
                break;
            case Op.BinaryConv:
                int kernel = node.Attributes["kernel"];
                string product = Convolution(node, x, from, to, OnnxWeights.Convolution(Tensor(node, "weight"), to.Channels, from.Channels, kernel), kernel, kernel, 0, null);
                string tokens = ToTokens($"{y}.product", product, to);
                Product(node, tokens, kernel * kernel * from.Channels, y);
                break;
            case Op.Linear:
                string linear = MatMul(node, x, OnnxWeights.Transposed(TensorData.Floats(Tensor(node, "weight")), to.Channels, from.Channels), from.Channels, to.Channels);
                _graph.Named(node.Tensors.ContainsKey("bias") ? "Add" : "Identity", y, node.Tensors.ContainsKey("bias") ? [linear, Vector(node, "bias")] : [linear]);
                break;
            case Op.BinaryLinear:
                string binary = MatMul(node, x, OnnxWeights.Transposed(OnnxWeights.Signs(Tensor(node, "weight"), to.Channels, from.Channels), to.Channels, from.Channels), from.Channels, to.Channels);
                Product(node, binary, from.Channels, y);
                break;
            case Op.BinaryAttention:
                BinaryAttention(node, y, to);
                break;
            case Op.SoftmaxAttention:
                SoftmaxAttention(node, y, to);
                break;
            case Op.ShiftSign:
                _graph.Named("Where", y, [
                    _graph.Node("GreaterOrEqual", [_graph.Node("Add", [x, Vector(node, "shift")]), Scalar("zero", 0)]), Scalar("plus_one", 1), Scalar("minus_one", -1)]);
                break;
            case Op.Affine:
                _graph.Named("Add", y, [_graph.Node("Mul", [x, Vector(node, "scale")]), Vector(node, "offset")]);
                break;
            case Op.RPReLU:
                if (!node.Tensors.ContainsKey("shift"))
                {
                    _graph.Named("PRelu", y, [x, Vector(node, "slope")]);
                    break;
                }

                _graph.Named("Add", y, [_graph.Node("PRelu", [_graph.Node("Sub", [x, Vector(node, "shift")]), Vector(node, "slope")]), Vector(node, "offset")]);
                break;
            case Op.Position:
                _graph.Named("Add", y, [x, Constant(node, "position", 1, to.Tokens, to.Channels)]);
                break;
            case Op.Add or Op.ScaledSum:
                string sum = x;
                for (int i = 1; i < node.Inputs.Count; i++)
                {
                    string role = OpAttributes.Scale(i);
                    string summand = node.Tensors.ContainsKey(role) ? _graph.Node("Mul", [Value(node.Inputs[i]), Vector(node, role)]) : Value(node.Inputs[i]);
                    sum = i + 1 < node.Inputs.Count ? _graph.Node("Add", [sum, summand]) : _graph.Named("Add", y, [sum, summand]);
                }

                break;
            case Op.AvgPool2d:
                IReadOnlyDictionary<string, int> a = node.Attributes;
                string pooled = _graph.Node("AveragePool", [ToGrid(x, from)],
                    ("kernel_shape", (long[])[a["kernelH"], a["kernelW"]]), ("strides", (long[])[a["strideH"], a["strideW"]]),
                    ("pads", (long[])[a["paddingH"], a["paddingW"], a["paddingH"], a["paddingW"]]), ("count_include_pad", 1));
                int count = a["kernelH"] * a["kernelW"];
                ToTokens(y, a.ContainsKey(OpAttributes.Sum) ? _graph.Node("Mul", [pooled, Scalar($"window_{count}", count)]) : pooled, to);
                break;
            case Op.Upsample:
                float factor = node.Attributes["factor"];
                ToTokens(y, _graph.Node("Resize", [ToGrid(x, from), "", _graph.Constant($"{node.Name}.factors", (float[])[1, 1, factor, factor], 4)],
                    ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor")), to);
                break;
            case Op.TileChannels:
                _graph.Named("Concat", y, [.. Enumerable.Repeat(x, node.Attributes["factor"])], ("axis", 2));
                break;
            case Op.GroupMeanChannels:
                string groups = _graph.Node("Reshape", [x, Sizes(1, to.Tokens, to.Channels, node.Attributes["factor"])]);
                _graph.Named("ReduceMean", y, [groups], ("axes", (long[])[3]), ("keepdims", 0));
                break;
            case Op.MeanTokens:
                _graph.Named("ReduceMean", y, [x], ("axes", (long[])[1]), ("keepdims", 1));
                break;
            case Op.LayerNorm:
                _graph.Named("LayerNormalization", y, [x, Vector(node, "scale"), Vector(node, "offset")],
                    ("axis", -1), ("epsilon", TensorData.Floats(Tensor(node, "epsilon"))[0]));
                break;
            case Op.Gelu:
                string erf = _graph.Node("Erf", [_graph.Node("Mul", [x, Scalar("sqrt_half", (float)Math.Sqrt(0.5))])]);
                _graph.Named("Mul", y, [_graph.Node("Mul", [x, Scalar("half", 0.5f)]), _graph.Node("Add", [erf, Scalar("plus_one", 1)])]);
                break;
            case Op.PrependTokens:
                _graph.Named("Concat", y, [node.Inputs.Count == 2 ? Value(node.Inputs[1]) : Constant(node, "tokens", 1, to.Tokens - from.Tokens, to.Channels), x], ("axis", 1));
                break;
            case Op.SpatialShift:
                SpatialShift(node, x, y, to);
                break;
            case Op.SliceTokens:
                long start = node.Attributes["start"];
                _graph.Named("Slice", y, [x, Sizes(start), Sizes(start + node.Attributes["count"]), Sizes(1)]);
                break;
            default:
                throw new NotSupportedException($"the op {node.Op} of '{node.Name}' has no translation to ONNX");
        }
    }

    // With s the sum of k products of signs; a count of differing signs is (k - s) / 2.
    private void Product(GraphNode node, string sum, int k, string y)
    {
        float[] scale = TensorData.Floats(Tensor(node, "scale")), offset = TensorData.Floats(Tensor(node, "offset"));
        if (node.Attributes.ContainsKey(OpAttributes.Counts))
        {
            for (int c = 0; c < scale.Length; c++)
            {
                offset[c] = (float)(offset[c] + (scale[c] * (k / 2.0)));
                scale[c] *= -0.5f;
            }
        }

        string product = _graph.Node("Mul", [sum, _graph.Constant($"{node.Name}.scale", scale, scale.Length)]);
        _graph.Named("Add", y, [product, _graph.Constant($"{node.Name}.offset", offset, offset.Length)]);
    }

    // Matches = (d + s) / 2 with s the sum of products of signs; table and comparison in double precision.
    private void BinaryAttention(GraphNode node, string y, ValueShape shape)
    {
        int heads = node.Attributes["heads"], size = shape.Channels / heads;
        string Heads(int input, params long[] order) => _graph.Node("Transpose", [
            _graph.Node("Reshape", [Value(node.Inputs[input]), Sizes(1, _file.Shapes[node.Inputs[input]].Tokens, heads, size)])], ("perm", order));
        string scores = _graph.Named("MatMul", $"{node.Name}.scores", [Heads(0, 0, 2, 1, 3), Heads(1, 0, 2, 3, 1)]);
        string matches = _graph.Node("Mul", [_graph.Node("Add", [scores, Scalar($"head_size_{size}", size)]), Scalar("half", 0.5f)]);
        double[] table = Array.ConvertAll(TensorData.Integers(Tensor(node, "exp")), v => (double)v);
        bool perHead = _file.Tensors[node.Tensors["exp"]].Shape.Count == 2;
        if (perHead)
        {
            // The heads' tables one behind the other.
            float[] starts = [.. Enumerable.Range(0, heads).Select(h => (float)(h * (size + 1)))];
            matches = _graph.Node("Add", [matches, Once($"exp_starts_{heads}x{size}", n => _graph.Constant(n, starts, 1, heads, 1, 1))]);
        }
        string index = _graph.Node("Cast", [matches], ("to", (long)OnnxType.Int32));
        string exp = _graph.Node("Gather", [Once(perHead ? $"{node.Name}.exp" : $"exp_table_{size}", n => _graph.Constant(n, table, table.Length)), index], ("axis", 0));
        if (AttentionAttributes.MasksDiagonal(node))
        {
            // An exponential of 0 adds nothing to a sum and is above no limit.
            int tokens = shape.Tokens;
            exp = _graph.Node("Mul", [exp, Once($"others_{tokens}", n => _graph.Constant(n, Others(tokens), 1, 1, tokens, tokens))]);
        }
        string sum = _graph.Node("ReduceSum", [exp, Sizes(3)], ("keepdims", 1));
        double[] clip = Array.ConvertAll(TensorData.Floats(Tensor(node, "clip")), v => (double)v);
        string threshold = _graph.Node("Mul", [sum, _graph.Constant($"{node.Name}.clip", clip, 1, heads, 1, 1)]);
        string two = Once("two_double", n => _graph.Scalar(n, 2.0));
        string doubled = _graph.Node("Mul", [exp, two]);
        string bits = _graph.Named("Greater", $"{node.Name}.bits", [doubled, threshold]);
        string weights = _graph.Node("Cast", [bits], ("to", (long)OnnxType.Float));
        for (int level = 2; level <= AttentionAttributes.Levels(node); level++)
        {
            string factor = Once($"odd_{(2 * level) - 1}_double", n => _graph.Scalar(n, (2.0 * level) - 1));
            string further = _graph.Named("Greater", $"{node.Name}.bits{level}", [doubled, _graph.Node("Mul", [threshold, factor])]);
            weights = _graph.Node("Add", [weights, _graph.Node("Cast", [further], ("to", (long)OnnxType.Float))]);
        }
        string context = _graph.Node("MatMul", [weights, Heads(2, 0, 2, 1, 3)]);
        string joined = _graph.Named("Reshape", $"{node.Name}.counts", [_graph.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), Sizes(1, shape.Tokens, shape.Channels)]);
        _graph.Named("Add", y, [_graph.Node("Mul", [joined, Vector(node, "scale")]), Vector(node, "offset")]);
    }

    // A depthwise convolution whose kernels are 1 at the place that the channel comes from and 0 elsewhere; its padding is the zeros at the border.
    private void SpatialShift(GraphNode node, string x, string y, ValueShape shape)
    {
        (int rows, int columns, int channels) = (node.Attributes["rows"], node.Attributes["columns"], shape.Channels);
        (int height, int width) = ((2 * rows) + 1, (2 * columns) + 1);
        var kernels = new float[channels * height * width];
        for (int c = 0; c < channels; c++)
        {
            kernels[(c * height * width) + (TokenShift.Direction(c) == 0 ? 0 : (height * width) - 1)] = 1;
        }

        ToTokens(y, _graph.Node("Conv", [ToGrid(x, shape), _graph.Constant($"{node.Name}.kernels", kernels, channels, 1, height, width)],
            ("kernel_shape", (long[])[height, width]), ("pads", (long[])[rows, columns, rows, columns]), ("group", channels)), shape);
    }

    /// <summary>0 on the diagonal, 1 beside it.</summary>
    private static double[] Others(int tokens)
    {
        var others = new double[tokens * tokens];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = i % (tokens + 1) == 0 ? 0 : 1;
        }

        return others;
    }

    private void SoftmaxAttention(GraphNode node, string y, ValueShape shape)
    {
        int heads = node.Attributes["heads"], size = shape.Channels / heads;
        string Heads(int input, params long[] order) => _graph.Node("Transpose", [
            _graph.Node("Reshape", [Value(node.Inputs[input]), Sizes(1, _file.Shapes[node.Inputs[input]].Tokens, heads, size)])], ("perm", order));
        string product = _graph.Node("MatMul", [Heads(0, 0, 2, 1, 3), Heads(1, 0, 2, 3, 1)]);
        string scores = _graph.Node("Mul", [product, Scalar($"score_scale_{size}", (float)(1 / Math.Sqrt(size)))]);
        string context = _graph.Node("MatMul", [_graph.Node("Softmax", [scores], ("axis", -1)), Heads(2, 0, 2, 1, 3)]);
        _graph.Named("Reshape", y, [_graph.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), Sizes(1, shape.Tokens, shape.Channels)]);
    }

    private string Convolution(
        GraphNode node, string x, ValueShape from, ValueShape to, float[] weight, int kernel, int stride, int padding, string? bias)
    {
        string grid = from.Kind == ValueKind.Image ? x : ToGrid(x, from);
        string kernels = _graph.Constant($"{node.Name}.weight", weight, to.Channels, from.Channels, kernel, kernel);
        return _graph.Node("Conv", bias is null ? [grid, kernels] : [grid, kernels, bias],
            ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[stride, stride]), ("pads", (long[])[padding, padding, padding, padding]));
    }

    private string MatMul(GraphNode node, string x, float[] columns, int inputs, int outputs) =>
        _graph.Node("MatMul", [x, _graph.Constant($"{node.Name}.weight", columns, inputs, outputs)]);

    private string ToTokens(string name, string grid, ValueShape shape) =>
        _graph.Named("Transpose", name, [_graph.Node("Reshape", [grid, Sizes(1, shape.Channels, shape.Tokens)])], ("perm", (long[])[0, 2, 1]));

    private string ToGrid(string tokens, ValueShape shape) =>
        _graph.Node("Reshape", [_graph.Node("Transpose", [tokens], ("perm", (long[])[0, 2, 1])), Sizes(1, shape.Channels, shape.Height, shape.Width)]);

    /// <summary>The name of a value: the graph's own, but for the logits, which get another shape under it.</summary>
    private string Value(string name) => name == _file.Graph.InputName ? InputName : name == _file.Graph.OutputName ? $"{OutputName}.tokens" : name == OutputName || name == InputName ? $"{name}.value" : name;

    private StoredTensor Tensor(GraphNode node, string role) => _file.Tensors[node.Tensors[role]];

    private string Vector(GraphNode node, string role) => Constant(node, role, Tensor(node, role).Shape[0]);

    private string Constant(GraphNode node, string role, params long[] shape) =>
        _graph.Constant($"{node.Name}.{role}", TensorData.Floats(Tensor(node, role)), shape);

    private string? Optional(GraphNode node, string role, int length) => node.Tensors.ContainsKey(role) ? Constant(node, role, length) : null;

    private string Scalar(string name, float value) => Once($"constant.{name}", n => _graph.Scalar(n, value));

    private string Sizes(params long[] sizes) => Once($"shape.{string.Join('x', sizes)}", n => _graph.Constant(n, sizes, sizes.Length));

    private string Once(string name, Func<string, string> make) => _once.Add(name) ? make(name) : name;
}
