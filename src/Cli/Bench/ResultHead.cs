using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What every result of <c>bench</c> begins with: of which tool, by which command, when, of which model, on which machine.</summary>
/// <param name="File">The model.</param>
/// <param name="Path">Where it lies.</param>
/// <param name="Board">The machine.</param>
/// <param name="Clock">Its governor and clock.</param>
internal sealed record ResultHead(EvitFile File, string Path, BoardInfo Board, CpuClock Clock)
{
    /// <summary>The version of results; a reader refuses another one.</summary>
    public const int Schema = 1;

    /// <summary>The command line without the program.</summary>
    public IReadOnlyList<string> Command { get; init; } = Environment.GetCommandLineArgs()[1..];

    /// <summary>Version and commit of this tool; the commit is null where it was built outside of a repository.</summary>
    public static (string Version, string? Commit) Tool
    {
        get
        {
            string[] parts = (typeof(ResultHead).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown").Split('+');
            return (parts[0], parts.Length > 1 ? parts[1] : null);
        }
    }

    /// <summary>The accuracy that the file says it has, percent of its validation images; null where it says none.</summary>
    public double? Top1
    {
        get
        {
            using JsonDocument provenance = JsonDocument.Parse(File.Provenance);
            return provenance.RootElement.TryGetProperty("validationTop1", out JsonElement value)
                && double.TryParse(value.ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) && percent is >= 0 and <= 100
                ? percent : null;
        }
    }

    /// <summary>A result of a kind, with these parts at its beginning.</summary>
    public JsonObject ToJson(string kind) => new()
    {
        ["schema"] = Schema,
        ["kind"] = kind,
        ["tool"] = new JsonObject { ["version"] = Tool.Version, ["commit"] = Tool.Commit },
        ["command"] = new JsonArray([.. Command.Select(c => (JsonNode)c)]),
        ["date"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        ["model"] = new JsonObject
        {
            ["name"] = File.Graph.Name,
            ["file"] = System.IO.Path.GetFullPath(Path),
            ["sha256"] = File.Sha256,
            ["bytes"] = File.Bytes,
            ["graph_version"] = File.Graph.Version,
            ["top1"] = Quantity.Json(Top1, 2),
        },
        ["device"] = Machine.Json(Board, Clock),
    };
}
