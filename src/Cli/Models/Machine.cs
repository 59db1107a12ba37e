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
        ["user_land_bits"] = board.UserLandBits,
        ["profile"] = board.Profile?.Name,
        ["power_mode"] = board.PowerMode is { } mode ? mode.Name ?? Quantity.Count(mode.Id) : null,
    };

    public static JsonObject Json(Reading reading) => new()
    {
        ["kind"] = Kind(reading.Kind),
        ["sensor"] = reading.Sensor,
        ["value"] = Quantity.Json(reading.Value, 3),
        ["scope"] = reading.Kind == SensorKind.Power && reading.Value is not null ? Scope(reading.Scope) : null,
        ["estimate"] = reading.Estimate,
        ["missing"] = reading.Missing,
    };

    private static string Kind(SensorKind kind) => kind switch
    {
        SensorKind.Temperature => "celsius",
        SensorKind.Clock => "mhz",
        SensorKind.Power => "watts",
        SensorKind.Throttle => "throttle",
        SensorKind.UnderVoltage => "under_voltage",
        _ => "over_current_events",
    };

    private static string Scope(PowerScope scope) => scope switch
    {
        PowerScope.Board => "board",
        PowerScope.Processor => "processor",
        _ => "part",
    };
}
