using System.Runtime.CompilerServices;

namespace EdgeVit.Imaging;

/// <summary>Draws one image of <see cref="ShapesDataset"/>. Colours are levels 0..255 as floats until the end.</summary>
internal static class ShapesPainter
{
    private const int Side = ShapesDataset.Side;

    /// <summary>Draws clutter on a plain ground, the shape over it, then lighting and noise over all, into RGB <c>[32, 32, 3]</c>.</summary>
    /// <returns>The pixels that the shape covers at least by half, as the box around them.</returns>
    [SkipLocalsInit]
    internal static (int Left, int Top, int Right, int Bottom) Paint(Shape shape, ref SplitMix64 random, Span<byte> pixels)
    {
        Span<float> canvas = stackalloc float[3 * Side * Side];
        (Colour ground, Colour ink) = ContrastingColours(ref random);
        for (int i = 0; i < canvas.Length; i += 3)
        {
            (canvas[i], canvas[i + 1], canvas[i + 2]) = (ground.R, ground.G, ground.B);
        }

        int clutter = random.Below(4);
        for (int i = 0; i < clutter; i++)
        {
            PaintClutter(canvas, ref random);
        }

        (int, int, int, int) box = PaintShape(canvas, shape, ink, ref random);
        LightAndNoise(canvas, ref random, pixels);
        return box;
    }

    private readonly record struct Colour(float R, float G, float B)
    {
        internal float Luma => 0.3f * R + 0.59f * G + 0.11f * B;

        internal static Colour Random(ref SplitMix64 random) => new(random.Between(15, 240), random.Between(15, 240), random.Between(15, 240));

        internal Colour Shifted(float by) => new(Math.Clamp(R + by, 0, 255), Math.Clamp(G + by, 0, 255), Math.Clamp(B + by, 0, 255));
    }

    /// <summary>Two colours that differ by at least 60 levels of brightness; which of them is the brighter is left to chance.</summary>
    private static (Colour Ground, Colour Ink) ContrastingColours(ref SplitMix64 random)
    {
        const float Contrast = 60;
        Colour ground = Colour.Random(ref random);
        for (int attempt = 0; attempt < 12; attempt++)
        {
            Colour ink = Colour.Random(ref random);
            if (MathF.Abs(ink.Luma - ground.Luma) >= Contrast)
            {
                return (ground, ink);
            }
        }
        return (ground, ground.Shifted(ground.Luma < 128 ? 90 : -90));
    }

    private static (int Left, int Top, int Right, int Bottom) PaintShape(Span<float> canvas, Shape shape, Colour ink, ref SplitMix64 random)
    {
        float radius = random.Between(8.5f, 13f), room = Math.Max(Side / 2f - radius, 3f);
        float centreX = Side / 2f + random.Between(-room, room), centreY = Side / 2f + random.Between(-room, room);
        (float cos, float sin) = Rotation(ref random);
        float mirror = random.Below(2) == 0 ? 1 : -1, perPixel = 1 / radius;
        (int left, int right) = Extent(centreX, radius);
        (int top, int bottom) = Extent(centreY, radius);
        (int Left, int Top, int Right, int Bottom) box = (Side, Side, 0, 0);
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
            {
                float dx = (x + 0.5f - centreX) * perPixel, dy = (y + 0.5f - centreY) * perPixel;
                float distance = radius * ShapeDistance.Of(shape, (cos * dx + sin * dy) * mirror, cos * dy - sin * dx);
                Blend(canvas, x, y, ink, 0.5f - distance);
                if (distance <= 0)
                {
                    box = (Math.Min(box.Left, x), Math.Min(box.Top, y), Math.Max(box.Right, x + 1), Math.Max(box.Bottom, y + 1));
                }
            }
        }

        return box;
    }

    /// <summary>A small disc, or a short line (a capsule), of any colour.</summary>
    private static void PaintClutter(Span<float> canvas, ref SplitMix64 random)
    {
        Colour colour = Colour.Random(ref random);
        float x0 = random.Between(1, Side - 1), y0 = random.Between(1, Side - 1);
        bool line = random.Below(2) == 0;
        float thickness = line ? random.Between(0.4f, 0.9f) : random.Between(0.8f, 1.9f);
        float length = line ? random.Between(3, 8) : 0;
        (float cos, float sin) = Rotation(ref random);
        (int left, int right) = Extent(x0, length + thickness);
        (int top, int bottom) = Extent(y0, length + thickness);
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
            {
                float dx = x + 0.5f - x0, dy = y + 0.5f - y0;
                float along = Math.Clamp(cos * dx + sin * dy, 0, length);
                float ax = dx - along * cos, ay = dy - along * sin;
                Blend(canvas, x, y, colour, thickness + 0.5f - MathF.Sqrt(ax * ax + ay * ay));
            }
        }
    }

    /// <summary>A linear change of brightness over the image, up to 30 levels either way at the rim, and triangular noise of up to 4..16
    /// levels.</summary>
    private static void LightAndNoise(ReadOnlySpan<float> canvas, ref SplitMix64 random, Span<byte> pixels)
    {
        (float cos, float sin) = Rotation(ref random);
        float slope = random.Between(0, 30) / (Side / 2), noise = random.Between(4, 16) / 255f;
        int at = 0;
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                float light = slope * (cos * (x + 0.5f - Side / 2) + sin * (y + 0.5f - Side / 2)) + 0.5f;
                ulong bits = random.Next();
                for (int c = 0; c < 3; c++, at++, bits >>= 16)
                {
                    int triangular = (int)(bits & 255) + (int)((bits >> 8) & 255) - 255;
                    pixels[at] = (byte)(int)Math.Clamp(canvas[at] + light + noise * triangular, 0, 255);
                }
            }
        }
    }

    /// <summary>A direction, without trigonometry: the rational points of a quarter circle are dense and nearly even, and a random number
    /// of quarter turns follows.</summary>
    private static (float Cos, float Sin) Rotation(ref SplitMix64 random)
    {
        const float TanOfEighth = 0.41421356f;
        float t = random.Between(-TanOfEighth, TanOfEighth), norm = 1 / (1 + t * t);
        (float cos, float sin) = ((1 - t * t) * norm, 2 * t * norm);
        return random.Below(4) switch
        {
            0 => (cos, sin),
            1 => (-sin, cos),
            2 => (-cos, -sin),
            _ => (sin, -cos),
        };
    }

    /// <summary>Pixels that anything within <paramref name="radius"/> of <paramref name="centre"/> can touch, within the canvas.</summary>
    private static (int First, int End) Extent(float centre, float radius) =>
        (Math.Clamp((int)(centre - radius - 1), 0, Side), Math.Clamp((int)(centre + radius + 2), 0, Side));

    private static void Blend(Span<float> canvas, int x, int y, Colour colour, float coverage)
    {
        if (coverage <= 0)
        {
            return;
        }

        coverage = MathF.Min(coverage, 1);
        Span<float> pixel = canvas.Slice(3 * (y * Side + x), 3);
        pixel[0] += coverage * (colour.R - pixel[0]);
        pixel[1] += coverage * (colour.G - pixel[1]);
        pixel[2] += coverage * (colour.B - pixel[2]);
    }
}
