using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
        bool wholeRows = left == 0 && windowWidth == width, wholeColumns = top == 0 && windowHeight == height;
        if (width == image.Width && height == image.Height)
        {
            return wholeRows && wholeColumns ? image : Crop(image, left, top, windowWidth, windowHeight);
        }

        var result = new RgbImage(windowWidth, windowHeight);
        var vertical = new ResampleWeights(image.Height, height, top, windowHeight, interpolation);
        (int firstRow, int endRow) = height == image.Height ? (top, top + windowHeight) : vertical.Range;
        if (width == image.Width && wholeRows)
        {
            VerticalPass(image.Pixels.AsSpan(firstRow * 3 * width), result.Pixels, 3 * width, vertical, firstRow);
            return result;
        }
        var horizontal = new ResampleWeights(image.Width, width, left, windowWidth, interpolation);
        int rows = endRow - firstRow, rowBytes = 3 * windowWidth;
        if (height == image.Height)
        {
            HorizontalPass(image, firstRow, rows, result.Pixels, horizontal);
            return result;
        }
        byte[] middle = ArrayPool<byte>.Shared.Rent(checked(rows * rowBytes));
        HorizontalPass(image, firstRow, rows, middle, horizontal);
        VerticalPass(middle.AsSpan(0, rows * rowBytes), result.Pixels, rowBytes, vertical, firstRow);
        ArrayPool<byte>.Shared.Return(middle);
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

    /// <summary>Shrinks or widens each row. A vector's four lanes are one pixel: R, G, B and the next pixel's R, which is computed and
    /// thrown away. The last row is copied to where one byte may be read beyond it.</summary>
    private static void HorizontalPass(RgbImage image, int firstRow, int rows, Span<byte> output, ResampleWeights weights)
    {
        int inBytes = 3 * image.Width, outBytes = 3 * weights.Starts.Length;
        byte[] padded = new byte[inBytes + 1];
        for (int y = 0; y < rows; y++)
        {
            ReadOnlySpan<byte> row = image.Pixels.AsSpan((firstRow + y) * inBytes);
            if (row.Length == inBytes)
            {
                row.CopyTo(padded);
                row = padded;
            }
            HorizontalRow(row, output.Slice(y * outBytes, outBytes), weights);
        }
    }

    private static void HorizontalRow(ReadOnlySpan<byte> row, Span<byte> output, ResampleWeights weights)
    {
        if (!Vector128.IsHardwareAccelerated)
        {
            HorizontalRowScalar(row, output, weights);
            return;
        }
        for (int x = 0; x < weights.Starts.Length; x++)
        {
            ReadOnlySpan<int> w = weights.Of(x);
            ref byte pixel = ref MemoryMarshal.GetReference(row.Slice(3 * weights.Starts[x], 3 * w.Length + 1));
            Vector128<int> even = Vector128.Create(ResampleWeights.Half), odd = Vector128<int>.Zero;
            int k = 0;
            for (; k + 1 < w.Length; k += 2)
            {
                even += Pixel(ref pixel, 3 * k) * Vector128.Create(w[k]);
                odd += Pixel(ref pixel, 3 * k + 3) * Vector128.Create(w[k + 1]);
            }
            if (k < w.Length)
            {
                even += Pixel(ref pixel, 3 * k) * Vector128.Create(w[k]);
            }

            Vector128<int> sum = Vector128.ShiftRightArithmetic(even + odd, ResampleWeights.Precision);
            sum = Vector128.Clamp(sum, Vector128<int>.Zero, Vector128.Create(255));
            output[3 * x] = (byte)sum[0];
            output[3 * x + 1] = (byte)sum[1];
            output[3 * x + 2] = (byte)sum[2];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Pixel(ref byte row, int offset)
    {
        uint four = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref row, offset));
        return Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(four).AsByte())).AsInt32();
    }

    internal static void HorizontalRowScalar(ReadOnlySpan<byte> row, Span<byte> output, ResampleWeights weights)
    {
        for (int x = 0; x < weights.Starts.Length; x++)
        {
            ReadOnlySpan<int> w = weights.Of(x);
            ReadOnlySpan<byte> pixels = row[(3 * weights.Starts[x])..];
            for (int c = 0; c < 3; c++)
            {
                int sum = ResampleWeights.Half;
                for (int k = 0; k < w.Length; k++)
                {
                    sum += pixels[3 * k + c] * w[k];
                }

                output[3 * x + c] = (byte)Math.Clamp(sum >> ResampleWeights.Precision, 0, 255);
            }
        }
    }

    /// <summary>Weighs rows into rows; lanes are neighbouring bytes of a row, 16 at a time.</summary>
    /// <param name="input">Rows from <paramref name="firstRow"/> of the image.</param>
    /// <param name="output">All rows of the result.</param>
    /// <param name="rowBytes">Bytes of a row, of both.</param>
    /// <param name="weights">Weights of the vertical axis.</param>
    /// <param name="firstRow">Row of the image at which <paramref name="input"/> begins.</param>
    private static void VerticalPass(ReadOnlySpan<byte> input, Span<byte> output, int rowBytes, ResampleWeights weights, int firstRow)
    {
        for (int y = 0; y < weights.Starts.Length; y++)
        {
            ReadOnlySpan<byte> rows = input[((weights.Starts[y] - firstRow) * rowBytes)..];
            VerticalRow(rows, output.Slice(y * rowBytes, rowBytes), weights.Of(y));
        }
    }

    private static void VerticalRow(ReadOnlySpan<byte> rows, Span<byte> output, ReadOnlySpan<int> w)
    {
        int x = 0, rowBytes = output.Length;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; x + 16 <= rowBytes; x += 16)
            {
                Vector128<int> a = Vector128.Create(ResampleWeights.Half), b = a, c = a, d = a;
                for (int k = 0; k < w.Length; k++)
                {
                    Vector128<int> weight = Vector128.Create(w[k]);
                    (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Create(rows.Slice(k * rowBytes + x, 16)));
                    a += Vector128.WidenLower(low).AsInt32() * weight;
                    b += Vector128.WidenUpper(low).AsInt32() * weight;
                    c += Vector128.WidenLower(high).AsInt32() * weight;
                    d += Vector128.WidenUpper(high).AsInt32() * weight;
                }
                Vector128.Narrow(Vector128.Narrow(Level(a), Level(b)).AsUInt16(), Vector128.Narrow(Level(c), Level(d)).AsUInt16())
                    .CopyTo(output[x..]);
            }
        }
        VerticalRowScalar(rows, output, w, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Level(Vector128<int> sum) =>
        Vector128.Clamp(Vector128.ShiftRightArithmetic(sum, ResampleWeights.Precision), Vector128<int>.Zero, Vector128.Create(255));

    internal static void VerticalRowScalar(ReadOnlySpan<byte> rows, Span<byte> output, ReadOnlySpan<int> w, int first)
    {
        for (int x = first; x < output.Length; x++)
        {
            int sum = ResampleWeights.Half;
            for (int k = 0; k < w.Length; k++)
            {
                sum += rows[k * output.Length + x] * w[k];
            }

            output[x] = (byte)Math.Clamp(sum >> ResampleWeights.Precision, 0, 255);
        }
    }
}
