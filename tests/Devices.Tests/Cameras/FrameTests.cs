using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Devices.Tests;

public class FrameTests
{
    /// <summary>Every colour there is, against the formula in floating point.</summary>
    [Fact]
    public void YuvIsTheFormulaWithinOneLevel()
    {
        byte[] yuyv = new byte[4 * 128], rgb = new byte[6 * 128];
        long off = 0;
        for (int u = 0; u < 256; u++)
        {
            for (int v = 0; v < 256; v++)
            {
                for (int i = 0; i < 128; i++)
                {
                    (yuyv[4 * i], yuyv[(4 * i) + 1], yuyv[(4 * i) + 2], yuyv[(4 * i) + 3]) = ((byte)(2 * i), (byte)u, (byte)((2 * i) + 1), (byte)v);
                }

                LimitedRange.FromYuyv(yuyv, rgb);
                double red = 255 / 224.0 * 1.402 * (v - 128), blue = 255 / 224.0 * 1.772 * (u - 128);
                double green = -((0.114 * blue) + (0.299 * red)) / 0.587;
                for (int y = 0; y < 256; y++)
                {
                    double luma = 255 / 219.0 * (y - 16);
                    off += Difference(luma + red, rgb[3 * y]) + Difference(luma + green, rgb[(3 * y) + 1]) + Difference(luma + blue, rgb[(3 * y) + 2]);
                }
            }
        }

        // Of 50 million values.
        Assert.InRange(off, 0, 50_000);

        static int Difference(double expected, byte found)
        {
            int difference = Math.Abs((int)Math.Round(Math.Clamp(expected, 0, 255)) - found);
            return difference <= 1 ? difference : throw new Xunit.Sdk.XunitException($"{expected} became {found}");
        }
    }

    [Fact]
    public void KnownColoursOfEachFormat()
    {
        // Black, white and the three primaries of BT.601 with a limited range.
        (byte Y, byte U, byte V, int R, int G, int B)[] colours = [(16, 128, 128, 0, 0, 0), (235, 128, 128, 255, 255, 255), (81, 90, 240, 255, 0, 0), (145, 54, 34, 0, 255, 0), (41, 240, 110, 0, 0, 255)];
        foreach ((byte y, byte u, byte v, int r, int g, int b) in colours)
        {
            RgbImage yuyv = new Frame(FrameFormat.Yuyv, 2, 1, new byte[] { y, u, y, v }, 0).ToRgb();
            RgbImage nv12 = new Frame(FrameFormat.Nv12, 2, 2, new byte[] { y, y, y, y, u, v }, 0).ToRgb();
            Assert.Equal(yuyv.Pixels.Concat(yuyv.Pixels), nv12.Pixels);
            Assert.All(yuyv.Pixels.Zip([r, g, b, r, g, b]), pair => Assert.InRange((int)pair.First, pair.Second - 2, pair.Second + 2));
        }

        Assert.Equal([7, 7, 7, 200, 200, 200], new Frame(FrameFormat.Gray8, 2, 1, new byte[] { 7, 200 }, 0).ToRgb().Pixels);
        Assert.Equal([1, 2, 3, 4, 5, 6], new Frame(FrameFormat.Rgb24, 1, 2, new byte[] { 1, 2, 3, 4, 5, 6 }, 0).ToRgb().Pixels);
    }

    /// <summary>Each pixel of NV12 has its own brightness and the colour of its square.</summary>
    [Fact]
    public void Nv12IsYuyvWithHalfTheRowsOfColour()
    {
        const int Width = 6, Height = 4;
        byte[] nv12 = new byte[Width * Height * 3 / 2];
        new Random(1).NextBytes(nv12);
        RgbImage image = new Frame(FrameFormat.Nv12, Width, Height, nv12, 0).ToRgb();
        for (int y = 0; y < Height; y++)
        {
            byte[] row = new byte[2 * Width];
            for (int x = 0; x < Width; x++)
            {
                row[2 * x] = nv12[(y * Width) + x];
                row[(2 * x) + 1] = nv12[(Width * Height) + (y / 2 * Width) + x];
            }

            Assert.Equal(new Frame(FrameFormat.Yuyv, Width, 1, row, 0).ToRgb().Pixels, image.Pixels.AsSpan(3 * y * Width, 3 * Width).ToArray());
        }
    }

    [Fact]
    public void AnImageOfTheSameSizeIsWrittenInto()
    {
        var frame = new Frame(FrameFormat.Gray8, 3, 2, new byte[6], 0);
        RgbImage first = frame.ToRgb();
        Assert.Same(first, frame.ToRgb(first));
        Assert.NotSame(first, (frame with { Width = 2, Height = 3 }).ToRgb(first));
    }

    [Theory]
    [InlineData(FrameFormat.Yuyv, 3, 2, 12, "even")]
    [InlineData(FrameFormat.Nv12, 2, 3, 9, "even")]
    [InlineData(FrameFormat.Yuyv, 4, 2, 15, "expected 16")]
    [InlineData(FrameFormat.Rgb24, 4, 2, 25, "expected 24")]
    [InlineData(FrameFormat.Gray8, 0, 2, 0, "0 x 2")]
    [InlineData(FrameFormat.Gray8, 20000, 2, 0, "16384")]
    [InlineData(FrameFormat.Jpeg, 4, 4, 3, "frame 5")]
    public void WrongFramesAreRefused(FrameFormat format, int width, int height, int bytes, string said) =>
        Assert.Contains(said, Assert.Throws<ImageException>(() => new Frame(format, width, height, new byte[bytes], 5).ToRgb()).Message, StringComparison.Ordinal);
}
