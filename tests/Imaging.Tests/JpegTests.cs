namespace EdgeVit.Imaging.Tests;

public class JpegTests
{
    public static TheoryData<string> Names => ["Colour420", "Progressive444", "Gray", "Cmyk"];

    internal static GoldenJpeg Get(string name) => name switch
    {
        "Colour420" => GoldenJpeg.Colour420,
        "Progressive444" => GoldenJpeg.Progressive444,
        "Gray" => GoldenJpeg.Gray,
        _ => GoldenJpeg.Cmyk,
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Pixels_are_those_that_Pillow_decodes(string name)
    {
        GoldenJpeg golden = Get(name);
        RgbImage image = ImageDecoder.Decode(golden.File, "golden.jpg");
        Assert.Equal((golden.Width, golden.Height), (image.Width, image.Height));
        for (int i = 0; i < image.Pixels.Length; i++)
            Assert.InRange(image.Pixels[i] - golden.Pixels[i], -1, 1);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_cut_anywhere_before_its_end_is_refused_by_name(string name)
    {
        byte[] file = Get(name).File;
        for (int length = 0; length < file.Length - 2; length++)
        {
            byte[] cut = file[..length];
            var e = Assert.Throws<ImageException>(() => ImageDecoder.Decode(cut, "cut.jpg"));
            Assert.StartsWith("cut.jpg: ", e.Message);
        }
    }

    [Fact]
    public void Stray_bytes_before_a_marker_do_no_harm()
    {
        GoldenJpeg golden = GoldenJpeg.Colour420;
        byte[] file = [.. golden.File[..^2], 0x12, 0x34, 0x56, .. golden.File[^2..]];
        Assert.Equal(ImageDecoder.Decode(golden.File, "a.jpg").Pixels, ImageDecoder.Decode(file, "b.jpg").Pixels);
    }

    [Fact]
    public void A_header_that_claims_more_than_the_file_can_hold_is_refused()
    {
        byte[] file = GoldenJpeg.Gray.File;
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (file[frame + 5], file[frame + 7]) = (0x20, 0x20);
        Assert.Contains("cannot hold", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "claim.jpg")).Message);
    }
}
