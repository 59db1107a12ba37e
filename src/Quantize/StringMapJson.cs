using System.Text.Json.Serialization;

namespace EdgeVit.Quantize;

/// <summary>JSON of texts by key: configurations, environments, provenance.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, string>), TypeInfoPropertyName = "Map")]
internal sealed partial class StringMapJson : JsonSerializerContext;
