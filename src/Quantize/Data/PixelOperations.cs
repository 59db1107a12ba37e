namespace EdgeVit.Quantize;

/// <summary>Moves pixels.</summary>
internal static class Geometry
{
    /// <summary>Pixel (x, y), counted from the middle, comes from <c>(a x + b y + dx, c x + d y + dy)</c>, the nearest there.</summary>
    internal static void Warp(
        Span<byte> pixels, Span<byte> scratch, int height, int width, ReadOnlySpan<byte> fill, double a, double b, double c, double d, double dx, double dy)
    {
        pixels.CopyTo(scratch);
        double middleX = (width - 1) / 2.0;
        double middleY = (height - 1) / 2.0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double px = x - middleX;
                double py = y - middleY;
                int fromX = (int)Math.Floor((a * px) + (b * py) + dx + middleX + 0.5);
                int fromY = (int)Math.Floor((c * px) + (d * py) + dy + middleY + 0.5);
                Span<byte> to = pixels.Slice(3 * ((y * width) + x), 3);
                if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height)
                {
                    fill.CopyTo(to);
                }
                else
                {
                    scratch.Slice(3 * ((fromY * width) + fromX), 3).CopyTo(to);
                }
            }
        }
    }
}

/// <summary>Changes levels, as Pillow's ImageEnhance and ImageOps do but for rounding, which is to nearest here.</summary>
internal static class Tone
{
    internal static void Brightness(Span<byte> pixels, double factor)
    {
        foreach (ref byte level in pixels)
        {
            level = Level(level * factor);
        }
    }

    internal static void Color(Span<byte> pixels, double factor)
    {
        for (int i = 0; i < pixels.Length; i += 3)
        {
            double grey = Grey(pixels[i..]);
            for (int c = i; c < i + 3; c++)
            {
                pixels[c] = Level(grey + ((pixels[c] - grey) * factor));
            }
        }
    }

    internal static void Contrast(Span<byte> pixels, double factor)
    {
        long sum = 0;
        for (int i = 0; i < pixels.Length; i += 3)
        {
            sum += Grey(pixels[i..]);
        }

        double mean = Math.Round(3.0 * sum / pixels.Length, MidpointRounding.AwayFromZero);
        foreach (ref byte level in pixels)
        {
            level = Level(mean + ((level - mean) * factor));
        }
    }

    /// <summary>Towards or away from the mean of the neighbours, in which the pixel itself counts five times; the border stays.</summary>
    internal static void Sharpness(Span<byte> pixels, Span<byte> scratch, int height, int width, double factor)
    {
        pixels.CopyTo(scratch);
        for (int y = 1; y < height - 1; y++)
        {
            for (int i = ((y * width) + 1) * 3; i < ((y * width) + width - 1) * 3; i++)
            {
                int sum = 4 * scratch[i];
                for (int row = i - (3 * width); row <= i + (3 * width); row += 3 * width)
                {
                    sum += scratch[row - 3] + scratch[row] + scratch[row + 3];
                }

                double smooth = sum / 13.0;
                pixels[i] = Level(smooth + ((scratch[i] - smooth) * factor));
            }
        }
    }

    internal static void Posterize(Span<byte> pixels, int bits)
    {
        byte mask = (byte)(0xFF << (8 - bits));
        foreach (ref byte level in pixels)
        {
            level &= mask;
        }
    }

    internal static void Solarize(Span<byte> pixels, double threshold)
    {
        foreach (ref byte level in pixels)
        {
            if (level >= threshold)
            {
                level = (byte)(255 - level);
            }
        }
    }

    internal static void AutoContrast(Span<byte> pixels)
    {
        for (int c = 0; c < 3; c++)
        {
            (int least, int most) = (255, 0);
            for (int i = c; i < pixels.Length; i += 3)
            {
                (least, most) = (Math.Min(least, pixels[i]), Math.Max(most, pixels[i]));
            }

            if (most <= least)
            {
                continue;
            }

            for (int i = c; i < pixels.Length; i += 3)
            {
                pixels[i] = Level(255.0 * (pixels[i] - least) / (most - least));
            }
        }
    }

    /// <summary>Each channel's levels become equally frequent, by Pillow's rule in integers.</summary>
    internal static void Equalize(Span<byte> pixels)
    {
        Span<int> counts = stackalloc int[256];
        for (int c = 0; c < 3; c++)
        {
            counts.Clear();
            for (int i = c; i < pixels.Length; i += 3)
            {
                counts[pixels[i]]++;
            }

            int last = 255;
            while (last > 0 && counts[last] == 0)
            {
                last--;
            }

            int step = ((pixels.Length / 3) - counts[last]) / 255;
            if (step == 0)
            {
                continue;
            }

            int sum = step / 2;
            for (int level = 0; level < 256; level++)
            {
                int count = counts[level];
                counts[level] = Math.Min(255, sum / step);
                sum += count;
            }
            for (int i = c; i < pixels.Length; i += 3)
            {
                pixels[i] = (byte)counts[pixels[i]];
            }
        }
    }

    private static int Grey(ReadOnlySpan<byte> pixel) => ((pixel[0] * 19595) + (pixel[1] * 38470) + (pixel[2] * 7471) + 0x8000) >> 16;

    private static byte Level(double value) => (byte)Math.Clamp(Math.Round(value, MidpointRounding.AwayFromZero), 0, 255);
}
