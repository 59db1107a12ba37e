using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

/// <summary>Damaged files give a message that names them, or an image; never a crash or another exception.</summary>
public class DamageTests
{
    public static TheoryData<string> Files =>
    [
        "png", "interlaced png", "palette png", "jpeg-420.jpg", "jpeg-progressive-444.jpg", "jpeg-gray.jpg", "jpeg-cmyk.jpg", "jpeg-arithmetic.jpg",
        "webp-lossy.webp", "webp-lossless.webp", "webp-animated.webp", "bmp-rle8.bmp", "bmp-565.bmp", "gif-interlaced.gif", "gif-transparent.gif",
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public void ThousandsOfMutationsNeverCrash(string kind)
    {
        byte[] file = Make(kind);
        var random = new Random(kind.Length);
        int refused = 0;
        for (int trial = 0; trial < 3000; trial++)
        {
            byte[] damaged = [.. file];
            for (int k = random.Next(1, 5); k > 0; k--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            if (random.Next(8) == 0)
            {
                damaged = damaged[..random.Next(damaged.Length)];
            }

            refused += Decodes(damaged) ? 0 : 1;
        }
        Assert.InRange(refused, 100, 3000);
    }

    [Theory]
    [InlineData("png")]
    [InlineData("interlaced png")]
    [InlineData("palette png")]
    public void APngCutAnywhereIsRefused(string kind)
    {
        byte[] file = Make(kind);
        for (int length = 0; length < file.Length; length++)
        {
            Assert.False(Decodes(file[..length]), $"cut at byte {length} of {file.Length}");
        }
    }

    /// <summary>With its checksums made right again, damage reaches the decoder's own parsers.</summary>
    [Fact]
    public void DamagedChunksWithRightChecksumsNeverCrash()
    {
        var random = new Random(77);
        byte[] compressed = TestPng.Deflate(new byte[9 * (1 + 13 * 3)]);
        for (int trial = 0; trial < 3000; trial++)
        {
            byte[] header = [0, 0, 0, 13, 0, 0, 0, 9, 8, 2, 0, 0, 0];
            byte[] palette = [.. Enumerable.Repeat((byte)9, random.Next(10))], data = [.. compressed];
            header[random.Next(8, 13)] = (byte)random.Next(20);
            data[random.Next(data.Length)] = (byte)random.Next(256);
            _ = Decodes([.. TestPng.Signature, .. TestPng.Chunk("IHDR", header), .. TestPng.Chunk("PLTE", palette), .. TestPng.Chunk("tRNS", palette),
                .. TestPng.Chunk("IDAT", data), .. TestPng.Chunk("IEND", [])]);
        }
    }

    [Fact]
    public void FilesThatCannotBeReadAreNamed()
    {
        using var folder = new TempFolder();
        Assert.Contains("none.png: no such file", Assert.Throws<ImageException>(() => ImageDecoder.DecodeFile(folder.At("none.png"))).Message);
        Assert.Contains("no such file", Assert.Throws<ImageException>(() => ImageDecoder.DecodeFile(folder.At("no/folder.png"))).Message);
        Assert.Contains("cannot be read", Assert.Throws<ImageException>(() => ImageDecoder.DecodeFile(folder.Path)).Message);
    }

    [Fact]
    public void TheFormatIsToldByTheContentNotByTheName()
    {
        using var folder = new TempFolder();
        Assert.Equal(8, ImageDecoder.DecodeFile(folder.Write("really-a-png.jpg", TestImages.PlainPng())).Width);
        Assert.Equal(27, ImageDecoder.DecodeFile(folder.Write("really-a-jpeg.png", GoldenPicture.Read("jpeg-420.jpg").File)).Width);
    }

    private static byte[] Make(string kind) => kind switch
    {
        "png" => TestPng.Encode(TestImages.Noise(13, 9, 4)),
        "interlaced png" => TestPng.Encode(13, 9, TestPng.Rgba, 8, (x, y, c) => 20 * x + y + c, interlaced: true),
        "palette png" => TestPng.Encode(13, 9, TestPng.Palette, 4, (x, _, _) => x, false, TestPng.Chunk("PLTE", new byte[48]), TestPng.Chunk("tRNS", new byte[5])),
        _ when kind.EndsWith(".jpg", StringComparison.Ordinal) => ExifTests.WithExif(GoldenPicture.Read(kind).File, ExifTests.Tiff(6, little: true)),
        _ => GoldenPicture.Read(kind).File,
    };

    private static bool Decodes(byte[] file)
    {
        try
        {
            RgbImage image = ImageDecoder.Decode(file, "damaged");
            Assert.Equal(image.Width * image.Height * 3, image.Pixels.Length);
            return true;
        }
        catch (ImageException e)
        {
            Assert.StartsWith("damaged: ", e.Message);
            return false;
        }
    }
}
