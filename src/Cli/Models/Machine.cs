using System.Text.Json.Nodes;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>The device part of results.</summary>
internal static class Machine
{
    public static JsonObject Json(BoardInfo board, CpuClock clock) => new()
    {
        ["board"] = board.Model,
        ["kind"] = board.Kind.ToString(),
        ["cpu"] = board.Cpu,
        ["cores"] = board.Cores,
        ["architecture"] = board.Architecture,
        ["features"] = new JsonArray([.. board.Features.Select(f => (JsonNode)f)]),
        ["governor"] = clock.Governor,
        ["mhz"] = Quantity.Json(clock.CurrentMHz, 1),
        ["max_mhz"] = Quantity.Json(clock.MaximumMHz, 1),
        ["os"] = board.OperatingSystem,
        ["kernel"] = board.Kernel,
        ["ram"] = board.MemoryBytes,
        ["dotnet"] = Environment.Version.ToString(),
    };
}
