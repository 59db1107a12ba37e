using System.Buffers.Binary;
using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>PNG, JPEG, WebP, BMP and GIF (its first frame) to upright 8-bit RGB. The format is recognised by the first bytes, never by the file's
/// extension. The rules are Pillow's <c>ImageOps.exif_transpose(im).convert("RGB")</c>, and the pixels are Pillow's within one level: alpha
/// dropped, colour profiles ignored, EXIF orientation applied, CMYK converted without a profile. 16-bit samples keep their high byte
/// (Pillow clips 16-bit gray at 255).</summary>
public static class ImageDecoder
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaxFileBytes = 512 << 20;

    /// <summary>The environment variable that sets <see cref="MaxPixels"/>.</summary>
    public const string MaxPixelsVariable = "EDGEVIT_MAX_PIXELS";

    /// <summary>The largest bound that is taken without being asked for, in pixels.</summary>
    internal const int UsualMaxPixels = 64_000_000;

    /// <summary>What decoding takes at most, for a pixel: four channels and the three of the result.</summary>
    internal const int BytesPerPixel = 7;

    /// <summary>Progressive JPEGs of more scans than this are made to take long.</summary>
    private const int MaxScans = 500;

    /// <summary>The most pixels that a format can put into a byte, so that a small damaged file cannot ask for much memory: a block of a JPEG
    /// has at least one bit (512, and four times that where all components are subsampled); Deflate's best ratio is 1032, of eight pixels
    /// of one bit.</summary>
    private const int JpegPixelsPerByte = 2048, PngPixelsPerByte = 1032 * 8, AnyPixelsPerByte = int.MaxValue;

    private static readonly string[] s_extensions = [".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif"];

    private static long s_maxPixels;

    /// <summary>The most pixels that are decoded: larger JPEGs are decoded at 1/2, 1/4 or 1/8 of their size, other pictures are refused. Unless it
    /// is set here or by <see cref="MaxPixelsVariable"/>, 64 million, and fewer where an eighth of the memory does not hold them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public static long MaxPixels
    {
        get => s_maxPixels > 0 ? s_maxPixels : s_maxPixels = FromEnvironment();
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            s_maxPixels = value;
        }
    }

    /// <summary>Whether a file's extension is that of a picture that is decoded. (Its format is decided by its content later.)</summary>
    /// <param name="path">The file's name.</param>
    public static bool HasImageExtension(string path) => s_extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc cref="DecodeFile(string, out string?)"/>
    public static RgbImage DecodeFile(string path) => DecodeFile(path, out _);

    /// <summary>Decodes an image file.</summary>
    /// <param name="path">A PNG, JPEG, WebP, BMP or GIF file.</param>
    /// <param name="warning">What is odd about a picture that was decoded all the same; null for most.</param>
    /// <exception cref="ImageException">The file cannot be read or decoded.</exception>
    public static RgbImage DecodeFile(string path, out string? warning)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Decode(PictureFile.ReadAll(path), path, out warning);
    }

    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, string, out string?)"/>
    public static RgbImage Decode(ReadOnlySpan<byte> file, string nameForErrors) => Decode(file, nameForErrors, out _);

    /// <summary>Decodes an image in memory.</summary>
    /// <param name="file">The bytes of a PNG, JPEG, WebP, BMP or GIF file.</param>
    /// <param name="nameForErrors">How messages call the image.</param>
    /// <param name="warning">What is odd about a picture that was decoded all the same; null for most.</param>
    /// <exception cref="ImageException">The bytes are no such picture, damaged, too large, or the decoder's library is missing.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, string nameForErrors, out string? warning) => Decode(file, nameForErrors, MaxPixels, out warning);

    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, string, out string?)"/>
    internal static RgbImage Decode(ReadOnlySpan<byte> file, string nameForErrors, long maxPixels, out string? warning)
    {
        ArgumentNullException.ThrowIfNull(nameForErrors);
        warning = null;
        switch (RequireFormat(file, nameForErrors))
        {
            case PictureFormat.Jpeg:
                return DecodeJpeg(file, nameForErrors, maxPixels, out warning);
            case PictureFormat.Png:
                (int width, int height) = PngStructure.ReadSize(file, nameForErrors);
                CheckSize(width, height, nameForErrors, maxPixels);
                PngStructure png = PngStructure.Read(file);
                return Upright(Decode(file, nameForErrors, "PNG", png.HasEnd, PngPixelsPerByte, maxPixels), png.Orientation);
            case PictureFormat.WebP:
                WebpStructure webp = WebpStructure.Read(file);
                return Upright(Decode(file, nameForErrors, "WebP", webp.HasEnd, AnyPixelsPerByte, maxPixels), webp.Orientation);
            case PictureFormat.Gif:
                GifStructure gif = GifStructure.Read(file);
                return Decode(gif.Opaque(file), nameForErrors, "GIF", gif.HasFrame, AnyPixelsPerByte, maxPixels);
            default:
                bool hasPixels = file.Length > BinaryPrimitives.ReadUInt32LittleEndian(file[10..]);
                return Decode(file, nameForErrors, "BMP", hasPixels, AnyPixelsPerByte, maxPixels);
        }
    }

    /// <summary>The cheap check: reads the first bytes of a file and throws if they cannot be those of a picture of a decodable size. A
    /// file that passes may still be damaged further on.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">No such file, empty, not an image, or too large.</exception>
    public static void CheckFileHeader(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] head = PictureFile.ReadHead(path);
        if (RequireFormat(head, path) != PictureFormat.Png)
        {
            return;
        }

        (int width, int height) = PngStructure.ReadSize(head, path);
        CheckSize(width, height, path, MaxPixels);
    }

    /// <summary>Why a file is no picture that is decoded, as its first bytes say: the same words for all of a kind. Null where it is one.</summary>
    internal static string? WhyNoPicture(string path)
    {
        try
        {
            byte[] head = PictureFile.ReadHead(path);
            return head.Length == 0 ? "empty" : PictureHead.Format(head) == PictureFormat.None ? FileKind.Name(head) : null;
        }
        catch (Exception e) when (e is ImageException or IOException or UnauthorizedAccessException)
        {
            return "cannot be read";
        }
    }

    /// <summary>Throws when an image that claims this size must not be decoded.</summary>
    internal static void CheckSize(int width, int height, string name, long maxPixels)
    {
        long pixels = (long)width * height;
        if (3 * pixels > Array.MaxLength)
        {
            throw new ImageException(name, $"{width} x {height} pixels are more than one array holds. Shrink the image first.");
        }

        if (pixels > maxPixels)
        {
            throw new ImageException(name, $"{width} x {height} pixels, more than the {maxPixels} that are decoded here. "
                + $"Shrink the image, or raise the bound with {MaxPixelsVariable}={pixels} ({pixels * BytesPerPixel >> 20} MB of memory).");
        }
    }

    /// <summary>Throws when a file of this length cannot hold what its header claims.</summary>
    internal static void CheckPlausible(int width, int height, string name, int fileBytes, int pixelsPerByte)
    {
        if ((long)width * height > (long)fileBytes * pixelsPerByte)
        {
            throw new ImageException(name,
                $"the header claims {width} x {height} pixels, which {fileBytes} bytes cannot hold: the file is cut off or corrupt.");
        }
    }

    internal static ImageException CutOff(string name, string format, int bytes) =>
        new(name, $"the {format} is cut off after {bytes} bytes. Copy or download the file again.");

    /// <summary>A picture without end marker is what some cameras send: decoded where nothing but the marker is missing.</summary>
    private static RgbImage DecodeJpeg(ReadOnlySpan<byte> file, string name, long maxPixels, out string? warning)
    {
        JpegStructure jpeg = JpegStructure.Read(file);
        if (jpeg.NotDecoded is { } kind)
        {
            throw new ImageException(name, $"the JPEG {kind}");
        }

        if (!jpeg.HasEnd && (!jpeg.HasScan || jpeg.HasSeveralScans))
        {
            throw CutOff(name, "JPEG", file.Length);
        }

        if (jpeg.Scans > MaxScans)
        {
            throw new ImageException(name, $"the JPEG comes in {jpeg.Scans} scans, more than {MaxScans}: it is damaged or made to take long.");
        }

        if (jpeg.CoefficientBytes > maxPixels * BytesPerPixel)
        {
            throw new ImageException(name, $"decoding this progressive JPEG takes {jpeg.CoefficientBytes >> 20} MB. "
                + $"Shrink the image, or raise the bound with {MaxPixelsVariable}={jpeg.CoefficientBytes / BytesPerPixel + 1}.");
        }

        RgbImage? image = SkiaDecoder.Decode(file, name, scalable: true, JpegPixelsPerByte, maxPixels, out int scale, out DecodingEnd end);
        if (end == DecodingEnd.TooShort && !jpeg.HasEnd)
        {
            // The decoder reads eight bytes ahead.
            byte[] padded = [.. file, 0, 0, 0, 0, 0, 0, 0, 0];
            image = SkiaDecoder.Decode(padded, name, scalable: true, JpegPixelsPerByte, maxPixels, out scale, out end);
        }
        if (image is null)
        {
            throw Failed(name, "JPEG", end, file.Length);
        }

        warning = !jpeg.HasEnd ? "a JPEG without end marker: its last pixels may be wrong."
            : scale > 1 ? $"decoded at 1/{scale} of its size, to {image.Width} x {image.Height} pixels (bound: {maxPixels} pixels, {MaxPixelsVariable})."
            : null;
        return Upright(image, jpeg.Orientation);
    }

    private static RgbImage Decode(ReadOnlySpan<byte> file, string name, string format, bool hasEnd, int pixelsPerByte, long maxPixels)
    {
        if (!hasEnd)
        {
            throw CutOff(name, format, file.Length);
        }

        return SkiaDecoder.Decode(file, name, scalable: false, pixelsPerByte, maxPixels, out _, out DecodingEnd end)
            ?? throw Failed(name, format, end, file.Length);
    }

    private static RgbImage Upright(RgbImage image, int orientation) => ExifOrientation.Apply(image, orientation);

    private static ImageException Failed(string name, string format, DecodingEnd end, int bytes) => end == DecodingEnd.TooShort
        ? CutOff(name, format, bytes)
        : new(name, $"the {format} cannot be decoded: its data is damaged, or of a kind that the decoder does not read.");

    internal static PictureFormat RequireFormat(ReadOnlySpan<byte> file, string name)
    {
        if (file.IsEmpty)
        {
            throw new ImageException(name, "the file is empty.");
        }

        PictureFormat format = PictureHead.Format(file);
        if (format != PictureFormat.None)
        {
            return format;
        }

        if (FileKind.BeginningOf(file) is { } begun)
        {
            throw CutOff(name, begun, file.Length);
        }

        (string what, string advice) = FileKind.Describe(file);
        throw new ImageException(name, $"not a PNG, JPEG, WebP, BMP or GIF but {what}. {advice}");
    }

    private static long FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable(MaxPixelsVariable) is { Length: > 0 } text)
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long pixels) && pixels > 0
                ? pixels : throw new ImageException(MaxPixelsVariable, $"'{text}' is no number of pixels; expected for example 200000000.");
        }

        return DecodingMemory.FittingPixels(UsualMaxPixels, share: 8);
    }
}
