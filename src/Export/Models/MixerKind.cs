using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>How the tokens of a stage's blocks see each other.</summary>
[JsonConverter(typeof(MixerKindJson))]
internal enum MixerKind
{
    /// <summary>Binary self-attention (Le and Li 2023): <c>attention</c>.</summary>
    Attention,

    /// <summary>A binary 3x3 convolution whose signs outside of the grid are +1, as in ReActNet and the early stages of BHViT: <c>conv3</c>.</summary>
    Conv3,
}

/// <summary>The names of the kinds in files.</summary>
internal static class MixerKinds
{
    public const string Names = "attention or conv3";

    public static string Name(MixerKind kind) => kind switch
    {
        MixerKind.Conv3 => "conv3",
        _ => "attention",
    };

    /// <summary>The kind of a name; null for none of them.</summary>
    public static MixerKind? Parse(string? name) => name switch
    {
        "attention" => MixerKind.Attention,
        "conv3" => MixerKind.Conv3,
        _ => null,
    };
}

internal sealed class MixerKindJson : JsonConverter<MixerKind>
{
    public override MixerKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? name = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return MixerKinds.Parse(name) ?? throw new JsonException($"mixer is {(name is null ? $"a {reader.TokenType}" : $"'{name}'")}, expected {MixerKinds.Names}.");
    }

    public override void Write(Utf8JsonWriter writer, MixerKind value, JsonSerializerOptions options) => writer.WriteStringValue(MixerKinds.Name(value));
}
