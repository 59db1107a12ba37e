namespace EdgeVit.Quantize;

/// <summary>How the images of a batch are mixed in pairs, the first with the last and so on: by weighted sum (mixup, Zhang et al. 2018), or by a
/// rectangle of the partner (CutMix, Yun et al. 2019).</summary>
/// <param name="Mixup">Both parameters of the beta distribution of mixup's weights; 0 for no mixup.</param>
/// <param name="CutMix">The same for CutMix. Where both are above 0, each batch takes one of them.</param>
internal sealed record Mixing(double Mixup, double CutMix)
{
    public static Mixing None { get; } = new(0, 0);

    /// <summary>Whether nothing is mixed.</summary>
    public bool IsNone => Mixup == 0 && CutMix == 0;

    /// <summary>Mixes a batch: pure function of seed and step.</summary>
    /// <param name="images">Normalised images <c>[B, 3, H, W]</c>, changed.</param>
    /// <returns>The share of each image that is its own; the rest is its partner's, image <c>B - 1 - i</c>.</returns>
    internal float Apply(float[] images, int count, int height, int width, ulong seed, long step)
    {
        Mixture mixture = Draw(count, height, width, seed, step);
        mixture.Apply(images, count, height, width);
        return mixture.OwnShare;
    }

    /// <summary>How a batch is mixed: a function of the same.</summary>
    internal Mixture Draw(int count, int height, int width, ulong seed, long step)
    {
        if (IsNone || count < 2)
        {
            return Mixture.None;
        }

        var random = new CounterRandom(seed, (ulong)step, 0x4D495849);
        bool cut = CutMix > 0 && (Mixup == 0 || (random.Next() & 1) != 0);
        double share = Beta(ref random, cut ? CutMix : Mixup);
        if (!cut)
        {
            return new Mixture((float)share, Cut: false, default);
        }

        double side = Math.Sqrt(1 - share);
        (int top, int bottom) = Range(height, side, ref random);
        (int left, int right) = Range(width, side, ref random);
        return new Mixture(1 - ((float)(bottom - top) * (right - left) / (height * width)), Cut: true, new Window(top, left, bottom - top, right - left));
    }

    /// <summary>A number from the symmetric beta distribution, by two gamma ones.</summary>
    internal static double Beta(ref CounterRandom random, double alpha)
    {
        double a = Gamma(ref random, alpha);
        double b = Gamma(ref random, alpha);
        return a + b > 0 ? a / (a + b) : 0.5;
    }

    /// <summary>A range around a random centre, cut off at the border.</summary>
    private static (int From, int To) Range(int size, double share, ref CounterRandom random)
    {
        int centre = random.Next(size);
        int half = (int)(size * share / 2);
        return (Math.Max(0, centre - half), Math.Min(size, centre + half));
    }

    /// <summary>A number from the gamma distribution with this shape and scale 1 (Marsaglia and Tsang 2000).</summary>
    private static double Gamma(ref CounterRandom random, double shape)
    {
        if (shape < 1)
        {
            return Gamma(ref random, shape + 1) * Math.Pow(Uniform(ref random), 1 / shape);
        }

        double d = shape - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = Math.Sqrt(-2 * Math.Log(Uniform(ref random))) * Math.Cos(2 * Math.PI * Uniform(ref random));
            double v = Math.Pow(1 + (c * normal), 3);
            if (v > 0 && Math.Log(Uniform(ref random)) < (normal * normal / 2) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v;
            }
        }
    }

    /// <summary>Above 0 and at most 1.</summary>
    private static double Uniform(ref CounterRandom random) => ((random.Next() >> 11) + 1) * (1.0 / (1UL << 53));
}
