namespace EdgeVit.Runtime;

/// <summary>Antialiased resize in two passes, rows first, in 32-bit fixed point: the result is the same on every machine, and that of
/// Pillow's <c>Image.resize</c> with BILINEAR or BICUBIC. Thread-safe.</summary>
public static class Resampler
{
    /// <summary>Resizes an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="interpolation">The filter.</param>
    /// <returns>A new image; <paramref name="image"/> itself when it already has that size.</returns>
    public static RgbImage Resize(RgbImage image, int width, int height, Interpolation interpolation) =>
        ResizeWindow(image, width, height, interpolation, 0, 0, width, height);

    /// <summary>Computes only a window of the resized image: the same pixels as resizing and then cropping, without the work for the
    /// rest.</summary>
    /// <param name="image">The image.</param>
    /// <param name="width">Columns of the whole resized image.</param>
    /// <param name="height">Rows of the whole resized image.</param>
    /// <param name="interpolation">The filter.</param>
    /// <param name="left">First column of the window.</param>
    /// <param name="top">First row of the window.</param>
    /// <param name="windowWidth">Columns of the window, at least 1.</param>
    /// <param name="windowHeight">Rows of the window, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1, or a window outside of the resized image.</exception>
    public static RgbImage ResizeWindow(
        RgbImage image, int width, int height, Interpolation interpolation, int left, int top, int windowWidth, int windowHeight)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        CheckWindow(left, windowWidth, width, nameof(left));
        CheckWindow(top, windowHeight, height, nameof(top));
        if (width == image.Width && height == image.Height && windowWidth == width && windowHeight == height)
        {
            return image;
        }

        var result = new RgbImage(windowWidth, windowHeight);
        new WindowResize(image.Width, image.Height, width, height, interpolation, left, top, windowWidth, windowHeight).Run(image.Pixels, result.Pixels);
        return result;
    }

    /// <summary>Copies a window of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="left">First column.</param>
    /// <param name="top">First row.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is empty or leaves the image.</exception>
    public static RgbImage Crop(RgbImage image, int left, int top, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckWindow(left, width, image.Width, nameof(left));
        CheckWindow(top, height, image.Height, nameof(top));
        var result = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
        {
            image.Pixels.AsSpan(((top + y) * image.Width + left) * 3, width * 3).CopyTo(result.Pixels.AsSpan(y * width * 3));
        }

        return result;
    }

    private static void CheckWindow(int start, int length, int size, string name)
    {
        if (start < 0 || length < 1 || start > size - length)
        {
            throw new ArgumentOutOfRangeException(name, $"A window of {length} from {start} does not lie within {size}.");
        }
    }
}
