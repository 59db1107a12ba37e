using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public class GoldenTests
{
    public static TheoryData<string> Names => [.. GoldenPicture.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void PixelsAreThoseThatPillowDecodes(string name)
    {
        GoldenPicture golden = GoldenPicture.Read(name);
        RgbImage image = ImageDecoder.Decode(golden.File, name, out string? warning);
        Assert.Null(warning);
        Assert.Equal((golden.Width, golden.Height), (image.Width, image.Height));
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            Assert.InRange(image.Pixels[i] - golden.Pixels[i], -1, 1);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AFileCutInTheMiddleSaysAfterHowManyBytes(string name)
    {
        byte[] file = GoldenPicture.Read(name).File;
        byte[] cut = file[..(name == "gif-animated.gif" ? file.Length / 4 : file.Length * 2 / 3)];
        var e = Assert.Throws<ImageException>(() => ImageDecoder.Decode(cut, name));
        Assert.StartsWith($"{name}: ", e.Message);
        Assert.Contains($"cut off after {cut.Length} bytes", e.Message);
    }

    [Fact]
    public void EveryFormatIsThere()
    {
        string[] formats = [.. GoldenPicture.Names.Select(Path.GetExtension).Distinct().Cast<string>()];
        Assert.Equal([".bmp", ".gif", ".jpg", ".png", ".webp"], formats.Order(StringComparer.Ordinal));
        Assert.All(formats, f => Assert.True(ImageDecoder.HasImageExtension("a" + f)));
    }
}
