using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Devices;

/// <summary>How the pixels of a <see cref="Frame"/> lie in its bytes.</summary>
public enum FrameFormat
{
    /// <summary>A whole JPEG file; cameras call a stream of them MJPEG.</summary>
    Jpeg,

    /// <summary>Y0 U Y1 V for two pixels beside each other: BT.601, luma 16 to 235.</summary>
    Yuyv,

    /// <summary>Red, green, blue, one byte each, without padding.</summary>
    Rgb24,

    /// <summary>One byte of brightness for each pixel, 0 to 255.</summary>
    Gray8,

    /// <summary>All Y, row by row, then U V for each two by two pixels: BT.601, luma 16 to 235.</summary>
    Nv12,
}

/// <summary>One picture of a camera, as the camera gave it.</summary>
/// <param name="Format">What the bytes are.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Data">The bytes; they hold until the next frame is asked for.</param>
/// <param name="Sequence">Counts the frames that the camera took, the lost ones too.</param>
public sealed record Frame(FrameFormat Format, int Width, int Height, ReadOnlyMemory<byte> Data, long Sequence)
{
    /// <summary>The pixels as an image, which holds for as long as it is wanted.</summary>
    /// <param name="reuse">An image of the same size to write into, so that nothing is allocated; null, or one of another size, for a new one.
    /// A JPEG is always a new one.</param>
    /// <exception cref="ImageException">The bytes are no such picture, or damaged.</exception>
    public RgbImage ToRgb(RgbImage? reuse = null)
    {
        ReadOnlySpan<byte> data = Data.Span;
        if (Format == FrameFormat.Jpeg)
        {
            return ImageDecoder.Decode(data, Name);
        }

        if (RawLayout.Refusal(Format, Width, Height) is { } refusal)
        {
            throw new ImageException(Name, $"{refusal}.");
        }

        long expected = RawLayout.Bytes(Format, Width, Height);
        if (data.Length != expected)
        {
            throw new ImageException(Name, $"{data.Length} bytes, expected {expected} for {Width} x {Height} pixels of {Format}.");
        }

        RgbImage image = reuse is { } given && given.Width == Width && given.Height == Height ? given : new RgbImage(Width, Height);
        RawLayout.ToRgb(Format, data, Width, Height, image.Pixels);
        return image;
    }

    private string Name => $"frame {Sequence}";
}
