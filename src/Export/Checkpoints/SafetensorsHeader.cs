using System.Buffers.Binary;
using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Reads the header of a safetensors file token by token, so that the tensors can be converted from the file one after the other and
/// neither the file nor a tree of its header is ever in memory.</summary>
internal static class SafetensorsHeader
{
    private const int LengthBytes = 8;
    private const int EntryBytes = 400;
    private const int MostMetadata = 1 << 14;
    /// <summary>Element types of other tools: of 8 bits and fewer, and complex.</summary>
    private static readonly string[] s_foreign =
        ["F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3", "F6_E3M2", "F4", "C64", "C128", "I4", "U4"];

    private const string MetadataKey = "__metadata__";

    /// <summary>Names and views of all tensors, and the short texts that the file says about itself; tensors of types that are not read, with their type.</summary>
    public static List<(string Name, TensorView View)> Read(CheckpointFile file, out Dictionary<string, string> metadata, out List<CheckpointReader.SkippedValue> skipped)
    {
        skipped = [];
        metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        long length = BinaryPrimitives.ReadInt64LittleEndian(file.Head(LengthBytes));
        if (length < 0 || length > file.Length - LengthBytes)
        {
            throw Fault($"declares {length} bytes where {file.Length - LengthBytes} are left: the file is truncated or damaged");
        }

        var header = new Storage(file, "the safetensors header", LengthBytes, length, length);
        byte[] json = header.ReadAll();
        var tensors = new List<(string Name, TensorView View)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var others = new HashSet<TensorView>(ReferenceEqualityComparer.Instance);
        try
        {
            var reader = new Utf8JsonReader(json);
            Expect(ref reader, JsonTokenType.StartObject, "the header");
            while (NextName(ref reader, "the header") is { } name)
            {
                file.Budget.Charge(EntryBytes + CheckpointReader.TensorMemory + (2L * name.Length), "the safetensors header");
                if (!names.Add(name))
                {
                    throw Fault($"has '{name}' twice");
                }

                if (name == MetadataKey)
                {
                    ReadMetadata(ref reader, file, metadata);
                }
                else
                {
                    TensorView view = ReadEntry(ref reader, file, name, LengthBytes + length, out string? foreign);
                    tensors.Add((name, view));
                    if (foreign is not null)
                    {
                        skipped.Add(new(name, foreign));
                        others.Add(view);
                    }
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"the safetensors header cannot be read: {(e is JsonException fault ? JsonFault.Of(fault) : "it has a value of the wrong kind")}", e);
        }
        CheckExtents(file, tensors, LengthBytes + length);
        tensors.RemoveAll(t => others.Contains(t.View));
        return tensors;
    }

    /// <summary>Anything but texts of moderate length is passed over.</summary>
    private static void ReadMetadata(ref Utf8JsonReader reader, CheckpointFile file, Dictionary<string, string> metadata)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? name = reader.ValueSpan.Length <= CheckpointReader.MaxName ? reader.GetString() : null;
            reader.Read();
            if (name is not null && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= MostMetadata)
            {
                file.Budget.Charge(EntryBytes + (2L * (name.Length + reader.ValueSpan.Length)), "the safetensors header");
                metadata[name] = reader.GetString()!;
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static TensorView ReadEntry(ref Utf8JsonReader reader, CheckpointFile file, string name, long data, out string? foreign)
    {
        foreign = null;
        string where = $"tensor '{name}'";
        SafetensorsType? type = null;
        long[]? shape = null;
        long[]? range = null;
        Expect(ref reader, JsonTokenType.StartObject, where);
        while (NextName(ref reader, where) is { } field)
        {
            switch (field)
            {
                case "dtype":
                    Expect(ref reader, JsonTokenType.String, $"{where}: dtype");
                    string dtype = Text(ref reader, $"{where}: dtype");
                    foreign = s_foreign.Contains(dtype) ? dtype : null;
                    type = foreign is not null ? SafetensorsType.U8 : SafetensorsTypes.Parse(dtype)
                        ?? throw Fault($"{where}: dtype is '{dtype}', expected one of {string.Join(", ", Enum.GetNames<SafetensorsType>())}");
                    break;
                case "shape":
                    shape = Longs(ref reader, $"{where}: shape");
                    break;
                case "data_offsets":
                    range = Longs(ref reader, $"{where}: data_offsets");
                    break;
                default:
                    throw Fault($"{where}: has '{field}', expected dtype, shape and data_offsets");
            }
        }
        if (foreign is not null && range is [>= 0 and var begin, var end] && end >= begin)
        {
            // Of such a type only its place is checked.
            shape = [end - begin];
        }

        return type is { } element && shape is not null && range is not null
            ? View(file, name, data, element, shape, range) : throw Fault($"{where}: lacks dtype, shape or data_offsets");
    }

    private static TensorView View(CheckpointFile file, string name, long data, SafetensorsType element, long[] shape, long[] range)
    {
        string where = $"tensor '{name}'";
        if (range.Length != 2 || range[0] < 0 || range[1] < range[0] || range[1] > file.Length - data)
        {
            throw Fault($"{where}: data_offsets are [{string.Join(", ", range)}], expected begin <= end <= {file.Length - data}: "
                + "the file is truncated or damaged");
        }

        Int128 bytes = SafetensorsTypes.Size(element);
        foreach (long size in shape)
        {
            bytes *= size;
            if (size < 0 || bytes > file.Length)
            {
                throw Fault($"{where}: shape [{string.Join(", ", shape)}] does not fit a file of {file.Length} bytes");
            }
        }
        if (range[1] - range[0] != bytes)
        {
            throw Fault($"{where}: {range[1] - range[0]} bytes lie at its offsets, expected {bytes} for {element} [{string.Join(", ", shape)}]");
        }

        var strides = new long[shape.Length];
        for (int i = shape.Length - 1, stride = 1; i >= 0; stride = (int)Math.Min(int.MaxValue, stride * shape[i--]))
        {
            strides[i] = stride;
        }

        return new TensorView(new Storage(file, name, data + range[0], (long)bytes, (long)bytes), element, 0, shape, strides);
    }

    private static void CheckExtents(CheckpointFile file, List<(string Name, TensorView View)> tensors, long begin)
    {
        long end = begin;
        foreach ((string name, TensorView view) in tensors.OrderBy(t => t.View.Storage.Start).ThenBy(t => t.View.Storage.Length))
        {
            if (view.Storage.Start != end)
            {
                string what = view.Storage.Start < end ? "overlaps the one before it" : "leaves a hole before it";
                throw Fault($"tensor '{name}' begins at byte {view.Storage.Start} and {what}, expected {end}: the file is damaged");
            }
            end += view.Storage.Length;
        }
        if (end != file.Length)
        {
            throw Fault($"its tensors end at byte {end}, but the file has {file.Length} bytes: the file is truncated or damaged");
        }
    }

    private static string? NextName(ref Utf8JsonReader reader, string where)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.PropertyName => Text(ref reader, where),
            JsonTokenType.EndObject => null,
            _ => throw Fault($"{where}: found {reader.TokenType}, expected a name"),
        };
    }

    /// <summary>A name, never so long that it could fill the memory or a message.</summary>
    private static string Text(ref Utf8JsonReader reader, string where) => reader.ValueSpan.Length <= CheckpointReader.MaxName ? reader.GetString()!
        : throw Fault($"{where}: has a name of {reader.ValueSpan.Length} bytes, expected at most {CheckpointReader.MaxName}");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string where)
    {
        reader.Read();
        if (reader.TokenType != type)
        {
            throw Fault($"{where}: found {reader.TokenType}, expected {type}");
        }
    }

    private static long[] Longs(ref Utf8JsonReader reader, string where)
    {
        const int Most = 8;
        Expect(ref reader, JsonTokenType.StartArray, where);
        var values = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (values.Count == Most || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value))
            {
                throw Fault($"{where}: expected at most {Most} integers");
            }

            values.Add(value);
        }
        return [.. values];
    }

    private static CheckpointException Fault(string why) => new($"safetensors header: {why}");
}
