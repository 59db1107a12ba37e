using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace EdgeVit.Imaging.Tests;

/// <summary>Writes a MATLAB file of version 5 like the one of ImageNet's development kit: a table of structures with a number and texts.</summary>
internal static class TestMat
{
    /// <summary>One structure for each synset.</summary>
    internal static byte[] Synsets(IReadOnlyList<(int Number, string Name)> synsets, bool compressed, int numberKind = 9)
    {
        string[] fields = ["ILSVRC2012_ID", "WNID", "words", "num_children"];
        byte[] names = new byte[32 * fields.Length];
        for (int f = 0; f < fields.Length; f++)
        {
            Encoding.Latin1.GetBytes(fields[f], names.AsSpan(32 * f));
        }

        byte[] cells = [.. synsets.SelectMany(s => (byte[])[.. Array(6, "", [1, 1], Number(s.Number, numberKind)), .. Text(s.Name), .. Text("a thing, another"), .. Array(6, "", [1, 1], Number(0, 2))])];
        byte[] table = Array(2, "synsets", [synsets.Count, 1], [.. Element(5, [32, 0, 0, 0]), .. Element(1, names), .. cells]);
        byte[] other = Array(6, "version", [1, 1], Number(12, 2));
        byte[] header = new byte[128];
        Encoding.Latin1.GetBytes("MATLAB 5.0 MAT-file, Platform: GLNXA64".PadRight(116), header);
        (header[124], header[125], header[126], header[127]) = (0, 1, (byte)'I', (byte)'M');
        return [.. header, .. Packed(other, compressed), .. Packed(table, compressed)];
    }

    private static byte[] Packed(byte[] element, bool compressed)
    {
        if (!compressed)
        {
            return element;
        }

        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Optimal))
        {
            stream.Write(element);
        }

        byte[] bytes = packed.ToArray();
        return [.. Tag(15, bytes.Length), .. bytes];
    }

    private static byte[] Text(string text) => Array(4, "", [1, text.Length], Element(4, Encoding.Unicode.GetBytes(text)));

    /// <summary>The kinds in which MATLAB stores whole numbers: as small as they are.</summary>
    private static byte[] Number(int value, int kind)
    {
        byte[] bytes = new byte[kind == 9 ? 8 : kind == 2 ? 1 : 2];
        switch (kind)
        {
            case 9:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                break;
            case 2:
                bytes[0] = (byte)value;
                break;
            default:
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
                break;
        }

        return Element(kind, bytes);
    }

    private static byte[] Array(int @class, string name, int[] sizes, byte[] content)
    {
        byte[] flags = new byte[8], dimensions = new byte[4 * sizes.Length];
        flags[0] = (byte)@class;
        for (int i = 0; i < sizes.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(dimensions.AsSpan(4 * i), sizes[i]);
        }

        return Element(14, [.. Element(6, flags), .. Element(5, dimensions), .. Element(1, Encoding.Latin1.GetBytes(name)), .. content]);
    }

    /// <summary>Up to four bytes lie within the tag.</summary>
    private static byte[] Element(int kind, byte[] data) => data.Length is > 0 and <= 4
        ? [(byte)kind, 0, (byte)data.Length, 0, .. data, .. new byte[4 - data.Length]]
        : [.. Tag(kind, data.Length), .. data, .. new byte[(8 - data.Length % 8) % 8]];

    private static byte[] Tag(int kind, int length)
    {
        byte[] tag = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(tag, kind);
        BinaryPrimitives.WriteInt32LittleEndian(tag.AsSpan(4), length);
        return tag;
    }
}
