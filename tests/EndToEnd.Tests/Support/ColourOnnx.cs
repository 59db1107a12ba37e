using EdgeVit.Export.Onnx;
using EdgeVit.Export.Onnx.Wire;
using Google.Protobuf;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>An ONNX classifier that can be followed by hand: logits are the mean of each colour times a weight, <c>logit[c] = w[c] . mean + b[c]</c>. How it
/// takes images and what it gives is chosen.</summary>
internal sealed class ColourOnnx
{
    public const int Classes = 4;

    private static readonly float[] s_weights = [1, -2, 0.5f, 0, -1, 1, 2, 0, 1, 0.25f, -1, 1];

    private readonly OnnxGraph _graph = new("colours");

    /// <summary>Sizes of the input; -1 for a free one.</summary>
    public long[] Input { get; init; } = [-1, 3, 8, 8];

    public OnnxType Type { get; init; } = OnnxType.Float;

    /// <summary>Writes the outputs: takes the graph and the name of the logits <c>[n, 4]</c>.</summary>
    public Action<OnnxGraph, string> Outputs { get; init; } = (graph, logits) => graph.Output(graph.Named("Identity", "scores", [logits]), OnnxType.Float, -1, Classes);

    /// <summary>A last change of the file.</summary>
    public Action<ModelProto> Change { get; init; } = _ => { };

    /// <summary>Whether it is of the layout <c>[n, H, W, C]</c>.</summary>
    public bool ChannelsLast { get; init; }

    public int Channels { get; init; } = 3;

    public byte[] Bytes()
    {
        string x = _graph.Input("pixels", Type, Input);
        if (Type != OnnxType.Float)
        {
            x = _graph.Node("Cast", [x], ("to", (long)OnnxType.Float));
        }

        if (Input.Length == 3)
        {
            // Without channels, or without a batch.
            x = _graph.Node("Unsqueeze", [x, _graph.Constant("front", (long[])[Channels == 1 ? 1 : 0], 1)]);
        }
        else if (Input.Length == 2)
        {
            x = _graph.Node("Reshape", [x, _graph.Constant("square", (long[])[-1, Channels, 8, 8], 4)]);
        }

        long[] axes = ChannelsLast ? [1, 2] : [2, 3];
        string means = _graph.Named("ReduceMean", "features", [x], ("axes", axes), ("keepdims", 0L));
        float[] weights = Channels == 3 ? s_weights : s_weights[..Classes];
        string product = _graph.Node("MatMul", [means, _graph.Constant("w", weights, Channels, Classes)]);
        Outputs(_graph, _graph.Node("Add", [product, _graph.Constant("b", (float[])[0.5f, 0, -0.5f, 0.25f], Classes)]));
        _graph.Import("ai.onnx.ml", 3);
        ModelProto model = ModelProto.Parser.ParseFrom(_graph.ToBytes());
        Change(model);
        return model.ToByteArray();
    }

    /// <summary>What it must say to images <c>[n, 3, 8, 8]</c>.</summary>
    public float[] Expected(float[] images)
    {
        int count = images.Length / 192;
        var logits = new float[count * Classes];
        for (int n = 0; n < count; n++)
        {
            float[] colours = [.. Enumerable.Range(0, 3).Select(c => images.AsSpan((n * 192) + (c * 64), 64).ToArray().Average())];
            float[] means = Channels == 3 ? colours : [(0.299f * colours[0]) + (0.587f * colours[1]) + (0.114f * colours[2])];
            for (int c = 0; c < Classes; c++)
            {
                logits[(n * Classes) + c] = new[] { 0.5f, 0, -0.5f, 0.25f }[c] + means.Select((m, k) => m * s_weights[(k * Classes) + c]).Sum();
            }
        }
        return logits;
    }

    /// <summary>Images of uniform noise whose colours differ; of whole numbers from 0 to 255 for models that take such.</summary>
    public static float[] Images(int count, bool pixels)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count * 192).Select(i =>
            pixels ? random.Next(0, 60) + (i / 64 % 3 * 30) + (i / 192 % 20 * 5) : ((float)random.NextDouble() - 0.5f) + (i / 64 % 5 * 0.3f))];
    }
}
