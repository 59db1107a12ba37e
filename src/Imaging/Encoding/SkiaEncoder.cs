using System.Runtime.CompilerServices;
using EdgeVit.Runtime;
using SkiaSharp;

namespace EdgeVit.Imaging;

/// <summary>Encodes small pictures for pages, with SkiaSharp's codecs.</summary>
internal static unsafe class SkiaEncoder
{
    /// <summary>A picture as a PNG file, nothing lost.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static byte[] Png(RgbImage image) => Encode(image, SKEncodedImageFormat.Png, 100);

    /// <summary>A picture as a JPEG file.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="quality">1 to 100.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static byte[] Jpeg(RgbImage image, int quality) => Encode(image, SKEncodedImageFormat.Jpeg, quality);

    private static byte[] Encode(RgbImage image, SKEncodedImageFormat format, int quality)
    {
        byte[] pixels = new byte[image.Width * image.Height * 4];
        for (int i = 0, o = 0; i < image.Pixels.Length; i += 3, o += 4)
        {
            (pixels[o], pixels[o + 1], pixels[o + 2], pixels[o + 3]) = (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2], 255);
        }

        fixed (byte* first = pixels)
        {
            using var pixmap = new SKPixmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), (nint)first);
            using SKData data = pixmap.Encode(format, quality) ?? throw new ImageException("page", $"the {format} encoder of SkiaSharp failed.");
            return data.ToArray();
        }
    }
}
