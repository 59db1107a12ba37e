using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

/// <summary>Images that tests make for themselves.</summary>
internal static class TestImages
{
    /// <summary>Random bytes.</summary>
    internal static RgbImage Noise(int width, int height, int seed)
    {
        var image = new RgbImage(width, height);
        new Random(seed).NextBytes(image.Pixels);
        return image;
    }

    /// <summary>A PNG file of one colour.</summary>
    internal static byte[] PlainPng(int width = 8, int height = 6, byte red = 200, byte green = 100, byte blue = 50)
    {
        var image = new RgbImage(width, height);
        for (int i = 0; i < image.Pixels.Length; i += 3)
        {
            (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]) = (red, green, blue);
        }

        return TestPng.Encode(image);
    }
}
