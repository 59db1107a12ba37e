using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

/// <summary>Pictures as people feed them, from a folder <c>shared/field/images</c> beside or above the repository, where there is one.</summary>
public sealed class FieldPicturesTests
{
    [Theory]
    [InlineData("subsampling_3x1.jpg", null)]
    [InlineData("cmyk_subsampled_pillow.jpg", null)]
    [InlineData("exif_long6.jpg", null)]
    [InlineData("gray16.png", null)]
    [InlineData("noeoi_zeros.jpg", "without end marker")]
    public void TheseAreDecoded(string name, string? says)
    {
        RgbImage image = ImageDecoder.DecodeFile(Find(name), out string? warning);
        Assert.True(image.Pixels.Distinct().Count() > 8);
        Assert.Equal(says is null, warning is null);
        Assert.Contains(says ?? "", warning ?? "");
        if (name.StartsWith("exif", StringComparison.Ordinal))
        {
            // Stored lying on its side.
            ImageHeader stored = ImageHeader.Read(File.ReadAllBytes(Find(name)), name)!.Value;
            Assert.Equal((stored.Height, stored.Width), (image.Width, image.Height));
        }
    }

    [Theory]
    [InlineData("trunc_5.jpg", "the JPEG is cut off after 138 bytes")]
    [InlineData("lfs_pointer.jpg", "git lfs pull")]
    public void TheseAreCalledWhatTheyAre(string name, string says) =>
        Assert.Contains(says, Assert.Throws<ImageException>(() => ImageDecoder.DecodeFile(Find(name))).Message);

    [Fact]
    public void ALargeOneIsRefusedWithTheBoundAndDecodedWhereThatIsRaised()
    {
        byte[] file = File.ReadAllBytes(Find("bomb_100M.png"));
        Assert.Contains("EDGEVIT_MAX_PIXELS=99990000", Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "bomb.png", 64_000_000, out _)).Message);
        ImageHeader header = ImageHeader.Read(file, "bomb.png")!.Value;
        Assert.Equal(99_990_000, header.Pixels);
    }

    private static string Find(string name)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (Path.Combine(at.FullName, "shared", "field", "images", name) is var file && File.Exists(file))
            {
                return file;
            }
        }

        Assert.Skip($"there is no shared/field/images/{name} beside or above the repository");
        return "";
    }
}
