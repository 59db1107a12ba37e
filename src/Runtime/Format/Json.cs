using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace EdgeVit.Runtime;

/// <summary>Reads JSON that may be anything: every step is checked and fails with its place in the document.</summary>
internal static class Json
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 32 };

    /// <summary>Parses a whole document; depths over 32 are errors. Duplicate keys are found by the readers of objects: the parser's own check
    /// needs OpenSSL on Linux, for its random hashes.</summary>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new EvitFormatException($"{where}: not valid UTF-8");
        }

        try
        {
            return JsonDocument.Parse(utf8, s_options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new EvitFormatException($"{where}: not valid JSON ({e.Message})", e);
        }
    }

    internal static JsonDocument Parse(string text, string where) => Parse(Encoding.UTF8.GetBytes(text), where);

    /// <summary>A key; an escaped half of a surrogate pair is an error.</summary>
    internal static string Name(JsonProperty property, string where)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new EvitFormatException($"{where}: a key holds an unpaired surrogate", e);
        }
    }

    internal static void Expect(JsonElement element, JsonValueKind kind, string where)
    {
        if (element.ValueKind != kind)
        {
            throw new EvitFormatException($"{where}: found JSON {element.ValueKind}, expected {kind}");
        }
    }

    internal static JsonElement Get(JsonElement element, string key, string where)
    {
        Expect(element, JsonValueKind.Object, where);
        return element.TryGetProperty(key, out JsonElement value)
            ? value
            : throw new EvitFormatException($"{where}: key '{key}' is missing");
    }

    internal static void OnlyKeys(JsonElement element, string where, params ReadOnlySpan<string> keys)
    {
        Expect(element, JsonValueKind.Object, where);
        ulong seen = 0;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = Name(property, where);
            int index = keys.IndexOf(name);
            if (index >= 0 && (seen >> index & 1) != 0)
            {
                throw Twice(name, where);
            }

            seen |= 1UL << index;
            if (index < 0)
            {
                throw new EvitFormatException($"{where}: unknown key '{Clip(name)}', expected only {string.Join(", ", keys)}");
            }
        }
    }

    /// <summary>Adds what a key stands for; the second time is an error.</summary>
    internal static void Add<T>(Dictionary<string, T> target, string key, T value, string where)
    {
        if (!target.TryAdd(key, value))
        {
            throw Twice(key, where);
        }
    }

    internal static string String(JsonElement element, string where)
    {
        Expect(element, JsonValueKind.String, where);
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new EvitFormatException($"{where}: holds an unpaired surrogate", e);
        }
    }

    internal static int Int(JsonElement element, string where)
    {
        Expect(element, JsonValueKind.Number, where);
        return element.TryGetInt32(out int value)
            ? value
            : throw new EvitFormatException($"{where}: found {Clip(element.GetRawText())}, expected a 32-bit integer");
    }

    internal static float Float(JsonElement element, string where)
    {
        Expect(element, JsonValueKind.Number, where);
        return element.TryGetSingle(out float value) && float.IsFinite(value)
            ? value
            : throw new EvitFormatException($"{where}: found {Clip(element.GetRawText())}, expected a finite 32-bit float");
    }

    internal static int[] Ints(JsonElement element, string where)
    {
        Expect(element, JsonValueKind.Array, where);
        return [.. element.EnumerateArray().Select(e => Int(e, where))];
    }

    internal static long[] Longs(JsonElement element, string where)
    {
        Expect(element, JsonValueKind.Array, where);
        return [.. element.EnumerateArray().Select(e =>
            e.ValueKind == JsonValueKind.Number && e.TryGetInt64(out long value)
                ? value
                : throw new EvitFormatException($"{where}: found {Clip(e.GetRawText())}, expected a 64-bit integer"))];
    }

    internal static float[] Floats(JsonElement element, string where)
    {
        Expect(element, JsonValueKind.Array, where);
        return [.. element.EnumerateArray().Select(e => Float(e, where))];
    }

    internal static string[] Strings(JsonElement element, string where)
    {
        Expect(element, JsonValueKind.Array, where);
        return [.. element.EnumerateArray().Select(e => String(e, where))];
    }

    private static EvitFormatException Twice(string key, string where) => new($"{where}: key '{Clip(key)}' stands there twice");

    private static string Clip(string text) => text.Length <= 40 ? text : text[..40] + "...";
}
