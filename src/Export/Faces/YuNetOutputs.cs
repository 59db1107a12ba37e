using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Faces;

/// <summary>YuNet (Wu et al. 2023) as OpenCV's zoo has it since 2023: for each stride of 8, 16 and 32 a class and an object score <c>[1, places, 1]</c>, a box
/// <c>[1, places, 4]</c> and landmarks, which are not read. A box is its middle relative to the place and the logarithm of its size, in strides. Pixels are 0 to 255,
/// blue first.</summary>
internal sealed class YuNetOutputs : IFaceOutputs
{
    private const double Least = 0.6;

    private static readonly int[] s_strides = [8, 16, 32];

    public IReadOnlyList<string> Names { get; } = [.. s_strides.SelectMany(static s => (string[])[$"cls_{s}", $"obj_{s}", $"bbox_{s}"])];

    public IReadOnlyList<int> Elements(int height, int width) =>
        [.. from stride in s_strides from numbers in (int[])[1, 1, 4] select numbers * (height / stride) * (width / stride)];

    /// <summary>The outputs of a detector; null where they are others.</summary>
    internal static YuNetOutputs? Of(IReadOnlyList<OnnxValue> outputs)
    {
        var form = new YuNetOutputs();
        return form.Names.All(n => outputs.Any(o => o.Name == n && o.IsNumbers)) ? form : null;
    }

    public float[] Input(RgbImage image)
    {
        int plane = image.Width * image.Height;
        var input = new float[3 * plane];
        for (int i = 0; i < plane; i++)
        {
            for (int c = 0; c < 3; c++)
            {
                input[((2 - c) * plane) + i] = image.Pixels[(3 * i) + c];
            }
        }

        return input;
    }

    public IEnumerable<FaceBox> Boxes(float[][] outputs, int height, int width)
    {
        for (int s = 0; s < s_strides.Length; s++)
        {
            int stride = s_strides[s], columns = width / stride, places = columns * (height / stride);
            (float[] classes, float[] objects, float[] boxes) = (outputs[3 * s], outputs[(3 * s) + 1], outputs[(3 * s) + 2]);
            for (int i = 0; i < places; i++)
            {
                double score = Math.Sqrt(Math.Clamp(classes[i], 0, 1) * (double)Math.Clamp(objects[i], 0, 1));
                if (score >= Least)
                {
                    double x = ((i % columns) + boxes[4 * i]) * stride, y = ((i / columns) + boxes[(4 * i) + 1]) * stride;
                    double w = Math.Exp(boxes[(4 * i) + 2]) * stride, h = Math.Exp(boxes[(4 * i) + 3]) * stride;
                    yield return new FaceBox(x - (w / 2), y - (h / 2), w, h, score);
                }
            }
        }
    }
}
