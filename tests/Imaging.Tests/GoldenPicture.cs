using System.Buffers.Binary;

namespace EdgeVit.Imaging.Tests;

/// <summary>A small picture of the folder Golden, and the pixels that Pillow decodes from it (Golden/make.py made both).</summary>
/// <param name="Name">The file's name.</param>
/// <param name="File">Its bytes.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Pixels">RGB [Height, Width, 3].</param>
internal sealed record GoldenPicture(string Name, byte[] File, int Width, int Height, byte[] Pixels)
{
    private const string ExpectedSuffix = ".rgb";

    /// <summary>All of them.</summary>
    internal static IEnumerable<string> Names => typeof(GoldenPicture).Assembly.GetManifestResourceNames()
        .Where(n => n.EndsWith(ExpectedSuffix, StringComparison.Ordinal))
        .Select(n => n[..^ExpectedSuffix.Length])
        .Order(StringComparer.Ordinal);

    internal static GoldenPicture Read(string name)
    {
        byte[] expected = Bytes(name + ExpectedSuffix);
        int width = BinaryPrimitives.ReadInt32LittleEndian(expected), height = BinaryPrimitives.ReadInt32LittleEndian(expected.AsSpan(4));
        return new(name, Bytes(name), width, height, expected[8..]);
    }

    private static byte[] Bytes(string name)
    {
        using Stream stream = typeof(GoldenPicture).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
