namespace EdgeVit.Imaging.Tests;

public class JpegTests
{
    /// <summary>The decoder reads eight bytes ahead, and zeros stand there for what is missing: blocks of one colour, four bits each. So much
    /// besides the end marker may be missing from these small pictures.</summary>
    const int Slack = 2 + 18;

    public static TheoryData<string> Names =>
        ["jpeg-420.jpg", "jpeg-gray.jpg", "jpeg-cmyk.jpg", "jpeg-restarts.jpg", "jpeg-arithmetic.jpg", "jpeg-progressive.jpg", "jpeg-scan-for-each-component.jpg"];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_cut_anywhere_is_refused_or_decoded_with_a_warning_where_hardly_more_than_the_end_marker_is_missing(string name)
    {
        byte[] file = GoldenPicture.Read(name).File;
        for (int length = 0; length < file.Length; length++)
        {
            byte[] cut = file[..length];
            string? warning = null;
            Exception? e = Record.Exception(() => ImageDecoder.Decode(cut, "cut.jpg", out warning));
            if (e is null)
                Assert.True(length >= file.Length - Slack && warning is not null, $"cut at {length} of {file.Length}");
            else
                Assert.StartsWith("cut.jpg: ", Assert.IsType<ImageException>(e).Message);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300)]
    public void A_camera_frame_without_end_marker_is_decoded_with_a_warning(int zeros)
    {
        foreach (string name in (string[])["jpeg-420.jpg", "jpeg-422.jpg", "jpeg-gray.jpg", "jpeg-restarts.jpg"])
        {
            GoldenPicture golden = GoldenPicture.Read(name);
            RgbImage image = ImageDecoder.Decode([.. golden.File[..^2], .. new byte[zeros]], "frame.jpg", out string? warning);
            Assert.Contains("without end marker", warning);
            Assert.Equal(ImageDecoder.Decode(golden.File, "whole.jpg").Pixels, image.Pixels);
        }
    }

    [Fact]
    public void Stray_bytes_before_a_marker_do_no_harm()
    {
        byte[] golden = GoldenPicture.Read("jpeg-420.jpg").File;
        byte[] file = [.. golden[..^2], 0x12, 0x34, 0x56, .. golden[^2..]];
        Assert.Equal(ImageDecoder.Decode(golden, "a.jpg").Pixels, ImageDecoder.Decode(file, "b.jpg").Pixels);
    }

    [Fact]
    public void A_header_that_claims_more_than_the_file_can_hold_is_refused()
    {
        byte[] file = Claiming("jpeg-gray.jpg", 0xC0, 0x1C, 0x1C);
        Assert.Contains("cannot hold", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "claim.jpg")).Message);
    }

    [Fact]
    public void A_progressive_header_that_claims_much_memory_is_refused()
    {
        byte[] file = Claiming("jpeg-progressive.jpg", 0xC2, 0xFF, 0xFF);
        Assert.Contains("takes 12", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "claim.jpg")).Message);
    }

    /// <summary>Above the bound sides are halved until it is kept; what comes is then the mean of the pixels, up to what chroma subsampling
    /// leaves.</summary>
    [Theory]
    [InlineData(27 * 19, 1, 27, 19)]
    [InlineData(27 * 19 - 1, 2, 14, 10)]
    [InlineData(14 * 10 - 1, 4, 7, 5)]
    [InlineData(7 * 5 - 1, 8, 4, 3)]
    public void Large_pictures_are_decoded_at_a_part_of_their_size(long bound, int scale, int width, int height)
    {
        foreach (string name in (string[])["jpeg-444.jpg", "jpeg-progressive-444.jpg"])
        {
            if (scale > 2 && name.Contains("progressive", StringComparison.Ordinal))
                continue;
            GoldenPicture golden = GoldenPicture.Read(name);
            RgbImage image = ImageDecoder.Decode(golden.File, "large.jpg", Math.Max(bound, 1), out string? warning);
            Assert.Equal((width, height), (image.Width, image.Height));
            if (scale == 1)
                Assert.Null(warning);
            else
                Assert.Contains($"at 1/{scale} of its size", warning);
            for (int c = 0; c < 3; c++)
            {
                double mean = Enumerable.Range(0, scale * scale).Average(i => golden.Pixels[(i / scale * golden.Width + i % scale) * 3 + c]);
                Assert.InRange(image.Pixels[c] - mean, -6, 6);
            }
        }
    }

    [Fact]
    public void A_picture_above_the_bound_even_at_an_eighth_is_refused_with_the_way_to_raise_it()
    {
        var e = Assert.Throws<ImageException>(() => ImageDecoder.Decode(GoldenPicture.Read("jpeg-420.jpg").File, "large.jpg", 11, out _));
        Assert.Contains("large.jpg: 4 x 3 pixels, more than the 11 that are decoded here", e.Message);
        Assert.Contains("EDGEVIT_MAX_PIXELS=12", e.Message);
    }

    static byte[] Claiming(string name, byte frameMarker, byte heightHigh, byte widthHigh)
    {
        byte[] file = GoldenPicture.Read(name).File;
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, frameMarker]);
        (file[frame + 5], file[frame + 7]) = (heightHigh, widthHigh);
        return file;
    }
}
