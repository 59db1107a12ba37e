using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public class PngTests
{
    private const int W = 13, H = 9;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RgbComesBackAsItWasWritten(bool interlaced)
    {
        RgbImage image = TestImages.Noise(W, H, 3);
        byte[] file = TestPng.Encode(W, H, TestPng.Rgb, 8, (x, y, c) => image.Pixels[(y * W + x) * 3 + c], interlaced);
        RgbImage decoded = ImageDecoder.Decode(file, "noise.png");
        Assert.Equal((W, H), (decoded.Width, decoded.Height));
        Assert.Equal(image.Pixels, decoded.Pixels);
    }

    [Theory]
    [InlineData(1, 255)]
    [InlineData(2, 85)]
    [InlineData(4, 17)]
    [InlineData(8, 1)]
    public void GrayOfAnyDepthBecomesThreeEqualChannels(int depth, int step)
    {
        byte[] file = TestPng.Encode(W, H, TestPng.Gray, depth, (x, y, _) => Level(x, y) & ((1 << depth) - 1));
        CheckPixels(file, (x, y, _) => (Level(x, y) & ((1 << depth) - 1)) * step);
    }

    [Theory]
    [InlineData(TestPng.Gray)]
    [InlineData(TestPng.Rgb)]
    [InlineData(TestPng.Rgba)]
    public void SixteenBitsKeepTheirHighByte(int colourType)
    {
        byte[] file = TestPng.Encode(W, H, colourType, 16, (x, y, c) => ((Level(x, y) + c) << 8) + 37 * c);
        CheckPixels(file, (x, y, c) => Level(x, y) + (colourType == TestPng.Gray ? 0 : c));
    }

    [Fact]
    public void AlphaIsDroppedAndColoursUnderItStay()
    {
        CheckPixels(TestPng.Encode(W, H, TestPng.Rgba, 8, (x, y, c) => c == 3 ? x * 20 : Level(x, y) + c), (x, y, c) => Level(x, y) + c);
        CheckPixels(TestPng.Encode(W, H, TestPng.GrayAlpha, 8, (x, y, c) => c == 1 ? x * 20 : Level(x, y)), (x, y, _) => Level(x, y));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APaletteIsLookedUpWithOrWithoutTransparency(bool transparent)
    {
        byte[] palette = [10, 20, 30, 40, 50, 60, 70, 80, 90, 250, 240, 230];
        byte[][] extra = [TestPng.Chunk("PLTE", palette), .. transparent ? [TestPng.Chunk("tRNS", [255, 0, 128])] : Array.Empty<byte[]>()];
        byte[] file = TestPng.Encode(W, H, TestPng.Palette, 2, (x, y, _) => (x + y) & 3, interlaced: false, extra);
        CheckPixels(file, (x, y, c) => palette[3 * ((x + y) & 3) + c]);
    }

    [Fact]
    public void ColourManagementIsIgnoredAsPillowIgnoresIt()
    {
        byte[] file = TestPng.Encode(W, H, TestPng.Rgb, 8, (x, y, c) => Level(x, y) + c, false, TestPng.Chunk("gAMA", [0, 1, 0x86, 0xA0]));
        CheckPixels(file, (x, y, c) => Level(x, y) + c);
    }

    [Fact]
    public void TextsAndUnknownChunksDoNotMatterEvenWhenTheyAreRubbish()
    {
        byte[] file = TestPng.Encode(W, H, TestPng.Rgb, 8, (x, y, c) => Level(x, y) + c, false, TestPng.Chunk("iCCP", [1, 2, 3]), TestPng.Chunk("zTXt", new byte[1000]));
        CheckPixels(file, (x, y, c) => Level(x, y) + c);
    }

    [Fact]
    public void AnImageThatWouldUnpackToTooMuchIsRefusedBeforeMemoryIsTaken()
    {
        byte[] file = TestPng.PlainHeaderOnly(20_000, 20_000);
        var e = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "bomb.png"));
        Assert.Contains("bomb.png: 20000 x 20000 pixels", e.Message);
        Assert.Contains("EDGEVIT_MAX_PIXELS=400000000", e.Message);
        byte[] small = TestPng.PlainHeaderOnly(7_000, 7_000);
        Assert.Contains("cannot hold", Assert.Throws<ImageException>(() => ImageDecoder.Decode(small, "claim.png")).Message);
    }

    [Fact]
    public void AFlippedBitInThePixelsIsNoticedByTheChecksum()
    {
        byte[] file = TestPng.Encode(TestImages.Noise(W, H, 1));
        file[60] ^= 1;
        Assert.Contains("x.png: the PNG cannot be decoded", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "x.png")).Message);
    }

    private static int Level(int x, int y) => (x * 17 + y * 3) % 250;

    private static void CheckPixels(byte[] file, Func<int, int, int, int> expected)
    {
        RgbImage image = ImageDecoder.Decode(file, "test.png");
        Assert.Equal((W, H), (image.Width, image.Height));
        for (int y = 0; y < H; y++)
        {
            for (int x = 0; x < W; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    Assert.Equal(expected(x, y, c), image.Pixels[(y * W + x) * 3 + c]);
                }
            }
        }
    }
}
