using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>A <see cref="BinaryViTConfig"/> as JSON, camel-case keys. Reading refuses unknown and missing keys and impossible networks.</summary>
public static class ConfigJson
{
    /// <summary>Indented JSON of the network's description.</summary>
    public static string Write(BinaryViTConfig config) => JsonSerializer.Serialize(config, ConfigJsonContext.Default.BinaryViTConfig);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="ModelFormatException">Not JSON, unknown or missing keys, or an impossible network.</exception>
    public static BinaryViTConfig Read(string json)
    {
        try
        {
            BinaryViTConfig? config = JsonSerializer.Deserialize(json, ConfigJsonContext.Default.BinaryViTConfig);
            if (config is null)
                throw new ModelFormatException("A network description is a JSON object; found null.");
            int hole = config.Stages.ToList().IndexOf(null!);
            return hole < 0 ? config.Validate() : throw new ModelFormatException($"The network description has null for stage {hole + 1}.");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"The network description cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>Generated (de)serialisers, so that reading needs no reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BinaryViTConfig))]
internal sealed partial class ConfigJsonContext : JsonSerializerContext;
