using System.Text.Json.Nodes;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>What the board's sensors said during a measurement.</summary>
internal static class TelemetryJson
{
    public static JsonObject Thermal(IReadOnlyList<LatencyResult> results) => new()
    {
        ["series"] = new JsonArray([.. results.SelectMany(r => r.Telemetry.Select(s => (JsonNode)new JsonObject
        {
            ["threads"] = r.Threads,
            ["t"] = Quantity.Json(s.Seconds, 2),
            ["celsius"] = Quantity.Json(s.Celsius, 2),
            ["mhz"] = Quantity.Json(s.MHz, 1),
            ["mhz_cores"] = new JsonArray([.. s.CoreMHz.Select(m => (JsonNode?)Quantity.Json(m, 1))]),
            ["watts"] = Quantity.Json(PowerReading.Of(s)?.Watts, 3),
            ["under_voltage"] = s.Readings.FirstOrDefault(x => x.Kind == SensorKind.UnderVoltage)?.Value is { } alarm ? alarm > 0 : null,
            ["throttle"] = s.Throttle?.Bits,
        }))]),
        ["throttled"] = results.Any(r => r.Throttled is not null) ? results.Any(r => r.Throttled == true) : null,
        ["not_measured"] = new JsonArray([.. results.SelectMany(r => r.Telemetry.TakeLast(1)).Take(1).SelectMany(s => s.Readings)
            .Where(x => x is { Value: null, Sensor: "none" }).Select(x => (JsonNode)Machine.Json(x))]),
        ["sensor_problems"] = new JsonArray([.. results.SelectMany(r => r.SensorProblems).DistinctBy(p => p.Sensor)
            .Select(p => (JsonNode)new JsonObject { ["sensor"] = p.Sensor, ["reason"] = p.Reason })]),
        ["sampling"] = new JsonArray([.. results.Where(r => r.SamplingCost is not null).Select(r => (JsonNode)new JsonObject
        {
            ["threads"] = r.Threads,
            ["samples"] = r.Telemetry.Count,
            ["cpu_s"] = Quantity.Json(r.SamplingCost!.CpuSeconds, 4),
            ["core_share"] = Quantity.Json(r.SamplingCost.Share, 5),
            ["longest_s"] = Quantity.Json(r.SamplingCost.LongestSeconds, 4),
        })]),
    };

    /// <summary>Mean power while measuring; null where it was never measured.</summary>
    public static JsonObject? Power(IReadOnlyList<LatencyResult> results)
    {
        IReadOnlyList<PowerReading> measured = PowerReading.All(results.SelectMany(r => r.Telemetry));
        return measured.Count == 0 ? null : new JsonObject
        {
            ["mean_w"] = Quantity.Json(measured.Average(p => p.Watts), 3),
            ["most_w"] = Quantity.Json(measured.Max(p => p.Watts), 3),
            ["source"] = measured[0].Source,
            ["scope"] = measured[0].Scope,
            ["estimate"] = measured[0].Estimate,
            ["samples"] = measured.Count,
        };
    }
}
