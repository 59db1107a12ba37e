using EdgeVit.Export.Onnx;

namespace EdgeVit.Bench;

/// <summary>Sizes of a DeiT (Touvron et al. 2021), a plain vision transformer of 12 layers on patches of 16 x 16.</summary>
/// <param name="Name">As in the paper.</param>
/// <param name="Width">Channels; heads have 64.</param>
/// <param name="Top1">Published top-1 on ImageNet, percent (table 5).</param>
internal sealed record DeitSize(string Name, int Width, double? Top1 = null)
{
    internal const int HeadSize = 64;

    /// <summary>22 M parameters.</summary>
    public static DeitSize Small { get; } = new("DeiT-S", 384, 79.8);

    /// <summary>5.7 M parameters.</summary>
    public static DeitSize Tiny { get; } = new("DeiT-Ti", 192, 72.2);

    public int Depth { get; init; } = 12;

    public int Image { get; init; } = 224;

    public int Patch { get; init; } = 16;

    public int Classes { get; init; } = 1000;

    public int Heads => Width / HeadSize;

    public int Tokens => (Image / Patch * (Image / Patch)) + 1;
}

/// <summary>How the linear layers of a DeiT compute.</summary>
internal enum DeitPrecision
{
    /// <summary>32-bit floats.</summary>
    Float,

    /// <summary>8-bit integers, activations scaled by their range in each run (DynamicQuantizeLinear, MatMulInteger).</summary>
    Dynamic8,

    /// <summary>8-bit integers, activations scaled by constants (QuantizeLinear and DequantizeLinear around Gemm).</summary>
    Static8,
}

/// <summary>A DeiT as an ONNX graph with random weights, batch 1: what ONNX Runtime is compared by. The weights' values change no time.
/// Written in the forms that ONNX Runtime fuses: one product for query, key and value, the erf form of GELU, LayerNormalization.</summary>
internal sealed class DeitNetwork
{
    /// <summary>Range of a normal activation behind a norm that static scales must hold.</summary>
    private const float ActivationRange = 8;

    private readonly OnnxGraph _graph;
    private readonly DeitSize _size;
    private readonly DeitPrecision _precision;
    private readonly bool _fusedAttention;
    private readonly Random _random;
    private readonly HashSet<string> _once = new(StringComparer.Ordinal);

    private DeitNetwork(DeitSize size, DeitPrecision precision, bool fusedAttention, int seed)
    {
        _graph = new OnnxGraph(size.Name);
        _graph.Import("com.microsoft", 1);
        (_size, _precision, _fusedAttention, _random) = (size, precision, fusedAttention, new Random(seed));
    }

    /// <summary>The file. Input <c>image</c> <c>[1, 3, H, W]</c>, output <c>logits</c> <c>[1, classes]</c>.</summary>
    /// <param name="size">Which one.</param>
    /// <param name="precision">Of the linear layers; embedding, scores and norms stay in float, as everybody's tools leave them.</param>
    /// <param name="fusedAttention">Attention as ONNX Runtime's own operator instead of products and a softmax.</param>
    /// <param name="seed">Of the weights.</param>
    public static byte[] Write(DeitSize size, DeitPrecision precision, bool fusedAttention, int seed = 1) =>
        new DeitNetwork(size, precision, fusedAttention, seed).Build();

    private byte[] Build()
    {
        int width = _size.Width;
        string image = _graph.Input("image", OnnxType.Float, 1, 3, _size.Image, _size.Image);
        string patches = _graph.Node("Conv", [image, Weight("embed.weight", width, 3, _size.Patch, _size.Patch), Weight("embed.bias", width)],
            ("kernel_shape", (long[])[_size.Patch, _size.Patch]), ("strides", (long[])[_size.Patch, _size.Patch]));
        string rows = _graph.Node("Transpose", [_graph.Node("Reshape", [patches, ConstantOnce("embed.shape", 1, width, _size.Tokens - 1)])], ("perm", (long[])[0, 2, 1]));
        string x = _graph.Node("Add", [_graph.Node("Concat", [Weight("class", 1, 1, width), rows], ("axis", 1)), Weight("position", 1, _size.Tokens, width)]);
        for (int layer = 0; layer < _size.Depth; layer++)
        {
            x = _graph.Node("Add", [x, Attention(Norm(x, $"{layer}.norm1"), $"{layer}.attention")]);
            string hidden = Gelu(Linear(Norm(x, $"{layer}.norm2"), $"{layer}.mlp1", width, 4 * width));
            x = _graph.Node("Add", [x, Linear(hidden, $"{layer}.mlp2", 4 * width, width)]);
        }
        string first = _graph.Node("Slice", [Norm(x, "norm"), ConstantOnce("from", 0), ConstantOnce("to", 1), ConstantOnce("token_axis", 1)]);
        string logits = Linear(first, "head", width, _size.Classes);
        _graph.Output(_graph.Named("Reshape", "logits", [logits, ConstantOnce("logits.shape", 1, _size.Classes)]), OnnxType.Float, 1, _size.Classes);
        return _graph.ToBytes($"{_size.Name} with random weights");
    }

    private string Attention(string x, string name)
    {
        int width = _size.Width, heads = _size.Heads, head = DeitSize.HeadSize;
        string all = Linear(x, $"{name}.qkv", width, 3 * width);
        if (_fusedAttention)
        {
            string split = ConstantOnce("qkv.split", width, width, width);
            IReadOnlyList<string> parts = _graph.Nodes("Split", [$"{name}.q", $"{name}.k", $"{name}.v"], [all, split], ("axis", 2));
            return Linear(_graph.Node("com.microsoft.MultiHeadAttention", parts, ("num_heads", heads)), $"{name}.out", width, width);
        }
        string five = _graph.Node("Reshape", [all, ConstantOnce("qkv.shape", 1, _size.Tokens, 3, heads, head)]);
        string ordered = _graph.Node("Transpose", [five], ("perm", (long[])[2, 0, 3, 1, 4]));
        string Part(int index) => _graph.Node("Gather", [ordered, ScalarOnce(index)], ("axis", 0));
        string keys = _graph.Node("Transpose", [Part(1)], ("perm", (long[])[0, 1, 3, 2]));
        string scores = _graph.Node("Mul", [_graph.Node("MatMul", [Part(0), keys]), FloatOnce("scale", 1 / MathF.Sqrt(head))]);
        string context = _graph.Node("MatMul", [_graph.Node("Softmax", [scores], ("axis", -1)), Part(2)]);
        string joined = _graph.Node("Reshape", [_graph.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), ConstantOnce("joined.shape", 1, _size.Tokens, width)]);
        return Linear(joined, $"{name}.out", width, width);
    }

    // x / 2 * (1 + erf(x / sqrt(2)))
    private string Gelu(string x)
    {
        string erf = _graph.Node("Erf", [_graph.Node("Div", [x, FloatOnce("sqrt2", MathF.Sqrt(2))])]);
        return _graph.Node("Mul", [_graph.Node("Mul", [x, _graph.Node("Add", [erf, FloatOnce("one", 1)])]), FloatOnce("half", 0.5f)]);
    }

    private string Norm(string x, string name) =>
        _graph.Node("LayerNormalization", [x, Filled($"{name}.weight", 1, _size.Width), Weight($"{name}.bias", _size.Width)], ("epsilon", 1e-6f));

    private string Linear(string x, string name, int inputs, int outputs) => _precision switch
    {
        DeitPrecision.Float => Biased(_graph.Node("MatMul", [x, Weight($"{name}.weight", inputs, outputs)]), name, outputs),
        DeitPrecision.Dynamic8 => Biased(Dynamic(x, name, inputs, outputs), name, outputs),
        _ => Static(x, name, inputs, outputs),
    };

    private string Biased(string x, string name, int outputs) => _graph.Node("Add", [x, Weight($"{name}.bias", outputs)]);

    private string Dynamic(string x, string name, int inputs, int outputs)
    {
        (sbyte[] bytes, float scale) = Quantized(inputs * outputs);
        IReadOnlyList<string> quantized = _graph.Nodes("DynamicQuantizeLinear", [$"{name}.x8", $"{name}.scale", $"{name}.zero"], [x]);
        string sums = _graph.Node("MatMulInteger", [quantized[0], _graph.Constant(name + ".weight8", bytes, inputs, outputs), quantized[2], _graph.Scalar(name + ".weight0", (sbyte)0)]);
        string factor = _graph.Node("Mul", [quantized[1], _graph.Scalar(name + ".weight_scale", scale)]);
        return _graph.Node("Mul", [_graph.Node("Cast", [sums], ("to", (long)OnnxType.Float)), factor]);
    }

    // A Gemm takes its bias into the integer product; its result stays in float, since what follows (a sum, GELU, scores) is float.
    private string Static(string x, string name, int inputs, int outputs)
    {
        (sbyte[] bytes, float scale) = Quantized(inputs * outputs);
        const float StepSize = 2 * ActivationRange / 255;
        string step = FloatOnce("step", StepSize), middle = Once("middle", n => _graph.Scalar(n, (byte)128));
        string rows = _graph.Node("Reshape", [x, ConstantOnce($"rows{inputs}", -1, inputs)]);
        string activation = _graph.Node("DequantizeLinear", [_graph.Node("QuantizeLinear", [rows, step, middle]), step, middle]);
        string weight = _graph.Node("DequantizeLinear", [
            _graph.Constant(name + ".weight8", bytes, inputs, outputs), _graph.Scalar(name + ".weight_scale", scale), _graph.Scalar(name + ".weight0", (sbyte)0)]);
        string bias = _graph.Node("DequantizeLinear", [
            _graph.Constant(name + ".bias32", new int[outputs], outputs), _graph.Scalar(name + ".bias_scale", scale * StepSize), _graph.Scalar(name + ".bias0", 0)]);
        return _graph.Node("Reshape", [_graph.Node("Gemm", [activation, weight, bias]), ConstantOnce($"tokens{outputs}", 1, -1, outputs)]);
    }

    private string Once(string name, Func<string, string> make) => _once.Add(name) ? make(name) : name;

    private string FloatOnce(string name, float value) => Once(name, n => _graph.Scalar(n, value));

    private string ScalarOnce(long value) => Once($"index{value}", n => _graph.Scalar(n, value));

    private string ConstantOnce(string name, params long[] values) => Once(name, n => _graph.Constant(n, values, values.Length));

    private string Filled(string name, float value, int count)
    {
        float[] values = new float[count];
        Array.Fill(values, value);
        return _graph.Constant(name, values, count);
    }

    private string Weight(string name, params long[] shape)
    {
        float[] values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = 0.08f * (_random.NextSingle() - 0.5f);
        }

        return _graph.Constant(name, values, shape);
    }

    private (sbyte[] Values, float Scale) Quantized(int count)
    {
        sbyte[] values = new sbyte[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (sbyte)_random.Next(-127, 128);
        }

        return (values, 0.04f / 127);
    }
}
