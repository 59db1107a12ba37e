namespace EdgeVit.Runtime;

/// <summary>An image in memory: 8-bit RGB, rows from the top, no padding: <c>Pixels[(y * Width + x) * 3 + channel]</c>.</summary>
public sealed class RgbImage
{
    /// <summary>A black image.</summary>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1, or more pixels than an array holds.</exception>
    public RgbImage(int width, int height)
        : this(width, height, new byte[ByteCount(width, height)])
    {
    }

    /// <summary>An image over existing pixels, which are not copied.</summary>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">RGB bytes [height, width, 3].</param>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> is not height * width * 3 long.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.Length != ByteCount(width, height))
        {
            throw new ArgumentException($"{pixels.Length} bytes given; {width} x {height} RGB needs {ByteCount(width, height)}.", nameof(pixels));
        }

        (Width, Height, Pixels) = (width, height, pixels);
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>RGB bytes [Height, Width, 3].</summary>
    public byte[] Pixels { get; }

    private static int ByteCount(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        long bytes = 3L * width * height;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Array.MaxLength, nameof(height));
        return (int)bytes;
    }
}
