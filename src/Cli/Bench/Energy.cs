using System.Text.Json.Nodes;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>Energy of one image at one thread count.</summary>
/// <param name="Threads">The thread count.</param>
/// <param name="Watts">Mean power while measuring.</param>
/// <param name="Samples">Readings of the power.</param>
/// <param name="Joules">All that was used, for one image.</param>
/// <param name="AboveIdle">Joules for one image above what the machine uses at rest; null where that was not measured by the same sensor.</param>
internal sealed record ImageEnergy(int Threads, double Watts, int Samples, double Joules, double? AboveIdle);

/// <summary>Energy per image, where the machine measures its power by one sensor all the time; nothing is guessed.</summary>
internal sealed class Energy
{
    private readonly PowerReading _source;
    private readonly IdlePeriod? _idle;
    private readonly IReadOnlyList<PowerReading> _idlePower;

    private Energy(IReadOnlyList<LatencyResult> results, PowerReading source, IdlePeriod? idle)
    {
        _source = source;
        _idle = idle;
        _idlePower = [.. PowerReading.All(idle?.Telemetry ?? []).Where(p => p.Source == source.Source)];
        ByThreads = [.. results.Select(Of).OfType<ImageEnergy>()];
    }

    public IReadOnlyList<ImageEnergy> ByThreads { get; }

    /// <summary>Mean power at rest; null where it was not measured.</summary>
    public double? IdleWatts => _idlePower.Count > 0 ? _idlePower.Average(p => p.Watts) : null;

    /// <summary>What results used; null where no power was measured.</summary>
    public static Energy? Measured(IReadOnlyList<LatencyResult> results, IdlePeriod? idle) =>
        results.SelectMany(r => PowerReading.All(r.Telemetry)).Cast<PowerReading?>().FirstOrDefault() is { } source ? new Energy(results, source, idle) : null;

    /// <summary>Why no power was measured.</summary>
    public static string Lack(IReadOnlyList<LatencyResult> results)
    {
        Reading[] last = [.. results.SelectMany(r => r.Telemetry.TakeLast(1)).Take(1).SelectMany(s => s.Readings).Where(r => r is { Kind: SensorKind.Power, Value: null })];
        string[] failed = [.. last.Where(r => r.Sensor != "none").Select(r => $"{r.Sensor}: {r.Missing}")];
        return failed.Length > 0 ? string.Join("; ", failed)
            : last.Length > 0 ? last[0].Missing ?? "no sensor"
            : "the sensors see parts of the board only, or were not asked";
    }

    public void Print(Printer printer)
    {
        foreach (ImageEnergy e in ByThreads)
        {
            string idle = e.AboveIdle is { } above && IdleWatts is { } watts ? $"{Joules(above)} above idle ({Quantity.Fixed(watts, 2)} W), " : "idle power not measured, ";
            printer.Data($"energy for one image, {BenchReport.Threaded(e.Threads)}: {idle}{Joules(e.Joules)} in all at {Quantity.Fixed(e.Watts, 2)} W "
                + $"({_source.Source}, {_source.Scope}{(_source.Estimate ? ", an estimate" : "")})");
        }
    }

    public JsonObject ToJson() => new()
    {
        ["source"] = _source.Source,
        ["scope"] = _source.Scope,
        ["estimate"] = _source.Estimate,
        ["idle_w"] = Quantity.Json(IdleWatts, 3),
        ["idle_s"] = Quantity.Json(_idle?.Seconds, 2),
        ["idle_samples"] = _idlePower.Count,
        ["by_threads"] = new JsonArray([.. ByThreads.Select(e => (JsonNode)new JsonObject
        {
            ["threads"] = e.Threads,
            ["mean_w"] = Quantity.Json(e.Watts, 3),
            ["samples"] = e.Samples,
            ["joules_per_image"] = Quantity.Json(e.Joules, 9),
            ["joules_per_image_above_idle"] = Quantity.Json(e.AboveIdle, 9),
        })]),
    };

    /// <summary>Joules with a prefix that people read.</summary>
    internal static string Joules(double joules) => Math.Abs(joules) switch
    {
        < 1e-3 => $"{Quantity.Fixed(joules * 1e6, 1)} uJ",
        < 1 => $"{Quantity.Fixed(joules * 1e3, 2)} mJ",
        _ => $"{Quantity.Fixed(joules, 3)} J",
    };

    private ImageEnergy? Of(LatencyResult result)
    {
        PowerReading[] power = [.. PowerReading.All(result.Telemetry).Where(p => p.Source == _source.Source)];
        if (power.Length == 0)
        {
            return null;
        }

        double watts = power.Average(p => p.Watts), seconds = result.Seconds / result.Latency.Count;
        return new ImageEnergy(result.Threads, watts, power.Length, watts * seconds, (watts - IdleWatts) * seconds);
    }
}
