using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>What a PNG's chunks say, read without decoding a pixel.</summary>
/// <param name="Orientation">EXIF orientation 1..8 of an <c>eXIf</c> chunk, else of a text "Raw profile type exif" as ImageMagick writes
/// it; 1 without.</param>
/// <param name="HasEnd">All chunks are whole and the last is there.</param>
internal readonly record struct PngStructure(int Orientation, bool HasEnd)
{
    private const uint Ihdr = 0x49484452, Iend = 0x49454E44, Exif = 0x65584966, Text = 0x74455874, CompressedText = 0x7A545874;

    /// <summary>The largest profile that is unpacked, in characters. EXIF data has at most 64 KB, two characters a byte.</summary>
    private const int MaxProfile = 1 << 18;

    private static ReadOnlySpan<byte> RawProfile => "Raw profile type exif\0"u8;

    /// <summary>Width and height from the first 24 bytes of a PNG.</summary>
    /// <exception cref="ImageException">There is no such header, or its sides are impossible.</exception>
    internal static (int Width, int Height) ReadSize(ReadOnlySpan<byte> file, string name)
    {
        if (file.Length < 24)
        {
            throw ImageDecoder.CutOff(name, "PNG", file.Length);
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(file[12..]) != Ihdr)
        {
            throw new ImageException(name, "a PNG without an IHDR header: the file is corrupt.");
        }

        uint width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]), height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        if (width is 0 or > int.MaxValue || height is 0 or > int.MaxValue)
        {
            throw new ImageException(name, $"the PNG header claims {width} x {height} pixels: the file is corrupt.");
        }

        return ((int)width, (int)height);
    }

    /// <summary>Walks over the chunks of a whole file.</summary>
    internal static PngStructure Read(ReadOnlySpan<byte> file)
    {
        int orientation = 0, fromProfile = 0;
        for (int at = PictureHead.PngSignature.Length; file.Length - at >= 12;)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(file[at..]), type = BinaryPrimitives.ReadUInt32BigEndian(file[(at + 4)..]);
            if (size > (uint)(file.Length - at - 12))
            {
                break;
            }

            ReadOnlySpan<byte> body = file.Slice(at + 8, (int)size);
            if (type == Exif && orientation == 0)
            {
                orientation = ExifOrientation.Read(body);
            }
            else if (type is Text or CompressedText && fromProfile == 0 && body.StartsWith(RawProfile))
            {
                fromProfile = FromProfile(body[RawProfile.Length..], type == CompressedText);
            }
            else if (type == Iend)
            {
                return Result(hasEnd: true);
            }

            at += body.Length + 12;
        }
        return Result(hasEnd: false);

        PngStructure Result(bool hasEnd) => new(orientation > 0 ? orientation : Math.Max(fromProfile, 1), hasEnd);
    }

    /// <summary>"\nexif\n    LENGTH\n" and then hexadecimal digits in lines. Damage counts as upright.</summary>
    private static int FromProfile(ReadOnlySpan<byte> text, bool compressed)
    {
        const byte NewLine = (byte)'\n';
        if (compressed)
        {
            text = text.IsEmpty ? text : Inflate(text[1..]);
        }

        text = text.TrimStart(NewLine);
        int name = text.IndexOf(NewLine), length = name < 0 ? -1 : text[(name + 1)..].IndexOf(NewLine);
        if (length < 0)
        {
            return 1;
        }

        ReadOnlySpan<byte> lines = text[(name + length + 2)..];
        byte[] digits = new byte[Math.Min(lines.Length, MaxProfile)];
        int count = 0;
        foreach (byte b in lines[..digits.Length])
        {
            if (char.IsAsciiHexDigit((char)b))
            {
                digits[count++] = b;
            }
        }

        byte[] exif = new byte[count / 2];
        for (int i = 0; i < exif.Length; i++)
        {
            exif[i] = byte.Parse(digits.AsSpan(2 * i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }

        return ExifOrientation.Read(exif);
    }

    private static ReadOnlySpan<byte> Inflate(ReadOnlySpan<byte> zlib)
    {
        byte[] text = new byte[MaxProfile];
        try
        {
            using var stream = new ZLibStream(new MemoryStream(zlib.ToArray()), CompressionMode.Decompress);
            return text.AsSpan(0, stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false));
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }
}
