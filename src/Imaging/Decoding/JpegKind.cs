using System.Buffers.Binary;
using System.Globalization;

namespace EdgeVit.Imaging;

/// <summary>JPEGs that are legal (ITU-T T.81, T.87) and that the decoder does not read.</summary>
internal static class JpegKind
{
    internal const byte LosslessFrame = 0xF7;

    /// <summary>libjpeg's bound.</summary>
    private const int LongestSide = 65500;

    private const string Advice = "Save it again as an ordinary JPEG or as PNG.";

    /// <summary>Why a frame is not decoded, to follow "the JPEG "; null where it is.</summary>
    /// <param name="marker">The frame's marker.</param>
    /// <param name="frame">Its segment: bits a sample, height, width, and three bytes for each component.</param>
    internal static string? WhyNotDecoded(byte marker, ReadOnlySpan<byte> frame)
    {
        (int height, int width) = (BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), BinaryPrimitives.ReadUInt16BigEndian(frame[3..]));
        if (Math.Max(width, height) > LongestSide)
        {
            return string.Create(CultureInfo.InvariantCulture, $"is {width} x {height} pixels by its header, more than the {LongestSide} a side that are decoded. Shrink the image, or copy it again if it is none of that size.");
        }

        string? kind = marker switch
        {
            LosslessFrame => "is a JPEG-LS",
            0xC3 or 0xCB => "is lossless",
            0xC5 or 0xC6 or 0xC7 or 0xCD or 0xCE or 0xCF => "is hierarchical",
            _ => null,
        };
        kind ??= frame[0] != 8 ? string.Create(CultureInfo.InvariantCulture, $"has {frame[0]} bits a sample")
            : frame[5] is not (1 or 3 or 4) ? string.Create(CultureInfo.InvariantCulture, $"has {frame[5]} components")
            : Fractional(frame[6..], frame[5]);
        return kind is null ? null : $"{kind}, which is not decoded. {Advice}";
    }

    /// <summary>Components of which one does not have a whole multiple of another's samples.</summary>
    private static string? Fractional(ReadOnlySpan<byte> components, int count)
    {
        int mostH = 1, mostV = 1;
        for (int c = 0; c < count; c++)
        {
            (mostH, mostV) = (Math.Max(mostH, components[3 * c + 1] >> 4), Math.Max(mostV, components[3 * c + 1] & 15));
        }

        bool whole = true;
        var names = new string[count];
        for (int c = 0; c < count; c++)
        {
            (int h, int v) = (components[3 * c + 1] >> 4, components[3 * c + 1] & 15);
            // A factor of 0 is damage, which the decoder finds.
            whole &= h == 0 || v == 0 || (mostH % h == 0 && mostV % v == 0);
            names[c] = string.Create(CultureInfo.InvariantCulture, $"{h}x{v}");
        }
        return whole ? null : $"has the sampling factors {string.Join(", ", names)}, which are no whole multiples of each other";
    }
}
