using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>bench --rerun</c>: a result beside the one that it repeats, what differs between the conditions, and whether the medians agree.</summary>
internal sealed class Repetition
{
    private readonly BenchResult _then;
    private readonly BenchResult _now;

    private Repetition(BenchResult then, BenchResult now) => (_then, _now) = (then, now);

    /// <summary>Whether every thread count's median is within the noise band.</summary>
    public bool Within => Pairs.All(p => p.Band.Within);

    private IEnumerable<(ThreadLatency Then, ThreadLatency Now, NoiseBand Band)> Pairs =>
        _now.Threads.Select(now => (Then: _then.Threads.FirstOrDefault(t => t.Threads == now.Threads), Now: now))
            .Where(p => p.Then is not null).Select(p => (p.Then!, p.Now, NoiseBand.Of(p.Then!, p.Now)));

    /// <summary>A result and what has just been measured again.</summary>
    public static Repetition Of(BenchResult then, JsonObject now) => new(then, ResultReader.Parse(Printer.Text(now), "this result"));

    /// <summary>Refuses another model than the one that was measured.</summary>
    /// <exception cref="UserException">Its hash differs.</exception>
    public static void CheckModel(BenchResult then, string path, string sha256)
    {
        if (sha256 != then.Sha256)
        {
            throw new UserException($"{path}: expected the model of {then.File}, {then.Model} with SHA-256 {then.Sha256}, found {sha256}. "
                + $"Say where the model lies: 'edgevit bench MODEL --rerun {then.File}'.");
        }
    }

    /// <summary>The settings of a result. What this machine does not have is left out, and said.</summary>
    /// <param name="then">The result.</param>
    /// <param name="given">What the command line says beside it: a meter in the supply.</param>
    /// <param name="printer">For what is said.</param>
    public static BenchSettings Settings(BenchResult then, BenchSettings given, Printer printer)
    {
        ResultSettings s = then.Settings;
        LatencyPlan usual = then.Indicative ? LatencyPlan.Quick : LatencyPlan.Full;
        TimeSpan duration = TimeSpan.FromSeconds(Math.Clamp(s.Seconds, 0.1, 86400));
        LatencyPlan plan = duration == usual.Duration && !s.Sustained
            ? usual : usual with { Duration = duration, Samples = LatencyStatistics.ForP90, Sustained = s.Sustained };
        KernelChoice? kernel = KernelSets.Available.Cast<KernelChoice?>().FirstOrDefault(k => KernelSets.Name(k!.Value) == then.Kernel);
        if (kernel is null)
        {
            printer.Say($"this machine has no kernels {then.Kernel}; its own are measured");
        }

        if (s.Image is { } image && !File.Exists(image))
        {
            printer.Say($"{image} is not there any more; a random picture is prepared");
        }

        return given with
        {
            Threads = [.. then.Threads.Select(t => Cli.Threads.Check(t.Threads))],
            Plan = plan,
            Quick = then.Indicative,
            Idle = s.IdleSeconds is { } idle ? TimeSpan.FromSeconds(Math.Clamp(idle, 0, 3600)) : null,
            Kernel = kernel,
            Profile = then.Steps.Count > 0,
            Image = File.Exists(s.Image) ? s.Image : null,
        };
    }

    public void Print(Printer printer)
    {
        var latencies = new TextTable($"Repetition of {_then.File}", ">threads", ">p50 then", ">p50 now", ">difference", ">noise band", ">p90 then", ">p90 now", "says");
        foreach ((ThreadLatency then, ThreadLatency now, NoiseBand band) in Pairs)
        {
            latencies.Add(Quantity.Count(now.Threads), ReportDocument.Ms(then.P50), ReportDocument.Ms(now.P50), $"{(band.Difference < 0 ? "" : "+")}{Quantity.Percent(band.Difference)}",
                Quantity.Percent(band.Band), ReportDocument.Ms(then.P90), ReportDocument.Ms(now.P90), band.Verdict);
        }

        printer.Data(latencies);
        var conditions = new TextTable("What differs", "", "then", "now");
        foreach ((string what, string then, string now) in Differences())
        {
            conditions.Add(what, then, now);
        }

        printer.Data(conditions);
    }

    public JsonObject ToJson() => new()
    {
        ["of"] = new JsonObject { ["file"] = Path.GetFullPath(_then.File), ["date"] = _then.Date, ["valid"] = _then.Valid },
        ["within"] = Within,
        ["latency"] = new JsonArray([.. Pairs.Select(p => (JsonNode)new JsonObject
        {
            ["threads"] = p.Now.Threads,
            ["p50_then"] = Quantity.Json(p.Then.P50, 6),
            ["p50_now"] = Quantity.Json(p.Now.P50, 6),
            ["p90_then"] = Quantity.Json(p.Then.P90, 6),
            ["p90_now"] = Quantity.Json(p.Now.P90, 6),
            ["difference"] = Quantity.Json(p.Band.Difference, 6),
            ["band"] = Quantity.Json(p.Band.Band, 6),
            ["verdict"] = p.Band.Verdict,
        })]),
        ["differences"] = new JsonArray([.. Differences().Select(d => (JsonNode)new JsonObject { ["what"] = d.What, ["then"] = d.Then, ["now"] = d.Now })]),
    };

    /// <summary>The conditions that are not the same, as text.</summary>
    internal IEnumerable<(string What, string Then, string Now)> Differences()
    {
        DeviceFacts a = _then.Device, b = _now.Device;
        (string What, string Then, string Now)[] all =
        [
            ("date", _then.Date, _now.Date),
            ("edgevit", _then.Version, _now.Version),
            ("commit", Known(_then.Settings.Commit), Known(_now.Settings.Commit)),
            ("board", a.Board, b.Board),
            ("processor", a.Cpu, b.Cpu),
            ("cores", Quantity.Count(a.Cores), Quantity.Count(b.Cores)),
            ("memory", Quantity.Bytes(a.Memory), Quantity.Bytes(b.Memory)),
            ("kernels", _then.Kernel, _now.Kernel),
            ("governor", Known(a.Governor), Known(b.Governor)),
            ("power mode", Known(a.PowerMode), Known(b.PowerMode)),
            ("clock", Clock(a.MHz), Clock(b.MHz)),
            ("highest clock", Clock(a.MaxMHz), Clock(b.MaxMHz)),
            ("system", a.OperatingSystem, b.OperatingSystem),
            ("kernel", a.Kernel, b.Kernel),
            (".NET", a.DotNet, b.DotNet),
            ("temperature at the start", Celsius(_then), Celsius(_now)),
            ("other programs", Load(_then), Load(_now)),
            ("verdict", _then.Verdict, _now.Verdict),
        ];
        return all.Where(d => d.Then != d.Now);
    }

    private static string Known(string? text) => text ?? "unknown";

    private static string Clock(double? mhz) => mhz is { } value ? $"{Quantity.Fixed(value, 0)} MHz" : "not measured";

    private static string Celsius(BenchResult result) =>
        result.Series.FirstOrDefault(s => s.Celsius is not null) is { Celsius: { } celsius } ? $"{Quantity.Fixed(celsius, 1)} C" : "not measured";

    private static string Load(BenchResult result) => result.BackgroundLoad is { } load ? $"{Quantity.Percent(load, 0)} of the processors" : "unknown";
}
