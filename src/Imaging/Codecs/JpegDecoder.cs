using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeVit.Imaging;

/// <summary>Decodes JPEG through TurboJPEG with the exact DCT and smooth chroma upsampling, which gives the pixels that Pillow gives.
/// Grayscale becomes three equal channels; CMYK and YCCK are taken as Adobe stores them (inverted) and converted without a colour
/// profile.</summary>
static class JpegDecoder
{
    internal static ReadOnlySpan<byte> Signature => [0xFF, 0xD8, 0xFF];

    /// <summary>Every 8 x 8 block has at least one bit in the first scan: 512; the rest is for chroma-like subsampling of all
    /// components.</summary>
    const int MaxPixelsPerByte = 2048;

    /// <summary>Decodes; orientation is applied by the caller.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">The image's name for errors.</param>
    /// <param name="orientation">EXIF orientation 1..8, 1 where the file has none.</param>
    internal static unsafe RgbImage Decode(ReadOnlySpan<byte> file, string name, out int orientation)
    {
        CodecLibrary.Jpeg.Require(name);
        orientation = Orientation(file);
        nint handle = LibTurboJpeg.InitDecompress();
        if (handle == 0)
            throw new ImageException(name, "TurboJPEG could not start (out of memory).");
        try
        {
            fixed (byte* data = file)
            {
                CULong size = new((nuint)file.Length);
                if (LibTurboJpeg.DecompressHeader(handle, data, size, out int width, out int height, out _, out int colour) != 0
                    && !(width > 0 && height > 0 && IsHarmless(Message(handle))))
                    throw Failed(handle, name);
                ImageDecoder.CheckSize(width, height, name, file.Length, MaxPixelsPerByte);
                bool cmyk = colour is LibTurboJpeg.ColourCmyk or LibTurboJpeg.ColourYcck;
                int channels = cmyk ? 4 : 3;
                byte[] pixels = new byte[width * height * channels];
                fixed (byte* output = pixels)
                    Decompress(handle, data, size, output, width, height, cmyk, name);
                return new RgbImage(width, height, cmyk ? CmykToRgb(pixels) : pixels);
            }
        }
        finally
        {
            _ = LibTurboJpeg.Destroy(handle);
        }
    }

    /// <summary>Strict first. Stray bytes between markers are common in files from cameras and do no harm: such a file is decoded again
    /// without stopping, and refused only if something else is wrong as well.</summary>
    static unsafe void Decompress(nint handle, byte* data, CULong size, byte* output, int width, int height, bool cmyk, string name)
    {
        int format = cmyk ? LibTurboJpeg.PixelCmyk : LibTurboJpeg.PixelRgb, pitch = width * (cmyk ? 4 : 3);
        int flags = LibTurboJpeg.FlagAccurateDct | LibTurboJpeg.FlagLimitScans;
        if (LibTurboJpeg.Decompress(handle, data, size, output, width, pitch, height, format, flags | LibTurboJpeg.FlagStopOnWarning) == 0)
            return;
        if (!IsHarmless(Message(handle)))
            throw Failed(handle, name);
        if (LibTurboJpeg.Decompress(handle, data, size, output, width, pitch, height, format, flags) != 0 && !IsHarmless(Message(handle)))
            throw Failed(handle, name);
    }

    /// <summary>EXIF orientation of the first APP1 segment that has one; 1 when there is none or it is damaged.</summary>
    internal static int Orientation(ReadOnlySpan<byte> file)
    {
        const byte App1 = 0xE1, StartOfScan = 0xDA, EndOfImage = 0xD9;
        int at = 2;
        while (at + 4 <= file.Length && file[at] == 0xFF)
        {
            byte marker = file[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }
            if (marker is StartOfScan or EndOfImage)
                return 1;
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                at += 2;
                continue;
            }
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || length > file.Length - at - 2)
                return 1;
            ReadOnlySpan<byte> body = file.Slice(at + 4, length - 2);
            if (marker == App1 && body.StartsWith("Exif\0\0"u8))
                return ExifOrientation.FromTiff(body[6..]);
            at += 2 + length;
        }
        return 1;
    }

    /// <summary>Pillow's formula on stored (inverted) samples: channel = k - (255 - c) * k / 255, rounded.</summary>
    static byte[] CmykToRgb(ReadOnlySpan<byte> cmyk)
    {
        byte[] rgb = new byte[cmyk.Length / 4 * 3];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
        {
            int k = cmyk[from + 3];
            for (int c = 0; c < 3; c++)
            {
                int product = (255 - cmyk[from + c]) * k + 128;
                rgb[to + c] = (byte)(k - (((product >> 8) + product) >> 8));
            }
        }
        return rgb;
    }

    static bool IsHarmless(string message) => message.Contains("extraneous bytes before marker", StringComparison.Ordinal);

    static string Message(nint handle) => Marshal.PtrToStringUTF8(LibTurboJpeg.ErrorText(handle)) ?? "no reason given";

    static ImageException Failed(nint handle, string name) =>
        new(name, $"the JPEG cannot be decoded: {Message(handle)}. The file is truncated, corrupt or of a kind that libjpeg does not read.");
}
