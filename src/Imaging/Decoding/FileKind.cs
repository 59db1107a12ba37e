using System.Buffers.Binary;
using System.Text;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Tells by its first bytes what a file is.</summary>
internal static class FileKind
{
    internal const int HeadBytes = 512;

    private const string Drawing = "an SVG drawing";

    private const string Convert = "Convert it to PNG or JPEG.";

    /// <summary>How JPEG, PNG, GIF and WebP begin in base64, and any picture in a data URL.</summary>
    private static readonly string[] s_base64 = ["/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR", "data:image/"];

    /// <summary>The format of which a file is not even the whole signature; null for others.</summary>
    internal static string? BeginningOf(ReadOnlySpan<byte> file) => file.Length switch
    {
        >= 12 or < 2 => null,
        _ when PictureHead.PngSignature.StartsWith(file) => "PNG",
        _ when file is [0xFF, 0xD8] => "JPEG",
        _ when file.Length > 2 && ("GIF89a"u8.StartsWith(file) || "GIF87a"u8.StartsWith(file)) => "GIF",
        _ when file.StartsWith("RIFF"u8) && "WEBP"u8.StartsWith(file[Math.Min(8, file.Length)..]) => "WebP",
        _ => null,
    };

    /// <summary>What a file of another kind is and what to do about it, to follow "not a picture that is read but ".</summary>
    /// <param name="head">The file, or its beginning; not empty.</param>
    internal static (string What, string Advice) Describe(ReadOnlySpan<byte> head) =>
        PictureHead.Undecoded(head) is { } picture ? (picture, Convert)
        : head.StartsWith("version https://git-lfs"u8) ? ("a Git-LFS pointer to the picture", "Fetch the picture itself:  git lfs pull")
        : head.StartsWith((ReadOnlySpan<byte>)[0, 5, 0x16, 7]) || head.StartsWith((ReadOnlySpan<byte>)[0, 5, 0x16, 0])
            ? ("a macOS resource fork (a \"._\" file beside the picture)", "Delete it; the picture is the file without \"._\".")
        : head.StartsWith("%PDF"u8) ? ("a PDF", "Export its pages as PNG.")
        : head is [0x89, (byte)'P', (byte)'N', (byte)'G', ..]
            ? ("a PNG whose bytes a transfer in text mode has changed", "Fetch it again in binary mode.")
        : Other(head) is { } other ? other
        : !head.ContainsAnyExcept((byte)0) ? ("a file of zeros", "A copy or download was interrupted: fetch it again.")
        : Text(head) ?? Behind(head) ?? (Targa(head) ? "a TGA" : $"a file that starts with {System.Convert.ToHexString(head[..Math.Min(8, head.Length)])}", Convert);

    /// <summary>What a file of another kind is, in words that are the same for all of the kind.</summary>
    /// <param name="head">The file, or its beginning; not empty.</param>
    internal static string Name(ReadOnlySpan<byte> head)
    {
        string what = Describe(head).What;
        return what.StartsWith("a text that", StringComparison.Ordinal) ? "a text" : what.StartsWith("a file that", StringComparison.Ordinal) ? "no picture" : what;
    }

    /// <summary>Archives, data, sounds and programs.</summary>
    private static (string What, string Advice)? Other(ReadOnlySpan<byte> head)
    {
        const string Unpack = "Unpack it.", Fetch = "Fetch the picture itself.";
        return head switch
        {
            [(byte)'H', (byte)'T', (byte)'T', (byte)'P', (byte)'/', >= (byte)'1' and <= (byte)'3', ..] => ("a server's answer with its headers", "Fetch the picture without them, as  curl  does without  -i."),
            [(byte)'P', (byte)'K', 3, 4, ..] => ("a ZIP archive", Unpack),
            [0x1F, 0x8B, ..] => ("a gzip archive", Unpack),
            [(byte)'R', (byte)'a', (byte)'r', (byte)'!', 0x1A, 7, ..] => ("a RAR archive", Unpack),
            [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => ("a 7z archive", Unpack),
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => ("an xz archive", Unpack),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => ("a Zstandard archive", Unpack),
            [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', 0x31, 0x41, ..] => ("a bzip2 archive", Unpack),
            _ when At(head, 257, "ustar"u8) => ("a tar archive", Unpack),
            _ when At(head, 128, "DICM"u8) => ("a DICOM", Convert),
            _ when At(head, 1, "NUMPY"u8) => ("a NumPy array", Convert),
            [0x89, (byte)'H', (byte)'D', (byte)'F', ..] => ("an HDF5 file", Convert),
            [(byte)'S', (byte)'I', (byte)'M', (byte)'P', (byte)'L', (byte)'E', (byte)' ', (byte)' ', (byte)'=', ..] => ("a FITS image", Convert),
            [0x80, >= 2 and <= 5, (byte)'}' or (byte)']' or (byte)'c' or 0x95, ..] => ("a Python pickle", Convert),
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'A', (byte)'V', (byte)'E', ..] or [(byte)'I', (byte)'D', (byte)'3', ..]
                or [(byte)'O', (byte)'g', (byte)'g', (byte)'S', ..] or [(byte)'f', (byte)'L', (byte)'a', (byte)'C', ..] => ("a sound", Fetch),
            [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] or [(byte)'M', (byte)'Z', _, _, _, 0, ..] => ("a program", Fetch),
            [(byte)'b', (byte)'p', (byte)'l', (byte)'i', (byte)'s', (byte)'t', ..] or [(byte)'b', (byte)'o', (byte)'o', (byte)'k', 0, 0, 0, 0, ..]
                => ("a macOS property list or alias in place of the picture", "Let the picture be downloaded, or copy the picture itself."),
            [(byte)'L', 0, 0, 0, 1, 0x14, 2, 0, ..] => ("a Windows shortcut", "Copy the picture that it leads to."),
            _ => null,
        };
    }

    /// <summary>Null where the bytes are no text.</summary>
    private static (string What, string Advice)? Text(ReadOnlySpan<byte> head)
    {
        const string Fetch = "The download was answered with something else: look at it in an editor and fetch the picture again.";
        Encoding encoding = head is [0xFF, 0xFE, ..] ? Encoding.Unicode : head is [0xFE, 0xFF, ..] ? Encoding.BigEndianUnicode : Encoding.UTF8;
        string start = encoding.GetString(head[..Math.Min(head.Length, HeadBytes)]).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (start.Length == 0 || start.AsSpan().ContainsAnyInRange('\0', '\b') || start[..^Math.Min(start.Length, 3)].Contains('\uFFFD', StringComparison.Ordinal))
        {
            return null;
        }

        return Markup(start) is { } markup ? (markup, markup == Drawing ? Convert : Fetch)
            : s_base64.Any(b => start.StartsWith(b, StringComparison.Ordinal)) ? ("a picture written as base64 text", "Decode the text first:  base64 -d")
            : ($"a text that starts with '{FirstLine(start)}'", Fetch);
    }

    private static string? Markup(string text)
    {
        return Starts("<!doctype html") || Starts("<html") || Starts("<head") ? "an HTML page"
            : text.Contains("<svg", StringComparison.OrdinalIgnoreCase) ? Drawing
            : text[0] == '<' ? "an XML text"
            : text[0] is '{' or '[' ? "a JSON text" : null;

        bool Starts(string with) => text.StartsWith(with, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A picture that something stands before, such as an empty line that a program printed; null for others.</summary>
    private static (string What, string Advice)? Behind(ReadOnlySpan<byte> head)
    {
        for (int at = 1; at < head.Length; at++)
        {
            if (PictureHead.Format(head[at..]) is var format and (PictureFormat.Png or PictureFormat.Jpeg or PictureFormat.Gif))
            {
                return ($"a {(format == PictureFormat.Gif ? "GIF" : format == PictureFormat.Png ? "PNG" : "JPEG")} behind other bytes", $"Cut off what stands before it:  tail -c +{at + 1}");
            }
        }

        return null;
    }

    private static string FirstLine(string text)
    {
        int length = text.AsSpan().IndexOfAny('\r', '\n') is var line and >= 0 ? line : text.Length;
        return text[..Math.Min(length, 24)];
    }

    /// <summary>TGA has no mark at its beginning: the fields of its header must make sense.</summary>
    private static bool Targa(ReadOnlySpan<byte> head) =>
        head.Length >= 18 && head[1] <= 1 && head[2] is 1 or 2 or 3 or 9 or 10 or 11 && (head[1] == 1) == (head[2] is 1 or 9)
        && head[16] is 8 or 15 or 16 or 24 or 32 && BinaryPrimitives.ReadUInt16LittleEndian(head[12..]) > 0
        && BinaryPrimitives.ReadUInt16LittleEndian(head[14..]) > 0 && (head[17] & 0xC0) == 0;

    private static bool At(ReadOnlySpan<byte> head, int at, ReadOnlySpan<byte> text) => head.Length >= at && head[at..].StartsWith(text);
}
