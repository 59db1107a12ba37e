using System.Globalization;
using System.Text.Json;
using EdgeVit.Export.Charts;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>A value in a JSON file that knows where it stands: what is missing or of another kind is an error with file, place (such as
/// <c>$.latency.p50</c>), expected, found, and what to do about a wrong file.</summary>
internal readonly record struct JsonPart(string File, string Place, JsonElement Value, string Remedy)
{
    private const int MostBytes = 64 << 20;
    private const int MostShown = 40;

    public bool IsNull => Value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>Reads a file whose outermost value is an object.</summary>
    /// <exception cref="UserException">The file cannot be read or is no JSON object.</exception>
    public static JsonPart Read(string file, string remedy)
    {
        byte[] bytes;
        try
        {
            if (Directory.Exists(file))
            {
                throw new UserException($"{file}: expected a file, found a folder. {remedy}");
            }

            bytes = FileBytes.Read(file, MostBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{file}: cannot be read: {FileFault.Of(e, file)}. {remedy}", inner: e);
        }

        return Parse(bytes, file, remedy);
    }

    /// <summary>Reads the text of a file whose outermost value is an object.</summary>
    /// <exception cref="UserException">It is no JSON object.</exception>
    public static JsonPart Parse(byte[] bytes, string file, string remedy)
    {
        try
        {
            ReadOnlyMemory<byte> text = bytes.AsSpan().StartsWith("\ufeff"u8) ? bytes.AsMemory(3) : bytes;
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var part = new JsonPart(file, "$", document.RootElement.Clone(), remedy);
            return part.Value.ValueKind == JsonValueKind.Object ? part : throw part.Wrong("an object");
        }
        catch (JsonException e)
        {
            string where = e.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $"line {line + 1}, byte {e.BytePositionInLine + 1}") : "$";
            string what = bytes.Length == 0 ? "an empty file" : $"{(e.Message.Contains("uplicate", StringComparison.Ordinal) ? "a key that stands twice" : "something else")}";
            throw new UserException($"{file}: {where}: expected JSON, found {what}. {remedy}", inner: e);
        }
    }

    public bool Has(string name) => Value.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null;

    /// <summary>A member that must be there; null counts as there.</summary>
    public JsonPart this[string name] => Value.TryGetProperty(name, out JsonElement found)
        ? this with { Place = $"{Place}.{name}", Value = found }
        : throw (this with { Place = $"{Place}.{name}" }).Wrong("a value", "nothing");

    public JsonPart Object(string name) => this[name].Of(JsonValueKind.Object, "an object");

    /// <summary>The entries of a list that must be there.</summary>
    public IReadOnlyList<JsonPart> List(string name) => this[name].Entries();

    /// <summary>The entries of a list; none where it is absent or null.</summary>
    public IReadOnlyList<JsonPart> OptionalList(string name) => Has(name) ? List(name) : [];

    public IReadOnlyList<JsonPart> Entries()
    {
        JsonPart list = Of(JsonValueKind.Array, "a list");
        return [.. list.Value.EnumerateArray().Select((e, i) =>
            list with { Place = string.Create(CultureInfo.InvariantCulture, $"{list.Place}[{i}]"), Value = e })];
    }

    public string Text(string name) => this[name].Text();

    public string? OptionalText(string name) => Has(name) ? Text(name) : null;

    public string Text() => Of(JsonValueKind.String, "a text").Value.GetString()!;

    /// <summary>A number that is not negative.</summary>
    public double Number(string name) => this[name].Number();

    public double? OptionalNumber(string name, bool negative = false) => Has(name) ? this[name].Number(negative) : null;

    public double Number(bool negative = false)
    {
        double value = Of(JsonValueKind.Number, "a number").Value.TryGetDouble(out double number) ? number : double.NaN;
        return double.IsFinite(value) && Math.Abs(value) <= 1e18 && (negative || value >= 0)
            ? value
            : throw Wrong(negative ? "a number of at most 1e18" : "a number from 0 to 1e18");
    }

    /// <summary>A whole number in a range.</summary>
    public int Whole(string name, int least, int most)
    {
        JsonPart part = this[name];
        return part.Value.ValueKind == JsonValueKind.Number && part.Value.TryGetInt32(out int value) && value >= least && value <= most
            ? value
            : throw part.Wrong(string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
    }

    public bool Flag(string name) => this[name] is { Value.ValueKind: JsonValueKind.True or JsonValueKind.False } part
        ? part.Value.GetBoolean()
        : throw this[name].Wrong("true or false");

    public bool? OptionalFlag(string name) => Has(name) ? Flag(name) : null;

    /// <summary>The error that this value is not what was expected.</summary>
    public UserException Wrong(string expected, string? found = null) => new($"{File}: {Place}: expected {expected}, found {found ?? Found()}. {Remedy}");

    private JsonPart Of(JsonValueKind kind, string expected) => Value.ValueKind == kind ? this : throw Wrong(expected);

    private string Found() => Value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"a list of {Value.GetArrayLength()}",
        JsonValueKind.String => $"the text '{Svg.Shortened(new string([.. Value.GetString()!.Select(c => char.IsControl(c) ? ' ' : c)]), MostShown)}'",
        _ => Svg.Shortened(Value.GetRawText(), MostShown),
    };
}
