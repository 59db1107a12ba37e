using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Writes safetensors files: the length of the header (8 bytes), the header (JSON, padded with spaces to a multiple of 8), then the
/// tensors without holes, those of the widest elements first so that each is aligned to its element. The same tensors and metadata
/// give the same bytes.</summary>
/// <remarks>Format: <c>github.com/huggingface/safetensors</c>, "Format".</remarks>
internal static class SafetensorsWriter
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file (see <see cref="AtomicFile"/>).</summary>
    /// <exception cref="ModelWriteException">It cannot be written; nothing is left behind.</exception>
    /// <exception cref="ArgumentException">Two tensors of one name, or bytes that do not fit a shape.</exception>
    public static void Write(string path, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, ToBytes(tensors, metadata));

    /// <summary>Writes trained tensors as F32.</summary>
    public static void Write(string path, IEnumerable<FloatTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, tensors.Select(Stored), metadata);

    public static byte[] ToBytes(IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsTensor[] ordered = [.. tensors.OrderByDescending(t => SafetensorsTypes.Size(t.Type)).ThenBy(t => t.Name, StringComparer.Ordinal)];
        byte[] header = Header(ordered, metadata ?? new Dictionary<string, string>());
        int padded = (header.Length + 7) / 8 * 8;
        var file = new byte[8 + padded + ordered.Sum(t => (long)t.Bytes.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)padded);
        header.CopyTo(file, 8);
        file.AsSpan(8 + header.Length, padded - header.Length).Fill((byte)' ');
        int at = 8 + padded;
        foreach (SafetensorsTensor tensor in ordered)
        {
            tensor.Bytes.Span.CopyTo(file.AsSpan(at));
            at += tensor.Bytes.Length;
        }
        return file;
    }

    private static byte[] Header(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_json))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }
            long begin = 0;
            foreach (SafetensorsTensor tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ArgumentException($"there are two tensors '{tensor.Name}', or it is a reserved name", nameof(tensors));
                }

                if (tensor.Bytes.Length != FloatTensor.Count(tensor.Shape) * SafetensorsTypes.Size(tensor.Type))
                {
                    throw new ArgumentException($"tensor '{tensor.Name}' {FloatTensor.Text(tensor.Shape)} has {tensor.Bytes.Length} bytes of {tensor.Type}", nameof(tensors));
                }

                WriteEntry(json, tensor, begin);
                begin += tensor.Bytes.Length;
            }
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsTensor tensor, long begin)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", SafetensorsTypes.Name(tensor.Type));
        json.WriteStartArray("shape");
        foreach (int size in tensor.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(begin + tensor.Bytes.Length);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static SafetensorsTensor Stored(FloatTensor tensor) =>
        new(tensor.Name, SafetensorsType.F32, tensor.Shape, MemoryMarshal.AsBytes<float>(tensor.Data).ToArray());
}
