using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>A window of a resized image, prepared for one pair of sizes: two passes, rows first, in 32-bit fixed point. A run allocates nothing but
/// what the array pool lacks. Thread-safe.</summary>
internal sealed class WindowResize(
    int fromWidth, int fromHeight, int width, int height, Interpolation interpolation, int left, int top, int windowWidth, int windowHeight)
{
    // Null where an axis is only cut.
    private readonly ResampleWeights? _horizontal = width == fromWidth && (height == fromHeight || windowWidth == width)
        ? null : new(fromWidth, width, left, windowWidth, interpolation);

    private readonly ResampleWeights? _vertical = height == fromHeight ? null : new(fromHeight, height, top, windowHeight, interpolation);
    private readonly bool _widthStays = width == fromWidth;
    private readonly bool _heightStays = height == fromHeight;

    /// <summary>Whether it was made for images of this size.</summary>
    internal bool IsFor(int imageWidth, int imageHeight) => fromWidth == imageWidth && fromHeight == imageHeight;

    /// <summary>Computes the window.</summary>
    /// <param name="pixels">RGB bytes of the whole image.</param>
    /// <param name="output">RGB bytes of the window, overwritten.</param>
    internal void Run(ReadOnlySpan<byte> pixels, Span<byte> output)
    {
        if (_widthStays && _heightStays)
        {
            for (int y = 0; y < windowHeight; y++)
            {
                pixels.Slice(3 * (((top + y) * fromWidth) + left), 3 * windowWidth).CopyTo(output[(3 * windowWidth * y)..]);
            }

            return;
        }

        (int first, int end) = _heightStays ? (top, top + windowHeight) : _vertical!.Range;
        int rowBytes = 3 * windowWidth;
        if (_widthStays && windowWidth == width)
        {
            VerticalPass(pixels[(first * rowBytes)..], output, rowBytes, _vertical!, first);
        }
        else if (_heightStays)
        {
            HorizontalPass(pixels, first, windowHeight, output);
        }
        else
        {
            byte[] middle = ArrayPool<byte>.Shared.Rent(checked((end - first) * rowBytes));
            HorizontalPass(pixels, first, end - first, middle);
            VerticalPass(middle, output, rowBytes, _vertical!, first);
            ArrayPool<byte>.Shared.Return(middle);
        }
    }

    /// <summary>Shrinks or widens each row. A vector's four lanes are one pixel: R, G, B and the next pixel's R, which is computed and
    /// thrown away. The last row is copied to where one byte may be read beyond it.</summary>
    private void HorizontalPass(ReadOnlySpan<byte> pixels, int firstRow, int rows, Span<byte> output)
    {
        int inBytes = 3 * fromWidth, outBytes = 3 * windowWidth;
        byte[] padded = ArrayPool<byte>.Shared.Rent(inBytes + 1);
        for (int y = 0; y < rows; y++)
        {
            ReadOnlySpan<byte> row = pixels[((firstRow + y) * inBytes)..];
            if (row.Length == inBytes)
            {
                row.CopyTo(padded);
                row = padded;
            }

            HorizontalRow(row, output.Slice(y * outBytes, outBytes), _horizontal!);
        }

        ArrayPool<byte>.Shared.Return(padded);
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
