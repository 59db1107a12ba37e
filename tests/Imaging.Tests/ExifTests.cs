using System.Buffers.Binary;

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
    public void All_eight_orientations_of_a_png(int orientation, int width, string expected)
    {
        foreach (bool little in (bool[])[false, true])
        {
            byte[] file = TestPng.Encode(3, 2, TestPng.Rgb, 8, (x, y, c) => 'A' + 3 * y + x + 100 * (c & 1), false, TestPng.Chunk("eXIf", Tiff(orientation, little)));
            RgbImage image = ImageDecoder.Decode(file, "turned.png");
            Assert.Equal((width, 6 / width), (image.Width, image.Height));
            for (int i = 0; i < 6; i++)
                Assert.Equal(((byte)expected[i], (byte)(expected[i] + 100), (byte)expected[i]), (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]));
        }
    }

    [Fact]
    public void All_eight_orientations_of_a_jpeg()
    {
        GoldenJpeg golden = GoldenJpeg.Colour420;
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
    public void An_orientation_that_does_not_exist_counts_as_upright(int orientation) =>
        Assert.Equal(1, ExifOrientation.FromTiff(Tiff(orientation, little: true)));

    [Fact]
    public void A_damaged_block_counts_as_upright_and_never_throws()
    {
        byte[] tiff = Tiff(6, little: false);
        for (int length = 0; length < tiff.Length - 4; length++)
            Assert.InRange(ExifOrientation.FromTiff(tiff.AsSpan(0, length)), 1, 8);
        var random = new Random(11);
        for (int trial = 0; trial < 20_000; trial++)
        {
            byte[] damaged = [.. tiff];
            for (int k = random.Next(1, 4); k > 0; k--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Assert.InRange(ExifOrientation.FromTiff(damaged), 1, 8);
        }
    }

    /// <summary>A TIFF block with one other entry and then the orientation.</summary>
    internal static byte[] Tiff(int orientation, bool little)
    {
        byte[] block = new byte[8 + 2 + 2 * 12 + 4];
        block.AsSpan(0, 2).Fill((byte)(little ? 'I' : 'M'));
        Word(2, 42);
        Word(little ? 4 : 6, 8);
        Word(8, 2);
        Entry(10, 0x0100, 32);
        Entry(22, 0x0112, orientation);
        return block;

        void Word(int at, int value)
        {
            if (little)
                BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(at), (ushort)value);
            else
                BinaryPrimitives.WriteUInt16BigEndian(block.AsSpan(at), (ushort)value);
        }

        void Entry(int at, int tag, int value)
        {
            Word(at, tag);
            Word(at + 2, 3);
            Word(little ? at + 4 : at + 6, 1);
            Word(at + 8, value);
        }
    }

    internal static byte[] WithExif(byte[] jpeg, byte[] tiff)
    {
        int length = 2 + 6 + tiff.Length;
        return [0xFF, 0xD8, 0xFF, 0xE1, (byte)(length >> 8), (byte)length, .. "Exif\0\0"u8, .. tiff, .. jpeg[2..]];
    }
}
