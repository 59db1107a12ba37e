using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public class ExifTests
{
    /// <summary>A, B, C over D, E, F; what each orientation makes of it, by the EXIF standard.</summary>
    [Theory]
    [InlineData(1, 3, "ABCDEF")]
    [InlineData(2, 3, "CBAFED")]
    [InlineData(3, 3, "FEDCBA")]
    [InlineData(4, 3, "DEFABC")]
    [InlineData(5, 2, "ADBECF")]
    [InlineData(6, 2, "DAEBFC")]
    [InlineData(7, 2, "FCEBDA")]
    [InlineData(8, 2, "CFBEAD")]
    public void AllEightOrientationsOfAPng(int orientation, int width, string expected)
    {
        foreach (bool little in (bool[])[false, true])
        {
            byte[] file = TestPng.Encode(3, 2, TestPng.Rgb, 8, (x, y, c) => 'A' + 3 * y + x + 100 * (c & 1), false, TestPng.Chunk("eXIf", Tiff(orientation, little)));
            RgbImage image = ImageDecoder.Decode(file, "turned.png");
            Assert.Equal((width, 6 / width), (image.Width, image.Height));
            for (int i = 0; i < 6; i++)
            {
                Assert.Equal(((byte)expected[i], (byte)(expected[i] + 100), (byte)expected[i]), (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]));
            }
        }
    }

    [Fact]
    public void AllEightOrientationsOfAJpeg()
    {
        GoldenPicture golden = GoldenPicture.Read("jpeg-420.jpg");
        RgbImage upright = ImageDecoder.Decode(golden.File, "plain.jpg");
        for (int orientation = 1; orientation <= 8; orientation++)
        {
            byte[] file = WithExif(golden.File, Tiff(orientation, little: orientation % 2 == 0));
            RgbImage turned = ImageDecoder.Decode(file, "turned.jpg");
            Assert.Equal(ExifOrientation.Apply(upright, orientation).Pixels, turned.Pixels);
            Assert.Equal(orientation >= 5 ? (golden.Height, golden.Width) : (golden.Width, golden.Height), (turned.Width, turned.Height));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(65535)]
    public void AnOrientationThatDoesNotExistCountsAsUpright(int orientation) =>
        Assert.Equal(1, ExifOrientation.Read(Tiff(orientation, little: true)));

    /// <summary>SHORT, LONG and BYTE, with and without the prefix.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(1)]
    public void TheNumberMayBeStoredInAnyWidth(int type)
    {
        foreach (bool little in (bool[])[false, true])
        {
            byte[] tiff = Tiff(6, little, type);
            Assert.Equal(6, ExifOrientation.Read(tiff));
            Assert.Equal(6, ExifOrientation.Read([.. "Exif\0\0"u8, .. tiff]));
        }
    }

    [Fact]
    public void AProfileInATextThatIsDamagedCountsAsUpright()
    {
        byte[] text = System.Text.Encoding.ASCII.GetBytes("Raw profile type exif\0\0\nexif\n      10\n4578");
        for (int length = 22; length <= text.Length; length++)
        {
            foreach (string type in (string[])["tEXt", "zTXt"])
            {
                byte[] file = TestPng.Encode(3, 2, TestPng.Gray, 8, (x, y, _) => x + y, false, TestPng.Chunk(type, text[..length]));
                Assert.Equal(3, ImageDecoder.Decode(file, "a.png").Width);
            }
        }
    }

    [Fact]
    public void ATextThatUnpacksToMuchIsNotUnpacked()
    {
        byte[] text = [.. "Raw profile type exif\0\0"u8, .. TestPng.Deflate(new byte[100_000_000])];
        byte[] file = TestPng.Encode(3, 2, TestPng.Gray, 8, (x, y, _) => x + y, false, TestPng.Chunk("zTXt", text));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(3, ImageDecoder.Decode(file, "bomb.png").Width);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
    }

    [Fact]
    public void ADamagedBlockCountsAsUprightAndNeverThrows()
    {
        byte[] tiff = Tiff(6, little: false);
        for (int length = 0; length < tiff.Length - 4; length++)
        {
            Assert.InRange(ExifOrientation.Read(tiff.AsSpan(0, length)), 1, 8);
        }

        var random = new Random(11);
        for (int trial = 0; trial < 20_000; trial++)
        {
            byte[] damaged = [.. tiff];
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            Assert.InRange(ExifOrientation.Read(damaged), 1, 8);
        }
    }

    /// <summary>A TIFF block with one other entry and then the orientation.</summary>
    internal static byte[] Tiff(int orientation, bool little, int type = 3)
    {
        byte[] block = new byte[8 + 2 + 2 * 12 + 4];
        block.AsSpan(0, 2).Fill((byte)(little ? 'I' : 'M'));
        Word(2, 42);
        Word(little ? 4 : 6, 8);
        Word(8, 2);
        Entry(10, 0x0100, 32, 3);
        Entry(22, 0x0112, orientation, type);
        return block;

        void Word(int at, int value) => Write(block.AsSpan(at, 2), value);

        void Entry(int at, int tag, int value, int kind)
        {
            Word(at, tag);
            Word(at + 2, kind);
            Word(little ? at + 4 : at + 6, 1);
            Write(block.AsSpan(at + 8, kind switch { 1 => 1, 3 => 2, _ => 4 }), value);
        }

        void Write(Span<byte> to, int value)
        {
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = (byte)(value >> 8 * (little ? i : to.Length - 1 - i));
            }
        }
    }

    internal static byte[] WithExif(byte[] jpeg, byte[] tiff)
    {
        int length = 2 + 6 + tiff.Length;
        return [0xFF, 0xD8, 0xFF, 0xE1, (byte)(length >> 8), (byte)length, .. "Exif\0\0"u8, .. tiff, .. jpeg[2..]];
    }
}
