namespace EdgeVit.Imaging;

/// <summary>PNG and JPEG to upright 8-bit RGB. The format is told by the first bytes, never by the file's extension. The rules (alpha
/// dropped, colour profiles ignored, EXIF orientation applied, the decoder's exact DCT) are Pillow's
/// <c>ImageOps.exif_transpose(im).convert("RGB")</c>.</summary>
public static class ImageDecoder
{
    /// <summary>The largest image that is decoded, in pixels: a guard against files that unpack to more than memory holds.</summary>
    public const int MaxPixels = 100_000_000;

    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaxFileBytes = 512 << 20;

    /// <summary>Decodes an image file.</summary>
    /// <param name="path">A PNG or JPEG file.</param>
    /// <exception cref="ImageException">The file cannot be read or decoded.</exception>
    public static RgbImage DecodeFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Decode(ReadFile(path), path);
    }

    /// <summary>Decodes an image in memory.</summary>
    /// <param name="file">The bytes of a PNG or JPEG file.</param>
    /// <param name="nameForErrors">How messages call the image.</param>
    /// <exception cref="ImageException">The bytes are no PNG or JPEG, damaged, too large, or the codec library is missing.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, string nameForErrors)
    {
        ArgumentNullException.ThrowIfNull(nameForErrors);
        CheckFormat(file, nameForErrors);
        RgbImage image = file.StartsWith(PngDecoder.Signature)
            ? PngDecoder.Decode(file, nameForErrors, out int orientation)
            : JpegDecoder.Decode(file, nameForErrors, out orientation);
        return ExifOrientation.Apply(image, orientation);
    }

    /// <summary>The cheap check: reads the first bytes of a file and throws if they cannot be those of a PNG or JPEG of a decodable size. A
    /// file that passes may still be damaged further on.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">No such file, empty, not an image, or too large.</exception>
    public static void CheckFileHeader(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] head = Reading(path, static p =>
        {
            using FileStream stream = new(p, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            byte[] bytes = new byte[24];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        });
        CheckFormat(head, path);
        if (head.AsSpan().StartsWith(PngDecoder.Signature))
            PngDecoder.ReadSize(head, path);
    }

    /// <summary>Throws when an image of this size must not be decoded.</summary>
    /// <param name="width">Columns that the file claims.</param>
    /// <param name="height">Rows that the file claims.</param>
    /// <param name="name">The image's name for errors.</param>
    /// <param name="fileBytes">Length of the file, where it is known.</param>
    /// <param name="pixelsPerByte">More pixels than this the format cannot put into a byte, so that a small damaged file cannot ask for
    /// much memory.</param>
    internal static void CheckSize(int width, int height, string name, int fileBytes = int.MaxValue, int pixelsPerByte = int.MaxValue)
    {
        if ((long)width * height > (long)fileBytes * pixelsPerByte)
            throw new ImageException(name,
                $"the header claims {width} x {height} pixels, which {fileBytes} bytes cannot hold: the file is truncated or corrupt.");
        if ((long)width * height > MaxPixels)
            throw new ImageException(name,
                $"{width} x {height} pixels; at most {MaxPixels / 1_000_000} million are decoded. Shrink the image first.");
    }

    static void CheckFormat(ReadOnlySpan<byte> file, string name)
    {
        if (file.IsEmpty)
            throw new ImageException(name, "the file is empty.");
        if (file.StartsWith(PngDecoder.Signature) || file.StartsWith(JpegDecoder.Signature))
            return;
        string found = file switch
        {
            [(byte)'G', (byte)'I', (byte)'F', ..] => "a GIF",
            [(byte)'B', (byte)'M', ..] => "a BMP",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "a WebP",
            [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => "a TIFF",
            [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => "a HEIF, AVIF or video file",
            _ => $"a file that starts with {Convert.ToHexString(file[..Math.Min(8, file.Length)])}",
        };
        throw new ImageException(name, $"not a PNG or JPEG but {found}. Convert it to PNG or JPEG.");
    }

    static byte[] ReadFile(string path) => Reading(path, static p =>
    {
        using FileStream stream = new(p, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.Length > MaxFileBytes)
            throw new ImageException(p, $"{stream.Length} bytes; at most {MaxFileBytes} are read.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    });

    static byte[] Reading(string path, Func<string, byte[]> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException(path, "no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ImageException(path, $"cannot be read: {e.Message}", e);
        }
    }
}
