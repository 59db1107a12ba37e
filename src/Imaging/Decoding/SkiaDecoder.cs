using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeVit.Runtime;
using SkiaSharp;

namespace EdgeVit.Imaging;

/// <summary>How a decoding ended.</summary>
internal enum DecodingEnd
{
    /// <summary>All pixels are there.</summary>
    Complete,

    /// <summary>The data ended before the pixels.</summary>
    TooShort,

    /// <summary>The codec found an error, or made nothing of the header.</summary>
    Damaged,
}

/// <summary>Decodes with SkiaSharp's codecs. This class alone names its types: the assembly and its native library are loaded when the first
/// picture is decoded. Pixels are asked for without a colour space, so that profiles and gamma are ignored, and with alpha apart, so that
/// the colour under transparent pixels stays.</summary>
internal static unsafe class SkiaDecoder
{
    /// <summary>A strip of rows that stays in the second-level cache.</summary>
    private const int StripBytes = 1 << 17;

    /// <summary>Decodes; orientation is applied by the caller.</summary>
    /// <param name="file">The whole file, of a format that Skia reads.</param>
    /// <param name="name">The image's name for errors.</param>
    /// <param name="scalable">JPEG: decoded in rows, and at 1/2, 1/4 or 1/8 of its size where it has more pixels than are allowed.</param>
    /// <param name="pixelsPerByte">More pixels than this the format cannot put into a byte.</param>
    /// <param name="maxPixels">The bound of the result.</param>
    /// <param name="scale">Both sides were divided by this.</param>
    /// <param name="end">How it ended.</param>
    /// <returns>The image; null unless <paramref name="end"/> is <see cref="DecodingEnd.Complete"/>.</returns>
    /// <exception cref="ImageException">Too large, or the native library cannot be loaded.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static RgbImage? Decode(ReadOnlySpan<byte> file, string name, bool scalable, int pixelsPerByte, long maxPixels, out int scale, out DecodingEnd end)
    {
        (scale, end) = (1, DecodingEnd.Damaged);
        try
        {
            fixed (byte* bytes = file)
            {
                using SKData data = SKData.Create((nint)bytes, file.Length);
                using SKCodec? codec = SKCodec.Create(data);
                if (codec is null)
                {
                    return null;
                }

                SKSizeI size = codec.Info.Size;
                ImageDecoder.CheckPlausible(size.Width, size.Height, name, file.Length, pixelsPerByte);
                while (scalable && scale < 8 && (long)size.Width * size.Height > maxPixels)
                {
                    size = codec.GetScaledDimensions(1f / (scale *= 2));
                }

                ImageDecoder.CheckSize(size.Width, size.Height, name, maxPixels);
                long pixels = (long)size.Width * size.Height;
                DecodingMemory.Shared.Enter(pixels);
                try
                {
                    return scalable ? DecodeRows(codec, size, out end) : DecodeWhole(codec, size, out end);
                }
                finally
                {
                    DecodingMemory.Shared.Leave(pixels);
                }
            }
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw LibraryMissing(name, e);
        }
    }

    /// <summary>The size that a picture's header names; null where the codec makes nothing of it.</summary>
    /// <exception cref="ImageException">The native library cannot be loaded.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static (int Width, int Height)? ReadSize(ReadOnlySpan<byte> file, string name)
    {
        try
        {
            fixed (byte* bytes = file)
            {
                using SKData data = SKData.Create((nint)bytes, file.Length);
                using SKCodec? codec = SKCodec.Create(data);
                return codec is null ? null : (codec.Info.Width, codec.Info.Height);
            }
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw LibraryMissing(name, e);
        }
    }

    internal static ImageException LibraryMissing(string name, Exception cause) =>
        new(name, $"the decoder's library libSkiaSharp cannot be loaded ({(cause.InnerException ?? cause).Message.Split('\n')[0].TrimEnd('.', '\r')}). "
            + "It lies beside the program or in runtimes/<system>/native: install the program again; Linux needs libstdc++6.", cause)
        {
            CodecMissing = true,
        };

    private static SKImageInfo Rgba(SKSizeI size) => new(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);

    private static RgbImage? DecodeRows(SKCodec codec, SKSizeI size, out DecodingEnd end)
    {
        end = End(codec.StartScanlineDecode(Rgba(size)));
        if (end != DecodingEnd.Complete)
        {
            return null;
        }

        var image = new RgbImage(size.Width, size.Height, GC.AllocateUninitializedArray<byte>(3 * size.Width * size.Height));
        int pitch = 4 * size.Width, rows = Math.Clamp(StripBytes / pitch, 1, size.Height);
        byte[] strip = ArrayPool<byte>.Shared.Rent(pitch * rows);
        fixed (byte* rgba = strip)
        {
            for (int y = 0; y < size.Height && end == DecodingEnd.Complete; y += rows)
            {
                int count = Math.Min(rows, size.Height - y);
                if (codec.GetScanlines((nint)rgba, count, pitch) < count)
                {
                    end = DecodingEnd.TooShort;
                }
                else
                {
                    DropAlpha(strip.AsSpan(0, count * pitch), image.Pixels.AsSpan(3 * y * size.Width));
                }
            }
        }

        ArrayPool<byte>.Shared.Return(strip);
        return end == DecodingEnd.Complete ? image : null;
    }

    private static RgbImage? DecodeWhole(SKCodec codec, SKSizeI size, out DecodingEnd end)
    {
        nuint pixels = (nuint)size.Width * (nuint)size.Height;
        byte* rgba = (byte*)NativeMemory.Alloc(pixels, 4);
        try
        {
            end = End(codec.GetPixels(Rgba(size), (nint)rgba));
            if (end != DecodingEnd.Complete)
            {
                return null;
            }

            var image = new RgbImage(size.Width, size.Height, GC.AllocateUninitializedArray<byte>(3 * (int)pixels));
            for (int y = 0; y < size.Height; y++)
            {
                DropAlpha(new ReadOnlySpan<byte>(rgba + 4L * y * size.Width, 4 * size.Width), image.Pixels.AsSpan(3 * y * size.Width));
            }

            return image;
        }
        finally
        {
            NativeMemory.Free(rgba);
        }
    }

    private static DecodingEnd End(SKCodecResult result) => result switch
    {
        SKCodecResult.Success => DecodingEnd.Complete,
        SKCodecResult.IncompleteInput => DecodingEnd.TooShort,
        _ => DecodingEnd.Damaged,
    };

    /// <summary>Four bytes a pixel to three.</summary>
    private static void DropAlpha(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        Vector128<byte> colours = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);
        int from = 0, to = 0;
        for (; from + 16 <= rgba.Length && to + 16 <= rgb.Length; from += 16, to += 12)
        {
            Vector128.Shuffle(Vector128.Create(rgba.Slice(from, 16)), colours).CopyTo(rgb[to..]);
        }

        for (; from < rgba.Length; from += 4, to += 3)
        {
            rgba.Slice(from, 3).CopyTo(rgb[to..]);
        }
    }
}
