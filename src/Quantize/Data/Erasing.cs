namespace EdgeVit.Quantize;

/// <summary>Random erasing (Zhong et al. 2020): a rectangle of some images becomes the mean colour, 0 after normalisation.</summary>
internal static class Erasing
{
    private const double LeastArea = 0.02;
    private const double MostArea = 1.0 / 3;
    private const double LeastAspect = 0.3;

    /// <summary>Erases with a probability: pure function of seed, epoch and image.</summary>
    /// <param name="image">Normalised <c>[3, H, W]</c>.</param>
    /// <param name="probability">0 to 1.</param>
    /// <param name="copy">Which of its times in the batch, from 0.</param>
    internal static void Apply(Span<float> image, int height, int width, double probability, ulong seed, long epoch, int index, int copy = 0)
    {
        Window window = Draw(height, width, probability, seed, epoch, index, copy);
        for (int c = 0; c < 3; c++)
        {
            for (int y = window.Top; y < window.Top + window.Height; y++)
            {
                image.Slice((((c * height) + y) * width) + window.Left, window.Width).Clear();
            }
        }
    }

    /// <summary>What is erased: a function of the same.</summary>
    internal static Window Draw(int height, int width, double probability, ulong seed, long epoch, int index, int copy = 0)
    {
        if (probability == 0)
        {
            return default;
        }

        var random = new CounterRandom(seed ^ 0x4552415345UL, (ulong)epoch, Augmentation.Key(index, copy));
        if (random.NextDouble() >= probability)
        {
            return default;
        }

        double area = height * width * (LeastArea + ((MostArea - LeastArea) * random.NextDouble()));
        double aspect = Math.Exp(Math.Log(LeastAspect) * ((2 * random.NextDouble()) - 1));
        int h = Math.Clamp((int)Math.Round(Math.Sqrt(area * aspect)), 1, height);
        int w = Math.Clamp((int)Math.Round(Math.Sqrt(area / aspect)), 1, width);
        int top = random.Next(height - h + 1);
        int left = random.Next(width - w + 1);
        return new Window(top, left, h, w);
    }
}
