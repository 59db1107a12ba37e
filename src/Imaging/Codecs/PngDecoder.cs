using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeVit.Imaging;

/// <summary>Decodes PNG through libpng's simplified API.
/// <para>The file is first rewritten in memory with only the chunks that carry pixels (IHDR, PLTE, tRNS, IDAT, IEND). Colour information
/// (gAMA, iCCP, ...) is so ignored, as Pillow ignores it, and compressed texts and profiles are never inflated. Alpha is dropped, as
/// Pillow's <c>convert("RGB")</c> drops it: the colour stored under transparent pixels is what the network sees. 16-bit samples are rounded
/// to 8 bits.</para></summary>
static class PngDecoder
{
    internal static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Deflate's best ratio on one-bit pixels.</summary>
    const int MaxPixelsPerByte = 1032 * 8;

    const uint Ihdr = 0x49484452, Plte = 0x504C5445, Trns = 0x74524E53, Idat = 0x49444154, Iend = 0x49454E44, Exif = 0x65584966;

    /// <summary>Decodes; orientation is applied by the caller.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">The image's name for errors.</param>
    /// <param name="orientation">EXIF orientation 1..8 of an eXIf chunk, 1 without.</param>
    internal static unsafe RgbImage Decode(ReadOnlySpan<byte> file, string name, out int orientation)
    {
        byte[] essential = KeepPixelChunks(file, name, out int width, out int height, out orientation);
        CodecLibrary.Png.Require(name);
        LibPng.Image image = default;
        image.Version = LibPng.ImageVersion;
        fixed (byte* data = essential)
        {
            try
            {
                if (LibPng.BeginReadFromMemory(&image, data, (nuint)essential.Length) == 0)
                    throw Failed(&image, name);
                if (image.Width != width || image.Height != height)
                    throw new ImageException(name, $"the PNG header says {width} x {height} pixels, libpng {image.Width} x {image.Height}.");
                image.Flags |= LibPng.Flag16BitSrgb;
                bool alpha = (image.Format & LibPng.FormatAlpha) != 0;
                image.Format = alpha ? LibPng.FormatRgb | LibPng.FormatAlpha : LibPng.FormatRgb;
                int channels = alpha ? 4 : 3;
                byte[] pixels = new byte[width * height * channels];
                fixed (byte* output = pixels)
                    if (LibPng.FinishRead(&image, null, output, width * channels, null) == 0)
                        throw Failed(&image, name);
                return new RgbImage(width, height, alpha ? DropAlpha(pixels) : pixels);
            }
            finally
            {
                LibPng.Free(&image);
            }
        }
    }

    /// <summary>Reads width and height from the first 24 bytes and checks them.</summary>
    internal static (int Width, int Height) ReadSize(ReadOnlySpan<byte> file, string name)
    {
        if (file.Length < 24 || BinaryPrimitives.ReadUInt32BigEndian(file[12..]) != Ihdr)
            throw new ImageException(name, "a PNG without an IHDR header: the file is truncated or corrupt.");
        uint width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]), height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        if (width is 0 or > int.MaxValue || height is 0 or > int.MaxValue)
            throw new ImageException(name, $"the PNG header claims {width} x {height} pixels: the file is corrupt.");
        ImageDecoder.CheckSize((int)width, (int)height, name);
        return ((int)width, (int)height);
    }

    static byte[] KeepPixelChunks(ReadOnlySpan<byte> file, string name, out int width, out int height, out int orientation)
    {
        (width, height) = ReadSize(file, name);
        ImageDecoder.CheckSize(width, height, name, file.Length, MaxPixelsPerByte);
        orientation = 1;
        byte[] kept = new byte[file.Length];
        Signature.CopyTo(kept);
        int length = Signature.Length, at = Signature.Length;
        while (true)
        {
            if (file.Length - at < 12)
                throw new ImageException(name, $"truncated PNG: it ends at byte {file.Length} without an IEND chunk.");
            uint size = BinaryPrimitives.ReadUInt32BigEndian(file[at..]), type = BinaryPrimitives.ReadUInt32BigEndian(file[(at + 4)..]);
            if (size > (uint)(file.Length - at - 12))
                throw new ImageException(name,
                    $"truncated or corrupt PNG: the chunk at byte {at} wants {size} bytes, {file.Length - at - 12} are left.");
            ReadOnlySpan<byte> chunk = file.Slice(at, (int)size + 12);
            if (type is Ihdr or Plte or Trns or Idat or Iend)
            {
                chunk.CopyTo(kept.AsSpan(length));
                length += chunk.Length;
            }
            else if (type == Exif)
            {
                orientation = ExifOrientation.FromTiff(chunk[8..^4]);
            }
            at += chunk.Length;
            if (type == Iend)
                return kept[..length];
        }
    }

    static byte[] DropAlpha(ReadOnlySpan<byte> rgba)
    {
        byte[] rgb = new byte[rgba.Length / 4 * 3];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
        {
            rgb[to] = rgba[from];
            rgb[to + 1] = rgba[from + 1];
            rgb[to + 2] = rgba[from + 2];
        }
        return rgb;
    }

    static unsafe ImageException Failed(LibPng.Image* image, string name)
    {
        var text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(image->Message);
        return new(name, $"the PNG cannot be decoded: {System.Text.Encoding.Latin1.GetString(text[..Math.Min(text.Length, 63)])}. The file is truncated or corrupt.");
    }
}
