using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Where the time of a run goes, step by step. Steps and a line for the rest add up to the profiled run.</summary>
internal sealed class StepProfile
{
    private const int Shown = 15;

    private readonly IReadOnlyList<StepTime> _steps;
    private readonly double _runMs;
    private readonly KernelCeilings _ceilings;

    private StepProfile(IReadOnlyList<StepTime> steps, double runMs, KernelCeilings ceilings)
    {
        _steps = steps;
        _runMs = runMs;
        _ceilings = ceilings;
    }

    public double StepsMs => _steps.Sum(s => s.Milliseconds);

    /// <summary>Time of a profiled run that no step accounts for: copying, threads meeting, timing itself.</summary>
    public double UnattributedMs => _runMs - StepsMs;

    /// <summary>Profiles about a second of runs, with the threads and kernels that were measured.</summary>
    public static StepProfile Measure(EvitModel model, SessionOptions options, double expectedMs)
    {
        using Session session = model.CreateSession(options);
        int runs = (int)Math.Clamp(1000 / Math.Max(expectedMs, 0.01), 20, 5000);
        session.Profile(Math.Max(10, runs / 5));
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<StepTime> steps = session.Profile(runs);
        // A profile begins with one run that is not counted.
        return new StepProfile(steps, Stopwatch.GetElapsedTime(start).TotalMilliseconds / (runs + 1), KernelCeilings.Measure(options));
    }

    public void Print(Printer printer)
    {
        var table = new TextTable($"Slowest {Math.Min(Shown, _steps.Count)} of {_steps.Count} steps", "step", "kind", "shape", ">ms", ">share", ">cumulative", ">binary", ">float", ">moved", ">of ceiling");
        double cumulative = 0;
        foreach (StepTime step in _steps.OrderByDescending(s => s.Milliseconds).Take(Shown))
        {
            cumulative += step.Milliseconds;
            table.Add(step.Name, Short(step.Kind), step.Work.Shape, Quantity.Milliseconds(step.Milliseconds), Quantity.Percent(step.Milliseconds / _runMs), Quantity.Percent(cumulative / _runMs),
                Quantity.Operations(step.Work.BinaryMacs), Quantity.Operations(step.Work.FloatOps), Quantity.Bytes(step.Work.Bytes),
                _ceilings.Share(step) is { } share ? Quantity.Percent(share, 0) : "-");
        }
        printer.Data(table);
        var kinds = new TextTable("By the product that a step begins with", "step", ">steps", ">ms", ">share", ">binary", ">float", ">moved", ">T bit/s");
        foreach (IGrouping<string, StepTime> kind in _steps.GroupBy(s => Family(s.Kind)).OrderByDescending(g => g.Sum(s => s.Milliseconds)))
        {
            double ms = kind.Sum(s => s.Milliseconds), binary = kind.Sum(s => s.Work.BinaryMacs);
            kinds.Add(kind.Key, Quantity.Count(kind.Count()), Quantity.Milliseconds(ms), Quantity.Percent(ms / _runMs), Quantity.Operations(binary),
                Quantity.Operations(kind.Sum(s => s.Work.FloatOps)), Quantity.Bytes(kind.Sum(s => s.Work.Bytes)), binary > 0 ? Quantity.Fixed(binary / ms / 1e9, 2) : "-");
        }
        kinds.Add("unattributed", "", Quantity.Fixed(UnattributedMs, 4), Quantity.Percent(UnattributedMs / _runMs));
        kinds.Add("profiled run (mean)", "", Quantity.Milliseconds(_runMs), "100.0 %");
        printer.Data(kinds);
        printer.Data("binary and float: multiply-adds and element visits; moved: tensors and values in memory; of ceiling: rate beside the same kernel's on one large shape");
    }

    public JsonArray Json() => new([
        .. _steps.Select(s => (JsonNode)Entry(s.Name, s.Kind, s.Milliseconds, s)),
        Entry("unattributed", "", UnattributedMs, null),
    ]);

    /// <summary>The op that a fused step begins with.</summary>
    private static string Family(string kind) => kind.Split(' ')[0];

    internal static string Short(string kind)
    {
        int fused = kind.Split(" + ").Length - 1;
        return fused == 0 ? kind : $"{Family(kind)} and {fused} fused";
    }

    private JsonObject Entry(string name, string kind, double milliseconds, StepTime? step) => new()
    {
        ["name"] = name,
        ["kind"] = kind,
        ["ms"] = Quantity.Json(milliseconds, 6),
        ["share"] = Quantity.Json(milliseconds / _runMs, 6),
        ["shape"] = step?.Work.Shape,
        ["binary_macs"] = step?.Work.BinaryMacs,
        ["float_ops"] = step?.Work.FloatOps,
        ["bytes"] = step?.Work.Bytes,
        ["of_ceiling"] = step is null ? null : Quantity.Json(_ceilings.Share(step)),
    };
}
