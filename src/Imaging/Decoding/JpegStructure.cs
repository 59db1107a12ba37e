using System.Buffers.Binary;

namespace EdgeVit.Imaging;

/// <summary>What a JPEG's markers say, read without decoding a pixel: the codec itself reports neither a progressive file that is cut off nor
/// an orientation stored as LONG.</summary>
/// <param name="Orientation">EXIF orientation 1..8, 1 without.</param>
/// <param name="HasScan">At least one scan begins.</param>
/// <param name="HasEnd">The end marker is there.</param>
/// <param name="Scans">How many scans begin.</param>
/// <param name="CoefficientBytes">What a decoder must hold of a picture that comes in several scans; 0 for one scan.</param>
internal readonly record struct JpegStructure(int Orientation, bool HasScan, bool HasEnd, int Scans, long CoefficientBytes)
{
    private const byte EndOfImage = 0xD9, StartOfScan = 0xDA, App1 = 0xE1;

    /// <summary>Why the decoder does not read it, to follow "the JPEG "; null where it does.</summary>
    internal string? NotDecoded { get; init; }

    /// <summary>Pixels come in several scans: none is known before the last.</summary>
    internal bool HasSeveralScans => CoefficientBytes > 0;

    /// <summary>Walks over the markers of a whole file up to the end marker. Never throws: what is no JPEG further on, the decoder
    /// refuses.</summary>
    internal static JpegStructure Read(ReadOnlySpan<byte> file)
    {
        int orientation = 0, scans = 0;
        bool severalScans = false, hasEnd = false;
        string? notDecoded = null;
        ReadOnlySpan<byte> frame = default;
        for (int at = 2; NextMarker(file, ref at) is var marker and not 0;)
        {
            if (marker == EndOfImage)
            {
                hasEnd = true;
                break;
            }
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                continue;
            }

            int length = SegmentLength(file[at..]);
            if (length == 0)
            {
                break;
            }

            ReadOnlySpan<byte> body = file.Slice(at + 2, length - 2);
            at += length;
            if (marker == App1 && orientation == 0 && body.StartsWith(ExifOrientation.Prefix))
            {
                orientation = ExifOrientation.Read(body);
            }
            else if (frame.IsEmpty && IsFrame(marker) && IsWholeFrame(body))
            {
                frame = body;
                notDecoded = JpegKind.WhyNotDecoded(marker, body);
                severalScans = (marker & 3) == 2;
            }
            else if (marker == StartOfScan)
            {
                scans++;
                severalScans |= !frame.IsEmpty && !body.IsEmpty && body[0] < frame[5];
            }
        }
        return new(Math.Max(orientation, 1), scans > 0, hasEnd, scans, severalScans ? CoefficientsOf(frame) : 0) { NotDecoded = notDecoded };
    }

    private static bool IsWholeFrame(ReadOnlySpan<byte> body) => body.Length >= 6 && body.Length >= 6 + 3 * body[5];

    /// <summary>The length of a segment, its own two bytes included; 0 where the file ends before.</summary>
    private static int SegmentLength(ReadOnlySpan<byte> rest)
    {
        int length = rest.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(rest);
        return length < 2 || length > rest.Length ? 0 : length;
    }

    /// <summary>The next marker's code, with <paramref name="at"/> behind it; 0 at the end of the file. Entropy-coded bytes and stray ones
    /// are passed over.</summary>
    private static byte NextMarker(ReadOnlySpan<byte> file, ref int at)
    {
        while (at < file.Length)
        {
            int found = file[at..].IndexOf((byte)0xFF);
            if (found < 0 || at + found + 1 >= file.Length)
            {
                break;
            }

            at += found + 1;
            byte code = file[at];
            if (code == 0xFF)
            {
                continue;
            }

            at++;
            if (code != 0)
            {
                return code;
            }
        }
        at = file.Length;
        return 0;
    }

    private static bool IsFrame(byte marker) => marker is JpegKind.LosslessFrame or (>= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC));

    /// <summary>Two bytes for each sample of each component.</summary>
    private static long CoefficientsOf(ReadOnlySpan<byte> frame)
    {
        long height = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(frame[3..]);
        int most = 1, all = 0;
        for (int c = 0; c < frame[5]; c++)
        {
            int factors = frame[7 + 3 * c], samples = (factors >> 4) * (factors & 15);
            most = Math.Max(most, samples);
            all += samples;
        }
        return Math.Max(1, 2 * width * height * all / most);
    }
}
