using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>JSON lines as <c>run --json</c> prints them of a stream.</summary>
internal static class Lines
{
    public static JsonObject[] Of(string output) => [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!.AsObject())];
}
