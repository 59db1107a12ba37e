using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What an occluder is filled with.</summary>
internal enum OccluderFill
{
    /// <summary>The picture's mean colour.</summary>
    Mean,

    /// <summary>Middle grey, 128.</summary>
    Grey,
}

/// <summary>How much the probability of each class falls where a square of the picture is covered (Zeiler and Fergus, "Visualizing and Understanding
/// Convolutional Networks", ECCV 2014), computed by the packed kernels: exact for the file.</summary>
/// <param name="Grid">Places a side: the middles of the squares lie on a grid of <c>Grid x Grid</c>.</param>
/// <param name="Side">Side of the square, pixels of the network's input; one at the border is cut off there.</param>
/// <param name="Colour">What covers.</param>
/// <param name="Logits">Logits of the picture as it is.</param>
/// <param name="Covered">Logits with each place covered, row-major.</param>
internal sealed record Occlusion(int Grid, int Side, (byte R, byte G, byte B) Colour, float[] Logits, IReadOnlyList<float[]> Covered)
{
    /// <summary>A square's side in shares of the picture's shorter one: a sixteenth of a square picture's area.</summary>
    private const int SideShare = 4;

    /// <summary>Covers one place after the other, several at a time.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pixels">RGB <c>[H, W, 3]</c>, prepared.</param>
    /// <param name="grid">Places a side.</param>
    /// <param name="fill">What covers.</param>
    /// <param name="threads">Places at a time.</param>
    /// <param name="done">Called after each place, from any thread.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Occlusion Of(EvitModel model, byte[] pixels, int grid, OccluderFill fill, int threads, Action done, CancellationToken cancel)
    {
        (int height, int width) = (model.InputShape[1], model.InputShape[2]);
        int side = Math.Max(1, Math.Min(height, width) / SideShare);
        (byte R, byte G, byte B) colour = fill == OccluderFill.Grey ? ((byte)128, (byte)128, (byte)128) : MeanColour(pixels);
        float[] logits = new float[model.Classes];
        using (Session session = model.CreateSession())
        {
            session.RunNhwc(pixels, logits);
        }

        float[][] covered = new float[grid * grid][];
        SessionRuns.Each(model, covered.Length, threads, cancel, (session, place) =>
        {
            byte[] copy = (byte[])pixels.Clone();
            Cover(copy, width, Rectangle(place, grid, side, height, width), colour);
            covered[place] = new float[model.Classes];
            session.RunNhwc(copy, covered[place]);
            done();
        });
        return new Occlusion(grid, side, colour, logits, covered);
    }

    /// <summary>By how much the logarithm of a class's probability falls where a place is covered; negative where it rises.</summary>
    public double Drop(int place, int classIndex) => LogProbability(Logits, classIndex) - LogProbability(Covered[place], classIndex);

    /// <summary>The place that costs a class most.</summary>
    public int Peak(int classIndex) => Enumerable.Range(0, Covered.Count).MaxBy(p => Drop(p, classIndex));

    /// <summary>The middle of a place, pixels.</summary>
    public static (double Y, double X) Middle(int place, int grid, int height, int width) =>
        (((place / grid) + 0.5) * height / grid, ((place % grid) + 0.5) * width / grid);

    /// <summary>Logarithm of a class's probability.</summary>
    public static double LogProbability(ReadOnlySpan<float> logits, int classIndex)
    {
        double most = float.NegativeInfinity;
        foreach (float v in logits)
        {
            most = Math.Max(most, v);
        }

        double sum = 0;
        foreach (float v in logits)
        {
            sum += Math.Exp(v - most);
        }

        return logits[classIndex] - most - Math.Log(sum);
    }

    internal static (int Top, int Left, int Bottom, int Right) Rectangle(int place, int grid, int side, int height, int width)
    {
        (double y, double x) = Middle(place, grid, height, width);
        (int top, int left) = ((int)Math.Round(y - (side / 2.0)), (int)Math.Round(x - (side / 2.0)));
        return (Math.Max(0, top), Math.Max(0, left), Math.Min(height, top + side), Math.Min(width, left + side));
    }

    private static void Cover(byte[] pixels, int width, (int Top, int Left, int Bottom, int Right) box, (byte R, byte G, byte B) colour)
    {
        for (int y = box.Top; y < box.Bottom; y++)
        {
            for (int x = box.Left; x < box.Right; x++)
            {
                int at = ((y * width) + x) * 3;
                (pixels[at], pixels[at + 1], pixels[at + 2]) = colour;
            }
        }
    }

    private static (byte R, byte G, byte B) MeanColour(byte[] pixels)
    {
        long r = 0, g = 0, b = 0;
        for (int i = 0; i < pixels.Length; i += 3)
        {
            r += pixels[i];
            g += pixels[i + 1];
            b += pixels[i + 2];
        }

        double count = pixels.Length / 3.0;
        return ((byte)Math.Round(r / count), (byte)Math.Round(g / count), (byte)Math.Round(b / count));
    }
}
