using EdgeVit.Export.Onnx;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A face detector that can be followed by hand: a "face" is a red square of <see cref="Side"/> pixels of the input, whose middle lies in the middle of a place
/// of a grid of strides of 8. It speaks as BlazeFace or as YuNet does.</summary>
internal static class TemplateDetector
{
    public const int Side = 24, Stride = 8, Input = 128;

    /// <summary>BlazeFace: pixels -1 to 1, last axis colours; logits and boxes in two parts or whole.</summary>
    public static byte[] Blaze(bool whole)
    {
        var graph = new OnnxGraph("blaze");
        string image = graph.Node("Transpose", [graph.Input("input", OnnxType.Float, 1, Input, Input, 3)], ("perm", (long[])[0, 3, 1, 2]));
        string redness = Redness(graph, image, 0.5f);
        string fine = Repeated(graph, Affine(graph, Pooled(graph, redness, Side, Stride, (Side - Stride) / 2), 40, -30), 2, 512);
        string coarse = Repeated(graph, Affine(graph, Pooled(graph, redness, 16, 16, 0), 0, -9), 6, 384);
        (string, string, int)[] parts = [(fine, Boxes(graph, fine), 512), (coarse, Boxes(graph, coarse), 384)];
        if (whole)
        {
            graph.Output(graph.Named("Concat", "regressors", [parts[0].Item2, parts[1].Item2], ("axis", 1L)), OnnxType.Float, 1, 896, 16);
            graph.Output(graph.Named("Concat", "classificators", [fine, coarse], ("axis", 1L)), OnnxType.Float, 1, 896, 1);
        }
        else
        {
            foreach ((string scores, string boxes, int anchors) in Enumerable.Reverse(parts))
            {
                graph.Output(graph.Named("Identity", $"s{anchors}", [scores]), OnnxType.Float, 1, anchors, 1);
                graph.Output(graph.Named("Identity", $"b{anchors}", [boxes]), OnnxType.Float, 1, anchors, 16);
            }
        }

        return graph.ToBytes();
    }

    /// <summary>YuNet: pixels 0 to 255, blue first.</summary>
    public static byte[] YuNet()
    {
        var graph = new OnnxGraph("yunet");
        string bgr = graph.Input("input", OnnxType.Float, 1, 3, Input, Input);
        string image = graph.Node("Conv", [bgr, graph.Constant("turn", (float[])[0, 0, 1, 0, 1, 0, 1, 0, 0], 3, 3, 1, 1)]);
        string redness = Redness(graph, image, 1 / 255f);
        foreach (int stride in (int[])[8, 16, 32])
        {
            int places = Input / stride * (Input / stride);
            string scores = stride == Stride ? Pooled(graph, redness, Side, Stride, (Side - Stride) / 2) : Affine(graph, Pooled(graph, redness, stride, stride, 0), 0, 0);
            string column = graph.Named("Reshape", $"cls_{stride}", [scores, graph.Constant($"column{stride}", (long[])[1, places, 1], 3)]);
            graph.Output(column, OnnxType.Float, 1, places, 1);
            graph.Output(graph.Named("Identity", $"obj_{stride}", [column]), OnnxType.Float, 1, places, 1);
            string nothing = graph.Node("MatMul", [column, graph.Constant($"zeros{stride}", new float[4], 1, 4)]);
            float size = MathF.Log(Side / (float)stride);
            graph.Output(graph.Named("Add", $"bbox_{stride}", [nothing, graph.Constant($"box{stride}", (float[])[0.5f, 0.5f, size, size], 4)]), OnnxType.Float, 1, places, 4);
        }

        return graph.ToBytes();
    }

    /// <summary>How red each pixel is, 0 to 1: red less green. <c>[1, 1, H, W]</c>.</summary>
    private static string Redness(OnnxGraph graph, string image, float scale) =>
        graph.Node("Conv", [image, graph.Constant("red", (float[])[scale, -scale, 0], 1, 3, 1, 1)]);

    private static string Pooled(OnnxGraph graph, string x, long kernel, long stride, long padding) => graph.Node(
        "AveragePool", [x], ("kernel_shape", (long[])[kernel, kernel]), ("strides", (long[])[stride, stride]), ("pads", (long[])[padding, padding, padding, padding]), ("count_include_pad", 1L));

    private static string Affine(OnnxGraph graph, string x, float scale, float offset) =>
        graph.Node("Add", [graph.Node("Mul", [x, graph.Constant($"scale{x}", (float[])[scale], 1)]), graph.Constant($"offset{x}", (float[])[offset], 1)]);

    /// <summary>A plane as anchors <c>[1, n, 1]</c>, each so many times.</summary>
    private static string Repeated(OnnxGraph graph, string plane, int times, int anchors)
    {
        string column = graph.Node("Reshape", [plane, graph.Constant($"places{plane}", (long[])[1, anchors / times, 1], 3)]);
        string rows = graph.Node("Concat", [.. Enumerable.Repeat(column, times)], ("axis", 2L));
        return graph.Node("Reshape", [rows, graph.Constant($"anchors{plane}", (long[])[1, anchors, 1], 3)]);
    }

    private static string Boxes(OnnxGraph graph, string scores)
    {
        float[] box = new float[16];
        (box[2], box[3]) = (Side, Side);
        string nothing = graph.Node("MatMul", [scores, graph.Constant($"none{scores}", new float[16], 1, 16)]);
        return graph.Node("Add", [nothing, graph.Constant($"box{scores}", box, 16)]);
    }
}
