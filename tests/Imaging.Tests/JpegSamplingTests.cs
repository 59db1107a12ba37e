using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

/// <summary>Every way in which a JPEG's components may be sampled.</summary>
public sealed class JpegSamplingTests
{
    private const int Width = 75, Height = 53;

    /// <summary>A unit of an interleaved scan has ten blocks at most.</summary>
    private const int MostBlocks = 10;

    public static TheoryData<int> Components => [3, 4];

    [Theory]
    [MemberData(nameof(Components))]
    public void WholeRatiosDecodeAndOthersAreNamed(int components)
    {
        (int H, int V)[] each = [.. Enumerable.Range(0, 16).Select(i => (1 + i % 4, 1 + i / 4))];
        int decoded = 0, refused = 0;
        var random = new Random(components);
        for (int n = 0; n < Math.Pow(16, components); n += components == 3 ? 1 : 13)
        {
            (int H, int V)[] factors = [.. Enumerable.Range(0, components).Select(c => each[n >> (4 * c) & 15])];
            if (factors.Sum(f => f.H * f.V) > MostBlocks)
            {
                continue;
            }

            bool whole = factors.All(f => factors.Max(o => o.H) % f.H == 0 && factors.Max(o => o.V) % f.V == 0);
            var jpeg = new TestJpeg(Width, Height, factors);
            int seed = random.Next();
            int Level(int c, int x, int y) => new Random(HashCode.Combine(seed, c, x, y)).Next(60, 200);
            byte[] file = jpeg.Encode(Level);
            string name = string.Join(',', factors.Select(f => $"{f.H}x{f.V}"));
            if (whole)
            {
                Check(name, ImageDecoder.Decode(file, name), (c, x, y) => At(jpeg, Level, c, x, y));
                decoded++;
            }
            else
            {
                Assert.Contains($"sampling factors {name.Replace(",", ", ", StringComparison.Ordinal)}", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "odd.jpg")).Message);
                refused++;
            }
        }

        Assert.True(decoded > 50 && refused > 30, $"{decoded} decoded, {refused} refused");
    }

    [Theory]
    [InlineData(12, 0xC1, "12 bits")]
    [InlineData(16, 0xC0, "16 bits")]
    [InlineData(8, 0xC3, "lossless")]
    [InlineData(8, 0xF7, "JPEG-LS")]
    [InlineData(8, 0xC5, "hierarchical")]
    public void OtherKindsAreNamed(byte precision, byte frame, string kind)
    {
        byte[] file = new TestJpeg(16, 16, [(1, 1)]) { Precision = precision, Frame = frame }.Encode((_, _, _) => 100);
        var e = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "odd.jpg"));
        Assert.StartsWith("odd.jpg: ", e.Message);
        Assert.Contains(kind, e.Message);
    }

    /// <summary>The level where all samples around are of one block, so that it does not matter how a decoder interpolates; else null.</summary>
    private static int? At(TestJpeg jpeg, Func<int, int, int, int> level, int component, int x, int y)
    {
        (int sx, int sy) = jpeg.Sample(component, x, y);
        return sx % 8 is 0 or 7 || sy % 8 is 0 or 7 ? null : level(component, sx / 8, sy / 8);
    }

    private static void Check(string name, RgbImage image, Func<int, int, int, int?> level)
    {
        Assert.Equal((Width, Height), (image.Width, image.Height));
        int checkedPixels = 0;
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                (int? first, int? second, int? third) = (level(0, x, y), level(1, x, y), level(2, x, y));
                if (first is not { } a || second is not { } b || third is not { } c)
                {
                    continue;
                }

                double[] rgb;
                if (name.Split(',').Length == 3)
                {
                    rgb = [a + 1.402 * (c - 128), a - 0.344136 * (b - 128) - 0.714136 * (c - 128), a + 1.772 * (b - 128)];
                }
                else if (level(3, x, y) is { } k)
                {
                    rgb = [a * k / 255.0, b * k / 255.0, c * k / 255.0];
                }
                else
                {
                    continue;
                }

                checkedPixels++;
                for (int i = 0; i < 3; i++)
                {
                    double difference = image.Pixels[3 * (y * Width + x) + i] - Math.Clamp(rgb[i], 0, 255);
                    Assert.True(Math.Abs(difference) <= 2, $"{name}: pixel {x}, {y}, channel {i} is {image.Pixels[3 * (y * Width + x) + i]}, expected {rgb[i]:F1}");
                }
            }
        }

        Assert.True(checkedPixels > 200, $"{name}: {checkedPixels}");
    }
}
