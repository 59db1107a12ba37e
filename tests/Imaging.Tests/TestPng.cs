using System.Buffers.Binary;
using System.IO.Compression;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

/// <summary>Writes PNG files of every colour type and bit depth, straight from the specification and without libpng.</summary>
internal static class TestPng
{
    internal const int Gray = 0, Rgb = 2, Palette = 3, GrayAlpha = 4, Rgba = 6;

    internal static readonly byte[] Signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>8-bit RGB.</summary>
    internal static byte[] Encode(RgbImage image) => Encode(image.Width, image.Height, Rgb, 8, (x, y, c) => image.Pixels[(y * image.Width + x) * 3 + c]);

    /// <summary>Any colour type and depth.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="colourType">One of the constants.</param>
    /// <param name="depth">Bits of a sample: 1, 2, 4, 8 or 16.</param>
    /// <param name="sample">Sample of a pixel: x, y, channel.</param>
    /// <param name="interlaced">In Adam7's seven passes.</param>
    /// <param name="extra">Chunks between IHDR and IDAT.</param>
    internal static byte[] Encode(int width, int height, int colourType, int depth, Func<int, int, int, int> sample, bool interlaced = false, params byte[][] extra)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colourType, (byte)(interlaced ? 1 : 0));
        int channels = colourType switch { Rgb => 3, GrayAlpha => 2, Rgba => 4, _ => 1 };
        using var raw = new MemoryStream();
        (int X, int Y, int Dx, int Dy)[] passes = interlaced
            ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
            : [(0, 0, 1, 1)];
        foreach ((int firstX, int firstY, int dx, int dy) in passes)
        {
            for (int y = firstY; y < height && firstX < width; y += dy)
            {
                WriteRow(raw, Enumerable.Range(0, (width - firstX + dx - 1) / dx).SelectMany(i => Enumerable.Range(0, channels).Select(c => sample(firstX + i * dx, y, c))), depth);
            }
        }

        using var file = new MemoryStream();
        file.Write(Signature);
        file.Write(Chunk("IHDR", header));
        foreach (byte[] chunk in extra)
        {
            file.Write(chunk);
        }

        file.Write(Chunk("IDAT", Deflate(raw.ToArray())));
        file.Write(Chunk("IEND", []));
        return file.ToArray();
    }

    /// <summary>A file that claims a size and has hardly any data.</summary>
    internal static byte[] PlainHeaderOnly(int width, int height)
    {
        byte[] file = Encode(new RgbImage(1, 1));
        byte[] header = file[16..29];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        Chunk("IHDR", header).CopyTo(file, 8);
        return file;
    }

    internal static byte[] Chunk(string type, byte[] data)
    {
        byte[] chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        System.Text.Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    internal static byte[] Deflate(byte[] data)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal))
        {
            zlib.Write(data);
        }

        return compressed.ToArray();
    }

    private static void WriteRow(MemoryStream raw, IEnumerable<int> samples, int depth)
    {
        raw.WriteByte(0);
        int bits = 0, held = 0;
        foreach (int s in samples)
        {
            if (depth == 16)
            {
                raw.WriteByte((byte)(s >> 8));
            }

            held = (held << Math.Min(depth, 8)) | (s & 0xFF);
            bits += Math.Min(depth, 8);
            if (bits != 8)
            {
                continue;
            }

            raw.WriteByte((byte)held);
            (bits, held) = (0, 0);
        }
        if (bits > 0)
        {
            raw.WriteByte((byte)(held << (8 - bits)));
        }
    }

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
            }
        }
        return ~crc;
    }
}
