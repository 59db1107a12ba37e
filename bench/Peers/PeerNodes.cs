using EdgeVit.Export.Onnx;

namespace EdgeVit.Bench;

/// <summary>A value of a graph.</summary>
/// <param name="Name">What nodes take as input.</param>
/// <param name="Shape">Sizes behind the batch, <c>[C, H, W]</c> or <c>[C]</c>.</param>
/// <param name="Range">The value whose range its bytes have.</param>
internal readonly record struct PeerValue(string Name, long[] Shape, string Range)
{
    public long Channels => Shape[0];
}

/// <summary>A node that computes something.</summary>
/// <param name="Op">Its operator.</param>
/// <param name="Result">Name of its result; of the first one where it has two.</param>
/// <param name="Shape">The result's sizes behind the batch.</param>
/// <param name="Weight">Sizes of its weights; empty for none.</param>
internal readonly record struct PeerNode(string Op, string Result, long[] Shape, long[] Weight);

/// <summary>Nodes with weights, in floats or as QDQ: with ranges every result passes a pair of QuantizeLinear and DequantizeLinear, weights are
/// signed bytes with a step per output channel, biases 32-bit integers. That is what ONNX Runtime's own tool writes, and what ONNX Runtime fuses to
/// integer kernels.</summary>
internal sealed class PeerNodes(OnnxGraph graph, IReadOnlyDictionary<string, ValueRange>? ranges, IPeerWeights weights)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<PeerNode> _written = [];

    /// <summary>All of them in order, without those that only quantise.</summary>
    public IReadOnlyList<PeerNode> Written => _written;

    /// <summary>Weights and biases so far.</summary>
    public long Parameters { get; private set; }

    /// <summary>The image.</summary>
    public PeerValue Input(string name, params long[] shape) => Bytes(graph.Input(name, OnnxType.Float, [1, .. shape]), shape);

    /// <summary>A node without weights.</summary>
    /// <param name="op">Its operator.</param>
    /// <param name="inputs">What it takes.</param>
    /// <param name="shape">Sizes of the result behind the batch.</param>
    /// <param name="attributes">Of the node.</param>
    public PeerValue Node(string op, PeerValue[] inputs, long[] shape, params (string, OnnxAttribute)[] attributes) =>
        Bytes(Write(op, [.. inputs.Select(i => i.Name)], shape, attributes), shape);

    /// <summary>A node that moves or chooses elements: the bytes of its result mean what those of the input do.</summary>
    public PeerValue Move(string op, PeerValue x, long[] shape, string[]? constants = null, params (string, OnnxAttribute)[] attributes) =>
        Bytes(Write(op, [x.Name, .. constants ?? []], shape, attributes), shape, x.Range);

    /// <summary>The channels in two halves.</summary>
    public (PeerValue First, PeerValue Second) Halves(PeerValue x)
    {
        long half = x.Channels / 2;
        string name = Fresh("Split");
        IReadOnlyList<string> parts = graph.Nodes("Split", [$"{name}.first", $"{name}.second"], [x.Name, Sizes(half, half)], ("axis", 1));
        long[] shape = [half, .. x.Shape[1..]];
        _written.Add(new PeerNode("Split", parts[0], shape, []));
        return (Bytes(parts[0], shape, x.Range), Bytes(parts[1], shape, x.Range));
    }

    /// <summary>A convolution and what follows it; padding is half of the kernel where null.</summary>
    public PeerValue Convolution(PeerValue x, int kernel, long channels, int stride, long groups, Activation activation, int? padding = null)
    {
        long pad = padding ?? (kernel / 2);
        long[] shape = [channels, .. x.Shape[1..].Select(s => ((s + (2 * pad) - kernel) / stride) + 1)];
        long[] weight = [channels, x.Channels / groups, kernel, kernel];
        string[] inputs = [x.Name, .. Weights(x, weight)];
        string y = Fresh("Conv");
        _written.Add(new PeerNode("Conv", y, shape, weight));
        graph.Named("Conv", y, inputs, ("group", groups), ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[stride, stride]), ("pads", (long[])[pad, pad, pad, pad]));
        return activation switch
        {
            Activation.None => Bytes(y, shape),
            Activation.Relu => Bytes(Write("Relu", [y], shape), shape),
            Activation.Gelu => Gelu(Bytes(y, shape)),
            Activation.Relu6 => Bytes(Write("Clip", [y, Once("relu6.low", n => graph.Scalar(n, 0f)), Once("relu6.high", n => graph.Scalar(n, 6f))], shape), shape),
            // Nothing fuses it, so that the convolution's own result is bytes too.
            _ => Node("HardSwish", [Bytes(y, shape)], shape),
        };
    }

    /// <summary><c>x * Phi(x)</c>, one operator since version 20.</summary>
    public PeerValue Gelu(PeerValue x)
    {
        string scaled = Write("Mul", [x.Name, Once("gelu.scale", n => graph.Scalar(n, MathF.Sqrt(0.5f)))], x.Shape);
        string shifted = Write("Add", [Write("Erf", [scaled], x.Shape), Once("gelu.one", n => graph.Scalar(n, 1f))], x.Shape);
        string half = Write("Mul", [x.Name, Once("gelu.half", n => graph.Scalar(n, 0.5f))], x.Shape);
        return Bytes(Write("Mul", [half, shifted], x.Shape), x.Shape);
    }

    /// <summary>The logits, in floats.</summary>
    public string Classifier(PeerValue x, int classes)
    {
        long[] weight = [classes, x.Channels];
        string[] inputs = [x.Name, .. Weights(x, weight)];
        _written.Add(new PeerNode("Gemm", "logits", [classes], weight));
        return graph.Named("Gemm", "logits", inputs, ("transB", 1));
    }

    /// <summary>Sizes as a constant.</summary>
    public string Sizes(params long[] sizes) => Once($"sizes.{string.Join('x', sizes)}", n => graph.Constant<long>(n, sizes, sizes.Length));

    private string Write(string op, IReadOnlyList<string> inputs, long[] shape, params (string, OnnxAttribute)[] attributes)
    {
        string name = Fresh(op);
        _written.Add(new PeerNode(op, name, shape, []));
        return graph.Named(op, name, inputs, attributes);
    }

    private string Fresh(string op) => $"{op}.{_written.Count}";

    private PeerValue Bytes(string value, long[] shape, string? rangeOf = null)
    {
        string range = rangeOf ?? value;
        if (ranges is null)
        {
            return new PeerValue(value, shape, range);
        }

        string step = Once($"{range}.step", n => graph.Scalar(n, ranges[range].Step)), zero = Once($"{range}.zero", n => graph.Scalar(n, ranges[range].Zero));
        string bytes = graph.Named("QuantizeLinear", $"{value}.bytes", [value, step, zero]);
        return new PeerValue(graph.Named("DequantizeLinear", $"{value}.floats", [bytes, step, zero]), shape, range);
    }

    private string[] Weights(PeerValue x, long[] shape)
    {
        string name = $"weights.{_written.Count}";
        (float[] values, float[] biases) = weights.Next(shape);
        Parameters += values.Length + biases.Length;
        return ranges is null
            ? [graph.Constant<float>(name, values, shape), graph.Constant<float>($"{name}.bias", biases, shape[0])]
            : Integers(name, values, biases, shape, ranges[x.Range].Step);
    }

    private string[] Integers(string name, float[] values, float[] biases, long[] shape, float inputStep)
    {
        int outputs = biases.Length, perOutput = values.Length / outputs;
        sbyte[] bytes = new sbyte[values.Length];
        int[] sums = new int[outputs];
        float[] steps = new float[outputs], sumSteps = new float[outputs];
        for (int o = 0; o < outputs; o++)
        {
            Span<float> row = values.AsSpan(o * perOutput, perOutput);
            ValueRange range = default(ValueRange).With(row);
            steps[o] = Math.Max(Math.Max(range.High, -range.Low), 1e-6f) / 127;
            sumSteps[o] = steps[o] * inputStep;
            sums[o] = (int)MathF.Round(biases[o] / sumSteps[o]);
            for (int i = 0; i < perOutput; i++)
            {
                bytes[(o * perOutput) + i] = (sbyte)MathF.Round(row[i] / steps[o]);
            }
        }
        string Dequantized<T>(string role, T[] integers, float[] scale, long[] sizes) where T : unmanaged => graph.Named("DequantizeLinear", role, [
            graph.Constant<T>($"{role}.integers", integers, sizes), graph.Constant<float>($"{role}.step", scale, outputs),
            graph.Constant<T>($"{role}.zero", new T[outputs], outputs)], ("axis", 0));
        return [Dequantized(name, bytes, steps, shape), Dequantized($"{name}.bias", sums, sumSteps, [outputs])];
    }

    private string Once(string name, Func<string, string> make) => _known.Add(name) ? make(name) : name;
}
