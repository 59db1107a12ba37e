using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>The names of a model's classes as its metadata have them: ours (<c>edgevit.labels</c>), ultralytics' <c>names</c> (a dictionary as Python prints
/// it), or <c>id2label</c> (a JSON object).</summary>
internal static partial class OnnxLabels
{
    /// <summary>The names by class; null where there are none, or not one for each number from 0 on.</summary>
    /// <exception cref="EvitFormatException">They are ours and damaged.</exception>
    public static IReadOnlyList<string>? Of(IReadOnlyDictionary<string, string> metadata) =>
        metadata.TryGetValue(MetadataJson.LabelsKey, out string? own) ? MetadataJson.ReadLabels(own)
        : metadata.TryGetValue("names", out string? names) && InOrder(PythonPairs(names)) is { } python ? python
        : metadata.TryGetValue("id2label", out string? map) ? Id2Label(map) : null;

    /// <summary>Names of a JSON object by number; null where the text is none.</summary>
    public static IReadOnlyList<string>? Id2Label(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object ? null
                : InOrder((root.TryGetProperty("id2label", out JsonElement map) && map.ValueKind == JsonValueKind.Object ? map : root).EnumerateObject().Select(static p => (p.Name, p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : "")));
        }
        catch (JsonException)
        {
            return InOrder(PythonPairs(text));
        }
    }

    private static IEnumerable<(string, string)> PythonPairs(string text) =>
        Pair().Matches(text).Select(static m => (m.Groups["number"].Value, Regex.Unescape(m.Groups["name"].Value)));

    private static string[]? InOrder(IEnumerable<(string Number, string Name)> pairs)
    {
        var names = new SortedDictionary<int, string>();
        foreach ((string number, string name) in pairs)
        {
            if (!int.TryParse(number, out int index) || name.Length == 0)
            {
                return null;
            }

            names[index] = name;
        }
        return names.Count > 0 && names.Keys.First() == 0 && names.Keys.Last() == names.Count - 1 ? [.. names.Values] : null;
    }

    [GeneratedRegex("""(?<number>\d+)['"]?\s*:\s*(?<quote>['"])(?<name>(?:\\['"\\]|(?!\k<quote>)[^\\])*)\k<quote>""")]
    private static partial Regex Pair();
}
