using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Faces;

/// <summary>BlazeFace (Bazarevsky et al. 2019) as MediaPipe has it: logits <c>[1, anchors, 1]</c> and boxes <c>[1, anchors, 16]</c>, whole or by grids; 896 anchors
/// on grids of 16 x 16 (two a place) and 8 x 8 (six a place), or 2,304 on one of 48 x 48. A box is its middle relative to the anchor and its size, in pixels of the
/// input; twelve numbers for landmarks follow, which are not read.</summary>
internal sealed class BlazeFaceOutputs : IFaceOutputs
{
    private const int Numbers = 16, ShortAnchors = 896, FullAnchors = 2304;
    private const double Least = 0.5;

    private readonly OnnxValue[] _scores;
    private readonly OnnxValue[] _boxes;
    private readonly (int Side, int PerPlace)[] _grids;

    private BlazeFaceOutputs(OnnxValue[] scores, OnnxValue[] boxes, (int, int)[] grids) => (_scores, _boxes, _grids) = (scores, boxes, grids);

    public IReadOnlyList<string> Names => [.. _scores.Concat(_boxes).Select(static o => o.Name)];

    public IReadOnlyList<int> Elements(int height, int width) => [.. _scores.Concat(_boxes).Select(static o => o.Shape[1] * o.Shape[2])];

    /// <summary>The outputs of a detector; null where they are others.</summary>
    internal static BlazeFaceOutputs? Of(IReadOnlyList<OnnxValue> outputs)
    {
        OnnxValue[] scores = Ordered(outputs, 1, out int anchors), boxes = Ordered(outputs, Numbers, out int same);
        return anchors != same || scores.Length != boxes.Length ? null
            : anchors == ShortAnchors ? new BlazeFaceOutputs(scores, boxes, [(16, 2), (8, 6)])
            : anchors == FullAnchors ? new BlazeFaceOutputs(scores, boxes, [(48, 1)])
            : null;
    }

    public float[] Input(RgbImage image)
    {
        int plane = image.Width * image.Height;
        var input = new float[3 * plane];
        for (int i = 0; i < plane; i++)
        {
            for (int c = 0; c < 3; c++)
            {
                input[(c * plane) + i] = (image.Pixels[(3 * i) + c] / 127.5f) - 1;
            }
        }

        return input;
    }

    public IEnumerable<FaceBox> Boxes(float[][] outputs, int height, int width)
    {
        float[] scores = [.. outputs[.._scores.Length].SelectMany(static s => s)], boxes = [.. outputs[_scores.Length..].SelectMany(static b => b)];
        int anchor = 0;
        foreach ((int side, int perPlace) in _grids)
        {
            for (int place = 0; place < side * side; place++)
            {
                for (int i = 0; i < perPlace; i++, anchor++)
                {
                    double score = 1 / (1 + Math.Exp(-scores[anchor]));
                    ReadOnlySpan<float> box = boxes.AsSpan(anchor * Numbers, 4);
                    if (score >= Least && box[2] > 0 && box[3] > 0)
                    {
                        double x = box[0] + (((place % side) + 0.5) / side * width), y = box[1] + (((place / side) + 0.5) / side * height);
                        yield return new FaceBox(x - (box[2] / 2), y - (box[3] / 2), box[2], box[3], score);
                    }
                }
            }
        }
    }

    /// <summary>The outputs <c>[1, n, numbers]</c>, those with most anchors first, as the anchors are in order.</summary>
    private static OnnxValue[] Ordered(IReadOnlyList<OnnxValue> outputs, int numbers, out int anchors)
    {
        OnnxValue[] found = [.. outputs.Where(o => o.IsNumbers && o.Shape is [_, > 0, var last] && last == numbers).OrderByDescending(static o => o.Shape[1])];
        anchors = found.Sum(static o => o.Shape[1]);
        return found;
    }
}
