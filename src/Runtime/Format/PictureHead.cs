using System.Buffers.Binary;
using System.Text;

namespace EdgeVit.Runtime;

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

/// <summary>Tells pictures by their first bytes.</summary>
internal static class PictureHead
{
    /// <summary>How every PNG begins.</summary>
    internal static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <summary>The format that a file, or its beginning, is of, where it is one that is decoded.</summary>
    internal static PictureFormat Format(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith(PngSignature))
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

    /// <summary>Whether a file is a picture, of a format that is decoded or of another, and no clip.</summary>
    internal static bool Is(ReadOnlySpan<byte> head) => Format(head) != PictureFormat.None || Undecoded(head)?.StartsWith("a video", StringComparison.Ordinal) == false;

    /// <summary>What a picture of a format that is not decoded, or a clip, is; null for others.</summary>
    internal static string? Undecoded(ReadOnlySpan<byte> head) => head switch
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

    private static bool At(ReadOnlySpan<byte> head, int at, ReadOnlySpan<byte> text) => head.Length >= at && head[at..].StartsWith(text);
}
