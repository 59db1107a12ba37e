using System.Buffers.Binary;

namespace EdgeVit.Imaging;

/// <summary>What a WebP's chunks say, read without decoding a pixel.</summary>
/// <param name="Orientation">EXIF orientation 1..8, 1 without.</param>
/// <param name="HasEnd">The file is as long as its header says.</param>
internal readonly record struct WebpStructure(int Orientation, bool HasEnd)
{
    /// <summary>Walks over the chunks of a whole file, which has at least its RIFF header.</summary>
    internal static WebpStructure Read(ReadOnlySpan<byte> file)
    {
        const uint Exif = 0x46495845;
        bool hasEnd = BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) + 8L <= file.Length;
        for (int at = 12; file.Length - at >= 8;)
        {
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(file[at..]), size = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]);
            if (size > (uint)(file.Length - at - 8))
            {
                break;
            }

            if (type == Exif)
            {
                return new(ExifOrientation.Read(file.Slice(at + 8, (int)size)), hasEnd);
            }

            at += 8 + (int)size + (int)(size & 1);
        }
        return new(1, hasEnd);
    }
}
