using System.Buffers.Binary;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>EXIF tag 0x0112: how the stored pixels must be turned to stand upright.</summary>
internal static class ExifOrientation
{
    private const int Tag = 0x0112;
    private const int TypeByte = 1, TypeShort = 3, TypeLong = 4;

    /// <summary>What stands before the TIFF block in a JPEG's APP1 segment, and sometimes in PNG and WebP.</summary>
    internal static ReadOnlySpan<byte> Prefix => "Exif\0\0"u8;

    /// <summary>Reads the orientation from EXIF data: a TIFF block, with or without <see cref="Prefix"/>. The standard stores it as SHORT;
    /// LONG and BYTE occur, too.</summary>
    /// <returns>1..8; 1 when the tag is absent or anything about the block is damaged: a broken remark must not cost the image.</returns>
    internal static int Read(ReadOnlySpan<byte> exif)
    {
        ReadOnlySpan<byte> tiff = exif.StartsWith(Prefix) ? exif[Prefix.Length..] : exif;
        if (tiff.Length < 8)
        {
            return 1;
        }

        bool little = tiff[0] == 'I';
        if (tiff[0] != tiff[1] || !(little || tiff[0] == 'M') || Word(tiff, 2, little) != 42)
        {
            return 1;
        }

        uint start = Long(tiff, 4, little);
        if (start > (uint)(tiff.Length - 2))
        {
            return 1;
        }

        int directory = (int)start, entries = Word(tiff, directory, little);
        for (int i = 0; i < entries; i++)
        {
            int entry = directory + 2 + 12 * i;
            if (entry + 12 > tiff.Length)
            {
                return 1;
            }

            if (Word(tiff, entry, little) != Tag)
            {
                continue;
            }

            uint value = Word(tiff, entry + 2, little) switch
            {
                TypeByte => tiff[entry + 8],
                TypeShort => Word(tiff, entry + 8, little),
                TypeLong => Long(tiff, entry + 8, little),
                _ => 1,
            };
            return value is >= 1 and <= 8 ? (int)value : 1;
        }
        return 1;
    }

    /// <summary>Turns an image, stored in an orientation of 1..8 as EXIF defines them, upright: out(x, y) = in(origin + x * columnStep + y *
    /// rowStep).</summary>
    internal static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation == 1)
        {
            return image;
        }

        int w = image.Width, h = image.Height, right = w - 1, bottom = (h - 1) * w;
        (int origin, int columnStep, int rowStep) = orientation switch
        {
            2 => (right, -1, w),             // mirrored
            3 => (bottom + right, -1, -w),   // half turn
            4 => (bottom, 1, -w),            // upside down, mirrored
            5 => (0, w, 1),                  // transposed
            6 => (bottom, -w, 1),            // quarter turn clockwise
            7 => (bottom + right, -w, -1),   // transposed over the other diagonal
            8 => (right, w, -1),             // quarter turn counter-clockwise
            _ => throw new ArgumentOutOfRangeException(nameof(orientation), orientation, "EXIF orientations are 1..8."),
        };
        bool turned = orientation >= 5;
        var upright = new RgbImage(turned ? h : w, turned ? w : h);
        byte[] from = image.Pixels, to = upright.Pixels;
        int at = 0;
        for (int y = 0; y < upright.Height; y++)
        {
            int source = origin + y * rowStep;
            for (int x = 0; x < upright.Width; x++, source += columnStep, at += 3)
            {
                to[at] = from[3 * source];
                to[at + 1] = from[3 * source + 1];
                to[at + 2] = from[3 * source + 2];
            }
        }
        return upright;
    }

    private static uint Long(ReadOnlySpan<byte> tiff, int at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[at..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[at..]);

    private static ushort Word(ReadOnlySpan<byte> tiff, int at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(tiff[at..]) : BinaryPrimitives.ReadUInt16BigEndian(tiff[at..]);
}
