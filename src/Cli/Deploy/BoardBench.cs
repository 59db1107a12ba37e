using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>The quick bench on a board: where its result goes here, and its headline.</summary>
internal static class BoardBench
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file for a result: what was asked for, else one in <c>runs/deploy</c> with the host and the time in its name.</summary>
    public static string PathFor(string? asked, BoardAddress address, DateTimeOffset now)
    {
        string host = string.Concat(address.Host.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')).TrimStart('.');
        return asked ?? Path.Combine("runs", "deploy", $"{(host.Length > 0 ? host : "board")}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}.json");
    }

    /// <summary>Writes a result, whole or not at all.</summary>
    /// <exception cref="ModelWriteException">It cannot be written.</exception>
    public static void Save(string path, JsonObject result) => AtomicFile.Write(path, Encoding.UTF8.GetBytes(result.ToJsonString(s_indented) + "\n"));

    /// <summary>Latency and verdict in one line.</summary>
    public static string Headline(JsonObject result)
    {
        JsonNode? latency = result["latency"];
        string Ms(string name) => latency?[name] is JsonValue value && value.TryGetValue(out double ms) ? Quantity.Milliseconds(ms) : "-";
        string verdict = (bool?)result["valid"] == true ? "VALID (indicative)" : $"INVALID: {string.Join("; ", (result["reasons"] as JsonArray ?? []).Take(2).Select(r => (string?)r))}";
        return $"p50 {Ms("p50")}  p90 {Ms("p90")} ms, one thread, {(string?)result["options"]?["kernel"]}; {verdict}";
    }
}
