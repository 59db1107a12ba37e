using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Numbers on a grid as a picture, dark for the least and bright for the most.</summary>
internal static class MapPicture
{
    // Dark blue over green to yellow: brightness ascends, so that it can be read without colours, too.
    private static readonly (double R, double G, double B)[] s_ramp = [(20, 14, 54), (59, 55, 128), (33, 118, 140), (70, 173, 110), (190, 214, 60), (253, 240, 130)];

    /// <summary>A pixel for each number, row-major.</summary>
    public static RgbImage Of(ReadOnlySpan<float> values, int rows, int columns)
    {
        var image = new RgbImage(columns, rows);
        (float least, float most) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (float v in values)
        {
            (least, most) = (Math.Min(least, v), Math.Max(most, v));
        }

        for (int i = 0; i < values.Length; i++)
        {
            double at = most > least ? (values[i] - least) / (most - least) * (s_ramp.Length - 1) : 0;
            int low = Math.Min((int)at, s_ramp.Length - 2);
            ((double R, double G, double B) a, (double R, double G, double B) b, double share) = (s_ramp[low], s_ramp[low + 1], at - low);
            (image.Pixels[i * 3], image.Pixels[(i * 3) + 1], image.Pixels[(i * 3) + 2]) = (Mixed(a.R, b.R), Mixed(a.G, b.G), Mixed(a.B, b.B));
            byte Mixed(double x, double y) => (byte)Math.Round(x + (share * (y - x)));
        }

        return image;
    }
}
