using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeVit.Runtime;

/// <summary>The checksum of a model file (metadata key <see cref="MetadataJson.ChecksumKey"/>): FNV-1a over 64-bit words of all other
/// metadata and all tensors, each in the order of their names. Every step is a bijection, so a change of any one word is always found. It
/// guards against damage, not against malice; the file's SHA-256 is there for that.</summary>
internal static class EvitChecksum
{
    private const ulong Basis = 0xCBF29CE484222325;
    private const ulong Prime = 0x00000100000001B3;

    /// <summary>The checksum as it stands in a file: <c>fnv1a64:</c> and sixteen hex digits. The metadata's own key for it is left out.</summary>
    public static string Of(IReadOnlyDictionary<string, string> metadata, IEnumerable<SafetensorsTensor> tensors)
    {
        ulong hash = Basis;
        byte[] buffer = [];
        string[] keys = [.. metadata.Keys];
        Array.Sort(keys, StringComparer.Ordinal);
        foreach (string key in keys)
        {
            if (key != MetadataJson.ChecksumKey)
            {
                hash = Add(Add(hash, key, ref buffer), metadata[key], ref buffer);
            }
        }

        SafetensorsTensor[] ordered = [.. tensors];
        Array.Sort(ordered, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        foreach (SafetensorsTensor tensor in ordered)
        {
            hash = Add(Add(hash, tensor.Name, ref buffer), $"{SafetensorsTypes.Name(tensor.Type)}[{Sizes(tensor.Shape)}]", ref buffer);
            hash = Add(hash, tensor.Bytes.Span);
        }

        return $"fnv1a64:{hash:x16}";
    }

    private static string Sizes(IReadOnlyList<int> shape)
    {
        string text = "";
        for (int i = 0; i < shape.Count; i++)
        {
            text = i == 0 ? Number(shape[i]) : $"{text},{Number(shape[i])}";
        }

        return text;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static ulong Add(ulong hash, string text, ref byte[] buffer)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        if (buffer.Length < length)
        {
            buffer = new byte[Math.Max(length, 256)];
        }

        Encoding.UTF8.GetBytes(text, buffer);
        return Add(hash, buffer.AsSpan(0, length));
    }

    private static ulong Add(ulong hash, ReadOnlySpan<byte> bytes)
    {
        hash = (hash ^ (ulong)bytes.Length) * Prime;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            hash = (hash ^ word) * Prime;
        }

        ReadOnlySpan<byte> rest = bytes[(words.Length * sizeof(ulong))..];
        if (rest.Length > 0)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            rest.CopyTo(last);
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(last)) * Prime;
        }

        return hash;
    }
}
