using EdgeVit.Runtime;
using SkiaSharp;

namespace EdgeVit.Devices.Tests;

/// <summary>JPEG files that tests make.</summary>
internal static class TestJpeg
{
    /// <summary>Noise, whose coded data have many stuffed bytes.</summary>
    public static byte[] Noise(int width, int height, int seed, int quality = 90)
    {
        byte[] rgb = new byte[width * height * 3];
        new Random(seed).NextBytes(rgb);
        return Encode(new RgbImage(width, height, rgb), quality);
    }

    /// <summary>The same file with a segment behind its first marker, such as one that holds a thumbnail.</summary>
    public static byte[] WithSegment(byte[] jpeg, byte marker, byte[] body) =>
        [.. jpeg[..2], 0xFF, marker, (byte)((body.Length + 2) >> 8), (byte)(body.Length + 2), .. body, .. jpeg[2..]];

    private static byte[] Encode(RgbImage image, int quality)
    {
        using var bitmap = new SKBitmap(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                ReadOnlySpan<byte> pixel = image.Pixels.AsSpan(3 * ((y * image.Width) + x), 3);
                bitmap.SetPixel(x, y, new SKColor(pixel[0], pixel[1], pixel[2]));
            }
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
        return data.ToArray();
    }
}
