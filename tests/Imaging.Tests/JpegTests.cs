using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public class JpegTests
{
    /// <summary>The decoder reads eight bytes ahead, and zeros stand there for what is missing: blocks of one colour, four bits each. So much
    /// besides the end marker may be missing from these small pictures.</summary>
    private const int Slack = 2 + 18;

    public static TheoryData<string> Names =>
        ["jpeg-420.jpg", "jpeg-gray.jpg", "jpeg-cmyk.jpg", "jpeg-restarts.jpg", "jpeg-arithmetic.jpg", "jpeg-progressive.jpg", "jpeg-scan-for-each-component.jpg"];

    [Theory]
    [MemberData(nameof(Names))]
    public void AFileCutAnywhereIsRefusedOrDecodedWithAWarningWhereHardlyMoreThanTheEndMarkerIsMissing(string name)
    {
        byte[] file = GoldenPicture.Read(name).File;
        for (int length = 0; length < file.Length; length++)
        {
            byte[] cut = file[..length];
            string? warning = null;
            Exception? e = Record.Exception(() => ImageDecoder.Decode(cut, "cut.jpg", out warning));
            if (e is null)
            {
                Assert.True(length >= file.Length - Slack && warning is not null, $"cut at {length} of {file.Length}");
            }
            else
            {
                Assert.StartsWith("cut.jpg: ", Assert.IsType<ImageException>(e).Message);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300)]
    public void ACameraFrameWithoutEndMarkerIsDecodedWithAWarning(int zeros)
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
    public void StrayBytesBeforeAMarkerDoNoHarm()
    {
        byte[] golden = GoldenPicture.Read("jpeg-420.jpg").File;
        byte[] file = [.. golden[..^2], 0x12, 0x34, 0x56, .. golden[^2..]];
        Assert.Equal(ImageDecoder.Decode(golden, "a.jpg").Pixels, ImageDecoder.Decode(file, "b.jpg").Pixels);
    }

    [Fact]
    public void AHeaderThatClaimsMoreThanTheFileCanHoldIsRefused()
    {
        byte[] file = Claiming("jpeg-gray.jpg", 0xC0, 0x1C, 0x1C);
        Assert.Contains("cannot hold", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "claim.jpg")).Message);
    }

    [Fact]
    public void AProgressiveHeaderThatClaimsMuchMemoryIsRefused()
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
    public void LargePicturesAreDecodedAtAPartOfTheirSize(long bound, int scale, int width, int height)
    {
        foreach (string name in (string[])["jpeg-444.jpg", "jpeg-progressive-444.jpg"])
        {
            if (scale > 2 && name.Contains("progressive", StringComparison.Ordinal))
            {
                continue;
            }

            GoldenPicture golden = GoldenPicture.Read(name);
            RgbImage image = ImageDecoder.Decode(golden.File, "large.jpg", Math.Max(bound, 1), out string? warning);
            Assert.Equal((width, height), (image.Width, image.Height));
            if (scale == 1)
            {
                Assert.Null(warning);
            }
            else
            {
                Assert.Contains($"at 1/{scale} of its size", warning);
            }

            for (int c = 0; c < 3; c++)
            {
                double mean = Enumerable.Range(0, scale * scale).Average(i => golden.Pixels[(i / scale * golden.Width + i % scale) * 3 + c]);
                Assert.InRange(image.Pixels[c] - mean, -6, 6);
            }
        }
    }

    [Fact]
    public void APictureAboveTheBoundEvenAtAnEighthIsRefusedWithTheWayToRaiseIt()
    {
        var e = Assert.Throws<ImageException>(() => ImageDecoder.Decode(GoldenPicture.Read("jpeg-420.jpg").File, "large.jpg", 11, out _));
        Assert.Contains("large.jpg: 4 x 3 pixels, more than the 11 that are decoded here", e.Message);
        Assert.Contains("EDGEVIT_MAX_PIXELS=12", e.Message);
    }

    /// <summary>Longer sides than the decoder takes are said by their size, not called damage.</summary>
    [Theory]
    [InlineData("jpeg-420.jpg", 0xC0)]
    [InlineData("jpeg-progressive.jpg", 0xC2)]
    public void AHeaderOfTheLargestSizeIsSaid(string name, int marker)
    {
        byte[] file = Claiming(name, (byte)marker, 0xFF, 0xFF);
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, (byte)marker]);
        (file[frame + 6], file[frame + 8]) = (0xFF, 0xFF);
        string message = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "large.jpg")).Message;
        Assert.Contains("large.jpg: the JPEG is 65535 x 65535 pixels by its header, more than the 65500 a side", message, StringComparison.Ordinal);
        Assert.DoesNotContain("damaged", message, StringComparison.Ordinal);
    }

    private static byte[] Claiming(string name, byte frameMarker, byte heightHigh, byte widthHigh)
    {
        byte[] file = GoldenPicture.Read(name).File;
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, frameMarker]);
        (file[frame + 5], file[frame + 7]) = (heightHigh, widthHigh);
        return file;
    }
}
