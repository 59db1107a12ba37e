using System.Buffers.Binary;
using System.Text.Json;

namespace EdgeVit.Runtime;

/// <summary>The contents of a safetensors file: eight bytes of header length, a JSON header, the tensors' bytes without holes. Nothing in
/// the file is believed before it is checked, and nothing is allocated that the file's own length does not bound.</summary>
/// <remarks>Format: <c>github.com/huggingface/safetensors</c>, "Format".</remarks>
public sealed class SafetensorsFile
{
    private const int MaxHeaderBytes = 100_000_000;
    private const int MaxRank = 8;
    private const string MetadataKey = "__metadata__";

    private SafetensorsFile(IReadOnlyDictionary<string, string> metadata, IReadOnlyDictionary<string, SafetensorsTensor> tensors)
    {
        Metadata = metadata;
        Tensors = tensors;
    }

    /// <summary>The strings of <c>__metadata__</c>; empty where the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name; their bytes are slices of the parsed memory.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <summary>Parses a whole file.</summary>
    /// <param name="file">The file's bytes; kept, not copied.</param>
    /// <exception cref="EvitFormatException">The bytes are not a valid safetensors file.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> file)
    {
        if (file.Length < 8)
        {
            throw new EvitFormatException(
                $"not a safetensors file: {file.Length} bytes, expected at least the 8 bytes of the header's length");
        }

        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (headerLength > MaxHeaderBytes || headerLength > (ulong)(file.Length - 8))
        {
            throw new EvitFormatException(
                $"safetensors header length is {headerLength}, expected at most {Math.Min(MaxHeaderBytes, file.Length - 8)} "
                + $"in a file of {file.Length} bytes (truncated, or not a safetensors file)");
        }

        ReadOnlyMemory<byte> data = file[(8 + (int)headerLength)..];
        using JsonDocument header = Json.Parse(file.Slice(8, (int)headerLength), "safetensors header");
        Json.Expect(header.RootElement, JsonValueKind.Object, "safetensors header");

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var tensors = new Dictionary<string, SafetensorsTensor>(StringComparer.Ordinal);
        var extents = new List<(int Begin, int End, string Name)>();
        bool hasMetadata = false;
        foreach (JsonProperty entry in header.RootElement.EnumerateObject())
        {
            string name = Json.Name(entry, "safetensors header");
            if (name == MetadataKey)
            {
                if (hasMetadata)
                {
                    throw new EvitFormatException($"safetensors header: key '{MetadataKey}' stands there twice");
                }

                hasMetadata = true;
                Json.Expect(entry.Value, JsonValueKind.Object, MetadataKey);
                foreach (JsonProperty pair in entry.Value.EnumerateObject())
                {
                    string key = Json.Name(pair, MetadataKey);
                    Json.Add(metadata, key, Json.String(pair.Value, $"{MetadataKey}.{key}"), MetadataKey);
                }

                continue;
            }

            (SafetensorsTensor tensor, int begin) = ReadEntry(name, entry.Value, data);
            Json.Add(tensors, name, tensor, "safetensors header");
            extents.Add((begin, begin + tensor.Bytes.Length, name));
        }

        CheckExtents(extents, data.Length);
        return new SafetensorsFile(metadata, tensors);
    }

    private static (SafetensorsTensor Tensor, int Begin) ReadEntry(string name, JsonElement entry, ReadOnlyMemory<byte> data)
    {
        string where = $"tensor '{name}'";
        Json.OnlyKeys(entry, where, "dtype", "shape", "data_offsets");
        string dtype = Json.String(Json.Get(entry, "dtype", where), $"{where}: dtype");
        SafetensorsType type = SafetensorsTypes.Parse(dtype)
            ?? throw new EvitFormatException(
                $"{where}: dtype is '{dtype}', expected one of {string.Join(", ", Enum.GetNames<SafetensorsType>())}");

        JsonElement shapeElement = Json.Get(entry, "shape", where);
        int[] shape = Json.Ints(shapeElement, $"{where}: shape");
        if (shape.Length > MaxRank)
        {
            throw new EvitFormatException($"{where}: shape has {shape.Length} dimensions, expected at most {MaxRank}");
        }

        long elements = 1;
        foreach (int size in shape)
        {
            if (size < 0)
            {
                throw new EvitFormatException($"{where}: shape has a size of {size}, expected 0 or more");
            }

            // Both factors are below 2^31, so the product can't wrap before it is compared.
            elements *= size;
            if (elements > int.MaxValue)
            {
                throw new EvitFormatException($"{where}: shape [{string.Join(", ", shape)}] has more than {int.MaxValue} elements");
            }
        }

        long bytes = elements * SafetensorsTypes.Size(type);
        JsonElement offsets = Json.Get(entry, "data_offsets", where);
        long[] range = Json.Longs(offsets, $"{where}: data_offsets");
        if (range.Length != 2 || range[0] < 0 || range[1] < range[0] || range[1] > data.Length)
        {
            throw new EvitFormatException(
                $"{where}: data_offsets are [{string.Join(", ", range)}], expected begin <= end <= {data.Length} (the file's data section)");
        }

        if (range[1] - range[0] != bytes)
        {
            throw new EvitFormatException(
                $"{where}: {range[1] - range[0]} bytes lie at its offsets, expected {bytes} for {type} [{string.Join(", ", shape)}]");
        }

        return (new SafetensorsTensor(name, type, shape, data.Slice((int)range[0], (int)bytes)), (int)range[0]);
    }

    private static void CheckExtents(List<(int Begin, int End, string Name)> extents, int dataLength)
    {
        extents.Sort();
        int end = 0;
        foreach ((int begin, int next, string name) in extents)
        {
            if (begin != end)
            {
                string what = begin < end ? "overlaps the tensor before it" : "leaves a hole before it";
                throw new EvitFormatException($"tensor '{name}' begins at byte {begin} of the data and {what}, expected {end}");
            }

            end = next;
        }

        if (end != dataLength)
        {
            throw new EvitFormatException($"the tensors end at byte {end} of the data, but the data section has {dataLength} bytes");
        }
    }
}
