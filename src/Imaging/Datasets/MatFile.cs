using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace EdgeVit.Imaging;

/// <summary>An array of a MATLAB file.</summary>
/// <param name="Name">Empty within others.</param>
/// <param name="Text">What an array of characters says; else null.</param>
/// <param name="Number">The first number of an array of numbers; else null.</param>
/// <param name="Fields">Names of the fields of an array of structures; else empty.</param>
/// <param name="Values">Fields of the first structure, then of the second, and so on.</param>
internal sealed record MatArray(string Name, string? Text, double? Number, IReadOnlyList<string> Fields, IReadOnlyList<MatArray> Values);

/// <summary>Reads what ImageNet's development kit needs of MATLAB files of version 5, compressed or not: texts, numbers and structures (The MathWorks,
/// "MAT-File Format", level 5).</summary>
internal static class MatFile
{
    private const int HeaderBytes = 128, MaxBytes = 64 << 20, MaxDepth = 8;

    // Kinds of elements, and classes of arrays.
    private const int Int8 = 1, Utf8 = 16, Matrix = 14, Compressed = 15;
    private const int StructClass = 2, CharClass = 4;

    /// <summary>The arrays of a file.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or damaged.</exception>
    internal static List<MatArray> Read(byte[] file)
    {
        if (file.Length < HeaderBytes || !file.AsSpan().StartsWith("MATLAB 5.0"u8) || !file.AsSpan(126).StartsWith("IM"u8))
        {
            throw new InvalidDataException("it is no MATLAB file of version 5");
        }

        List<MatArray> arrays = [];
        for (ReadOnlySpan<byte> rest = file.AsSpan(HeaderBytes); rest.Length >= 8;)
        {
            (int kind, ReadOnlySpan<byte> data) = Next(ref rest);
            if (kind == Compressed)
            {
                ReadOnlySpan<byte> inflated = Inflate(data);
                (kind, data) = Next(ref inflated);
            }

            if (kind == Matrix)
            {
                arrays.Add(Array(data, 0));
            }
        }
        return arrays;
    }

    private static byte[] Inflate(ReadOnlySpan<byte> data)
    {
        using var stream = new ZLibStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
        using var inflated = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            inflated.Write(buffer, 0, inflated.Length + read <= MaxBytes ? read : throw Damaged());
        }

        return inflated.ToArray();
    }

    /// <summary>The next element: its kind and its data.</summary>
    private static Element Next(scoped ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 8)
        {
            throw Damaged();
        }

        uint kind = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (kind >> 16 is var small and not 0)
        {
            Element found = new((int)(kind & 0xFFFF), rest.Slice(4, (int)Math.Min(small, 4)));
            rest = rest[8..];
            return found;
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (size > rest.Length - 8)
        {
            throw Damaged();
        }

        Element element = new((int)kind, rest.Slice(8, (int)size));
        int padded = kind == Compressed ? (int)size : ((int)size + 7) & ~7;
        rest = rest[Math.Min(8 + padded, rest.Length)..];
        return element;
    }

    private static MatArray Array(ReadOnlySpan<byte> data, int depth)
    {
        if (data.IsEmpty)
        {
            return new MatArray("", null, null, [], []);
        }

        ReadOnlySpan<byte> flags = Next(ref data).Data, sizes = Next(ref data).Data;
        string name = Encoding.Latin1.GetString(Next(ref data).Data);
        if (depth > MaxDepth || flags.IsEmpty)
        {
            throw Damaged();
        }

        long count = 1;
        for (int at = 0; at + 4 <= sizes.Length; at += 4)
        {
            count = Math.Min(int.MaxValue, count * Math.Max(0, BinaryPrimitives.ReadInt32LittleEndian(sizes[at..])));
        }

        switch (flags[0])
        {
            case StructClass:
                return Structures(name, count, data, depth);
            case CharClass:
                (int kind, ReadOnlySpan<byte> text) = data.IsEmpty ? default : Next(ref data);
                return new MatArray(name, (kind is Int8 or 2 or Utf8 ? Encoding.UTF8 : Encoding.Unicode).GetString(text), null, [], []);
            default:
                return new MatArray(name, null, data.Length < 8 ? null : Number(Next(ref data)), [], []);
        }
    }

    private static MatArray Structures(string name, long count, ReadOnlySpan<byte> data, int depth)
    {
        ReadOnlySpan<byte> length = Next(ref data).Data, names = Next(ref data).Data;
        int each = length.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(length) : 0;
        if (each <= 0)
        {
            throw Damaged();
        }

        List<string> fields = [];
        for (int at = 0; at + each <= names.Length; at += each)
        {
            fields.Add(Encoding.Latin1.GetString(names.Slice(at, each)).TrimEnd('\0'));
        }

        List<MatArray> values = [];
        for (long i = 0; i < count * fields.Count; i++)
        {
            values.Add(Array(Next(ref data).Data, depth + 1));
        }

        return new MatArray(name, null, null, fields, values);
    }

    private static double? Number(Element element) => (element.Kind, element.Data.Length) switch
    {
        (Int8, >= 1) => (sbyte)element.Data[0],
        (2, >= 1) => element.Data[0],
        (3, >= 2) => BinaryPrimitives.ReadInt16LittleEndian(element.Data),
        (4, >= 2) => BinaryPrimitives.ReadUInt16LittleEndian(element.Data),
        (5, >= 4) => BinaryPrimitives.ReadInt32LittleEndian(element.Data),
        (6, >= 4) => BinaryPrimitives.ReadUInt32LittleEndian(element.Data),
        (7, >= 4) => BinaryPrimitives.ReadSingleLittleEndian(element.Data),
        (9, >= 8) => BinaryPrimitives.ReadDoubleLittleEndian(element.Data),
        _ => null,
    };

    private static InvalidDataException Damaged() => new("it is damaged");

    private readonly ref struct Element(int kind, ReadOnlySpan<byte> data)
    {
        public int Kind { get; } = kind;

        public ReadOnlySpan<byte> Data { get; } = data;

        public void Deconstruct(out int kind, out ReadOnlySpan<byte> data)
        {
            kind = Kind;
            data = Data;
        }
    }
}
