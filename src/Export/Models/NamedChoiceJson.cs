using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>A choice of a layout as the name that it has there.</summary>
/// <param name="key">Its key in the layout.</param>
/// <param name="parse">The choice of a name; null where there is none.</param>
/// <param name="name">The name of a choice.</param>
/// <param name="expected">All names, for the message that refuses another.</param>
internal abstract class NamedChoiceJson<T>(string key, Func<string?, T?> parse, Func<T, string> name, string expected) : JsonConverter<T>
    where T : struct
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? given = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return parse(given) ?? throw new JsonException($"{key} is {(given is null ? Kind(reader.TokenType) : $"'{given}'")}, expected {expected}.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(name(value));

    private static string Kind(JsonTokenType type) => type switch
    {
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "null",
        JsonTokenType.Number => "a number",
        JsonTokenType.StartArray => "a list",
        _ => "an object",
    };
}
