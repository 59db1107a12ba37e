using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Random resized crops (Szegedy et al. 2015, with torchvision's rule): a rectangle of random area and aspect becomes the whole image.</summary>
internal static class RandomCrop
{
    private const double LeastAspect = 3.0 / 4;
    private const int Attempts = 10;

    /// <summary>Draws a rectangle.</summary>
    /// <param name="leastArea">Least share of the area, above 0 and at most 1.</param>
    internal static (int Left, int Top, int Width, int Height) Draw(int width, int height, double leastArea, ref CounterRandom random)
    {
        for (int i = 0; i < Attempts; i++)
        {
            double area = (double)width * height * (leastArea + ((1 - leastArea) * random.NextDouble()));
            double aspect = Math.Exp(-Math.Log(LeastAspect) * ((2 * random.NextDouble()) - 1));
            int w = (int)Math.Round(Math.Sqrt(area * aspect));
            int h = (int)Math.Round(Math.Sqrt(area / aspect));
            if (w >= 1 && h >= 1 && w <= width && h <= height)
            {
                return (random.Next(width - w + 1), random.Next(height - h + 1), w, h);
            }
        }

        // The largest rectangle in the middle whose aspect is allowed.
        int side = (int)Math.Round(Math.Min(width, height) / LeastAspect);
        (int cw, int ch) = width < height ? (width, Math.Min(height, side)) : (Math.Min(width, side), height);
        return ((width - cw) / 2, (height - ch) / 2, cw, ch);
    }

    /// <summary>The rectangle of an image at the network's size, <c>[H, W, 3]</c> bytes.</summary>
    internal static void Apply(RgbImage image, (int Left, int Top, int Width, int Height) window, int height, int width, EdgeVit.Runtime.Interpolation interpolation, Span<byte> target)
    {
        RgbImage part = Resampler.Crop(image, window.Left, window.Top, window.Width, window.Height);
        Resampler.Resize(part, width, height, interpolation).Pixels.CopyTo(target);
    }
}
