using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>What tokens go through before they become queries, keys and values.</summary>
[JsonConverter(typeof(ProjectionKindJson))]
internal enum ProjectionKind
{
    /// <summary>The binary linear layers alone: <c>linear</c>.</summary>
    Linear,

    /// <summary>A float 3x3 convolution of each channel by itself, one for queries, keys and values each, with a norm (CvT, Wu et al. 2021): <c>depthwise</c>.
    /// Those of keys and values have the stage's reduction as their stride.</summary>
    Depthwise,
}

/// <summary>The names of the kinds in files.</summary>
internal static class ProjectionKinds
{
    public const string Names = "linear or depthwise";

    public static string Name(ProjectionKind kind) => kind == ProjectionKind.Depthwise ? "depthwise" : "linear";

    /// <summary>The kind of a name; null for none of them.</summary>
    public static ProjectionKind? Parse(string? name) => name switch
    {
        "linear" => ProjectionKind.Linear,
        "depthwise" => ProjectionKind.Depthwise,
        _ => null,
    };
}

internal sealed class ProjectionKindJson : JsonConverter<ProjectionKind>
{
    public override ProjectionKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? name = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return ProjectionKinds.Parse(name) ?? throw new JsonException($"projection is {(name is null ? $"a {reader.TokenType}" : $"'{name}'")}, expected {ProjectionKinds.Names}.");
    }

    public override void Write(Utf8JsonWriter writer, ProjectionKind value, JsonSerializerOptions options) => writer.WriteStringValue(ProjectionKinds.Name(value));
}
