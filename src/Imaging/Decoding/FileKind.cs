using System.Buffers.Binary;
using System.Text;

namespace EdgeVit.Imaging;

/// <summary>The formats that are decoded, and none of them.</summary>
internal enum PictureFormat
{
    None,
    Png,
    Jpeg,
    WebP,
    Bmp,
    Gif,
}

/// <summary>Tells by its first bytes what a file is.</summary>
internal static class FileKind
{
    internal const int HeadBytes = 512;

    private const string Convert = "Convert it to PNG or JPEG.";

    /// <summary>The format that a file, or its beginning, is of, where it is one that is decoded.</summary>
    internal static PictureFormat Format(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith(PngStructure.Signature))
        {
            return PictureFormat.Png;
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
        {
            return PictureFormat.Jpeg;
        }

        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8))
        {
            return PictureFormat.Gif;
        }

        if (head.StartsWith("RIFF"u8) && At(head, 8, "WEBP"u8))
        {
            return PictureFormat.WebP;
        }

        return head.StartsWith("BM"u8) && head.Length >= 18 && BinaryPrimitives.ReadInt32LittleEndian(head[14..]) is 12 or 16 or 40 or 52 or 56 or 64 or 108 or 124
            ? PictureFormat.Bmp : PictureFormat.None;
    }

    /// <summary>What a file of another kind is and what to do about it, to follow "not a picture that is read but ".</summary>
    /// <param name="head">The file, or its beginning; not empty.</param>
    internal static (string What, string Advice) Describe(ReadOnlySpan<byte> head) =>
        Picture(head) is { } picture ? (picture, Convert)
        : head.StartsWith("version https://git-lfs"u8) ? ("a Git-LFS pointer to the picture", "Fetch the picture itself:  git lfs pull")
        : head.StartsWith((ReadOnlySpan<byte>)[0, 5, 0x16, 7]) || head.StartsWith((ReadOnlySpan<byte>)[0, 5, 0x16, 0])
            ? ("a macOS resource fork (a \"._\" file beside the picture)", "Delete it; the picture is the file without \"._\".")
        : head.StartsWith("%PDF"u8) ? ("a PDF", "Export its pages as PNG.")
        : head.StartsWith("PK\x03\x04"u8) ? ("a ZIP archive", "Unpack it.")
        : head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) ? ("a gzip archive", "Unpack it.")
        : At(head, 1, "NUMPY"u8) ? ("a NumPy array", Convert)
        : !head.ContainsAnyExcept((byte)0) ? ("a file of zeros", "A copy or download was interrupted: fetch it again.")
        : Text(head) ?? (Targa(head) ? "a TGA" : $"a file that starts with {System.Convert.ToHexString(head[..Math.Min(8, head.Length)])}", Convert);

    /// <summary>What a file of another kind is, in words that are the same for all of the kind.</summary>
    /// <param name="head">The file, or its beginning; not empty.</param>
    internal static string Name(ReadOnlySpan<byte> head)
    {
        string what = Describe(head).What;
        return what.StartsWith("a text that", StringComparison.Ordinal) ? "a text" : what.StartsWith("a file that", StringComparison.Ordinal) ? "no picture" : what;
    }

    private static string? Picture(ReadOnlySpan<byte> head) => head switch
    {
        [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => "a TIFF (or a camera's raw file)",
        [0xFF, 0x0A, ..] or [0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', (byte)' ', ..] => "a JPEG XL",
        [0, 0, 0, 12, (byte)'j', (byte)'P', (byte)' ', (byte)' ', ..] or [0xFF, 0x4F, 0xFF, 0x51, ..] => "a JPEG 2000",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', _, _, _, _, ..] => Brand(head[8..12]),
        [(byte)'P', >= (byte)'1' and <= (byte)'7', (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t', ..] => "a PPM, PGM, PBM or PAM",
        [(byte)'P', (byte)'F' or (byte)'f', (byte)'\n', ..] => "a PFM",
        [(byte)'8', (byte)'B', (byte)'P', (byte)'S', ..] => "a Photoshop document",
        [(byte)'q', (byte)'o', (byte)'i', (byte)'f', ..] => "a QOI",
        [(byte)'D', (byte)'D', (byte)'S', (byte)' ', ..] => "a DDS texture",
        [0x76, 0x2F, 0x31, 0x01, ..] => "an OpenEXR",
        [(byte)'#', (byte)'?', (byte)'R', (byte)'A', ..] => "a Radiance HDR",
        [0, 0, 1 or 2, 0, > 0, 0, ..] => "an icon (ICO)",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'A', (byte)'V', (byte)'I', (byte)' ', ..] or [0x1A, 0x45, 0xDF, 0xA3, ..] => "a video",
        _ => null,
    };

    private static string Brand(ReadOnlySpan<byte> brand) => Encoding.Latin1.GetString(brand) switch
    {
        "avif" or "avis" => "an AVIF",
        "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" or "mif1" or "msf1" => "a HEIC",
        "jp2 " or "jpx " => "a JPEG 2000",
        "crx " => "a camera's raw file (CR3)",
        _ => "a video (MP4 or QuickTime)",
    };

    /// <summary>Null where the bytes are no text.</summary>
    private static (string What, string Advice)? Text(ReadOnlySpan<byte> head)
    {
        const string Fetch = "The download was answered with something else: look at it in an editor and fetch the picture again.";
        ReadOnlySpan<byte> bytes = head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? head[3..] : head;
        bytes = bytes.TrimStart(" \t\r\n"u8);
        string start = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, HeadBytes)]);
        if (bytes.IsEmpty || start.AsSpan().ContainsAnyInRange('\0', '\b') || start[..^Math.Min(start.Length, 3)].Contains('\uFFFD', StringComparison.Ordinal))
        {
            return null;
        }

        if (Starts("<!doctype html") || Starts("<html") || Starts("<head"))
        {
            return ("an HTML page", Fetch);
        }

        if (start.Contains("<svg", StringComparison.OrdinalIgnoreCase))
        {
            return ("an SVG drawing", Convert);
        }

        if (Starts("<?xml") || Starts("<"))
        {
            return ("an XML text", Fetch);
        }

        if (start[0] is '{' or '[')
        {
            return ("a JSON text", Fetch);
        }

        int length = start.AsSpan().IndexOfAny('\r', '\n') is var line and >= 0 ? line : start.Length;
        return ($"a text that starts with '{start[..Math.Min(length, 24)]}'", Fetch);

        bool Starts(string with) => start.StartsWith(with, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>TGA has no mark at its beginning: the fields of its header must make sense.</summary>
    private static bool Targa(ReadOnlySpan<byte> head) =>
        head.Length >= 18 && head[1] <= 1 && head[2] is 1 or 2 or 3 or 9 or 10 or 11 && (head[1] == 1) == (head[2] is 1 or 9)
        && head[16] is 8 or 15 or 16 or 24 or 32 && BinaryPrimitives.ReadUInt16LittleEndian(head[12..]) > 0
        && BinaryPrimitives.ReadUInt16LittleEndian(head[14..]) > 0 && (head[17] & 0xC0) == 0;

    private static bool At(ReadOnlySpan<byte> head, int at, ReadOnlySpan<byte> text) => head.Length >= at && head[at..].StartsWith(text);
}
