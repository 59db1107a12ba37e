using System.Buffers.Binary;

namespace EdgeVit.Runtime;

/// <summary>The contents of a safetensors file: eight bytes of header length, a JSON header, the tensors' bytes without holes. Nothing in
/// the file is believed before it is checked, and nothing is allocated that the file's own length does not bound.</summary>
/// <remarks>Format: <c>github.com/huggingface/safetensors</c>, "Format".</remarks>
internal sealed class SafetensorsFile
{
    private const int MaxHeaderBytes = 100_000_000;
    private const int MaxRank = 8;

    // "":{"dtype":"F32","shape":[],"data_offsets":[0,0]}
    private const int ShortestEntry = 50;
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

    /// <summary>Parses the bytes of a whole file, which are kept, not copied.</summary>
    /// <exception cref="EvitFormatException">The bytes are not a valid safetensors file.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> file)
    {
        if (file.Length < 8)
        {
            throw new EvitFormatException($"not a safetensors file: {file.Length} bytes, expected at least the 8 bytes of the header's length");
        }

        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (headerLength > MaxHeaderBytes || headerLength > (ulong)(file.Length - 8))
        {
            throw new EvitFormatException(
                $"safetensors header length is {headerLength}, expected at most {Math.Min(MaxHeaderBytes, file.Length - 8)} "
                + $"in a file of {file.Length} bytes (truncated, or not a safetensors file)");
        }

        ReadOnlyMemory<byte> data = file[(8 + (int)headerLength)..];
        JsonEntry header = JsonTable.Parse(file.Slice(8, (int)headerLength), "safetensors header");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        int members = 0;
        foreach (JsonMember _ in header.Members("safetensors header"))
        {
            members++;
        }

        // A header may have more members than tensors fit into it.
        members = Math.Min(members, (int)headerLength / ShortestEntry);
        var tensors = new Dictionary<string, SafetensorsTensor>(members, StringComparer.Ordinal);
        var extents = new List<Extent>(members);
        bool hasMetadata = false;
        foreach (JsonMember entry in header.Members("safetensors header"))
        {
            string name = entry.Name;
            if (name == MetadataKey)
            {
                if (hasMetadata)
                {
                    throw new EvitFormatException($"safetensors header: key '{MetadataKey}' is there twice");
                }

                hasMetadata = true;
                foreach (JsonMember pair in entry.Value.Members(MetadataKey))
                {
                    string key = pair.Name;
                    JsonEntry.Add(metadata, key, pair.Value.String($"{MetadataKey}.{key}"), MetadataKey);
                }

                continue;
            }

            Extent extent = ReadEntry(name, entry.Value, data);
            JsonEntry.Add(tensors, name, extent.Tensor, "safetensors header");
            extents.Add(extent);
        }

        CheckExtents(extents, data.Length);
        return new SafetensorsFile(metadata, tensors);
    }

    private static Extent ReadEntry(string name, JsonEntry entry, ReadOnlyMemory<byte> data)
    {
        string where = $"tensor '{name}'";
        entry.OnlyKeys(where, "dtype", "shape", "data_offsets");
        string dtype = entry.Get("dtype", where).String(where, "dtype");
        SafetensorsType type = SafetensorsTypes.Parse(dtype)
            ?? throw new EvitFormatException($"{where}: dtype is '{dtype}', expected one of {string.Join(", ", Enum.GetNames<SafetensorsType>())}");

        int[] shape = entry.Get("shape", where).Ints(where, "shape");
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
        JsonEntry offsets = entry.Get("data_offsets", where);
        var range = new long[offsets.Count(where, "data_offsets")];
        int at = 0;
        foreach (JsonEntry offset in offsets.Elements(where))
        {
            range[at++] = offset.Long(where, "data_offsets");
        }

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

        return new Extent((int)range[0], new SafetensorsTensor(name, type, shape, data.Slice((int)range[0], (int)bytes)));
    }

    private static void CheckExtents(List<Extent> extents, int dataLength)
    {
        extents.Sort(Extent.ByPlace);
        int end = 0;
        foreach (Extent extent in extents)
        {
            if (extent.Begin != end)
            {
                string what = extent.Begin < end ? "overlaps the tensor before it" : "leaves a hole before it";
                throw new EvitFormatException($"tensor '{extent.Tensor.Name}' begins at byte {extent.Begin} of the data and {what}, expected {end}");
            }

            end = extent.Begin + extent.Tensor.Bytes.Length;
        }

        if (end != dataLength)
        {
            throw new EvitFormatException($"the tensors end at byte {end} of the data, but the data section has {dataLength} bytes");
        }
    }

    /// <summary>Where a tensor lies. A class, as lists of classes are compiled ahead of time everywhere.</summary>
    private sealed class Extent(int begin, SafetensorsTensor tensor)
    {
        internal int Begin { get; } = begin;

        internal SafetensorsTensor Tensor { get; } = tensor;

        // Empty tensors stand before the one that begins at the same byte.
        internal static int ByPlace(Extent a, Extent b)
        {
            int order = a.Begin.CompareTo(b.Begin);
            order = order != 0 ? order : a.Tensor.Bytes.Length.CompareTo(b.Tensor.Bytes.Length);
            return order != 0 ? order : string.CompareOrdinal(a.Tensor.Name, b.Tensor.Name);
        }
    }
}
