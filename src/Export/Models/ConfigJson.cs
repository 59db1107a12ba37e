using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A <see cref="BinaryViTConfig"/> as JSON, camel-case keys. Reading refuses unknown and missing keys and impossible networks.</summary>
internal static class ConfigJson
{
    public static string Write(BinaryViTConfig config) => JsonSerializer.Serialize(config, ConfigJsonContext.Default.BinaryViTConfig);

    /// <summary>Reads what <see cref="Write"/> wrote; of earlier files, true or false, <c>poolBranches</c> says whether the
    /// <c>branches</c> are pools or none, <c>binaryDownsampling</c> whether <c>down</c> is binary or float.</summary>
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

            return (Hole("stage", config.Stages) ?? Hole("stem layer", config.Stem)) is not { } hole
                ? config.Validate() : throw new ModelFormatException($"The network description has null for {hole}.");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"The network description cannot be read: {JsonFault.Of(e)}.", e);
        }
    }

    /// <summary>The first of some things that is null.</summary>
    private static string? Hole<T>(string what, IReadOnlyList<T>? list) => list?.ToList().IndexOf(default!) is >= 0 and var at ? $"{what} {at + 1}" : null;

    /// <summary>The description with the present keys.</summary>
    private static JsonNode? Renewed(string json)
    {
        JsonNode? node = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        foreach (JsonObject stage in ((node as JsonObject)?["stages"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            CompleteMixer(stage);
        }

        if (node is JsonObject keys)
        {
            Renew(keys, "poolBranches", "branches", pools => BranchKinds.Name(pools ? BranchKind.Pool : BranchKind.None));
            Renew(keys, "binaryDownsampling", "down", binary => DownKinds.Name(binary ? DownKind.Binary : DownKind.Float));
        }

        return node;
    }

    /// <summary>An earlier key, true or false, as the present one.</summary>
    private static void Renew(JsonObject keys, string former, string present, Func<bool, string> name)
    {
        if (!keys.TryGetPropertyValue(former, out JsonNode? value))
        {
            return;
        }

        if (keys.ContainsKey(present))
        {
            throw new JsonException($"{former} and {present} are both given; {former} is the old form of {present}.");
        }

        if (value?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new JsonException($"{former} is {value?.ToJsonString() ?? "null"}, expected true or false.");
        }

        keys.Remove(former);
        keys[present] = name(value.GetValue<bool>());
    }

    /// <summary>Stages that do not attend need not say heads and a reduction that they do not have.</summary>
    private static void CompleteMixer(JsonObject stage)
    {
        if (stage["mixer"] is not JsonValue mixer || mixer.GetValueKind() != JsonValueKind.String || MixerCycle.Parse(mixer.GetValue<string>()) is not { Attends: false })
        {
            return;
        }

        foreach (string key in (ReadOnlySpan<string>)["heads", "reduction"])
        {
            stage.TryAdd(key, 1);
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
