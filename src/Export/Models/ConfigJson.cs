using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>A <see cref="BinaryViTConfig"/> as JSON, camel-case keys. Reading refuses unknown and missing keys and impossible networks.</summary>
internal static class ConfigJson
{
    public static string Write(BinaryViTConfig config) => JsonSerializer.Serialize(config, ConfigJsonContext.Default.BinaryViTConfig);

    /// <summary>Reads what <see cref="Write"/> wrote; the key <c>poolBranches</c> of earlier files, true or false, says whether the
    /// <c>branches</c> are pools or none.</summary>
    /// <exception cref="ModelFormatException">Not JSON, unknown or missing keys, or an impossible network.</exception>
    public static BinaryViTConfig Read(string json)
    {
        try
        {
            BinaryViTConfig? config = JsonSerializer.Deserialize(Renewed(json), ConfigJsonContext.Default.BinaryViTConfig);
            if (config is null)
            {
                throw new ModelFormatException("A network description is a JSON object; found null.");
            }

            int hole = config.Stages.ToList().IndexOf(null!);
            return hole < 0 ? config.Validate() : throw new ModelFormatException($"The network description has null for stage {hole + 1}.");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"The network description cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The description with the present keys.</summary>
    private static JsonNode? Renewed(string json)
    {
        const string Pools = "poolBranches", Branches = "branches";
        JsonNode? node = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        if (node is not JsonObject keys || !keys.TryGetPropertyValue(Pools, out JsonNode? pools))
        {
            return node;
        }

        if (keys.ContainsKey(Branches))
        {
            throw new JsonException($"{Pools} and {Branches} are both given; {Pools} is the old form of {Branches}.");
        }

        if (pools?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new JsonException($"{Pools} is {pools?.ToJsonString() ?? "null"}, expected true or false.");
        }

        keys.Remove(Pools);
        keys[Branches] = BranchKinds.Name(pools.GetValue<bool>() ? BranchKind.Pool : BranchKind.None);
        return keys;
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
