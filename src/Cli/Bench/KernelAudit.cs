using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>All steps of a network that do the same work on the same shape (<see cref="StepWork.Shape"/>). <c>BinaryMacs</c> are those of one step,
/// <c>Times</c> its milliseconds by kernel set, in the sets' order.</summary>
internal sealed record AuditedShape(string Kind, string Shape, int Steps, double BinaryMacs, IReadOnlyList<double> Times)
{
    public double Best => Times.Min();

    /// <summary>Tera binary multiply-adds per second in a time; null where the steps have none.</summary>
    public double? Rate(double milliseconds) => BinaryMacs > 0 ? BinaryMacs / milliseconds / 1e9 : null;
}

/// <summary><c>bench --kernels</c>: every distinct shape of the model's steps with every kernel set of the machine, timed in the network
/// itself, the sets taking turns; and whether the plan's choice is the best one.</summary>
internal sealed class KernelAudit
{
    /// <summary>How much slower than the best the choice may be.</summary>
    public const double Tolerance = 1.10;

    // Shapes below this share of the run decide nothing, and their times are mostly the clock's.
    private const double LeastShare = 0.002;
    private const int LeastRounds = 5;
    private const double TurnMs = 40;

    private readonly IReadOnlyList<string> _sets;
    private readonly int _pick;

    internal KernelAudit(IReadOnlyList<string> sets, int pick, IReadOnlyList<AuditedShape> shapes)
    {
        _sets = sets;
        _pick = pick;
        Shapes = shapes;
    }

    /// <summary>By the time that they take with the plan's choice, longest first.</summary>
    public IReadOnlyList<AuditedShape> Shapes { get; }

    /// <summary>The shapes for which another set is better by more than the tolerance.</summary>
    public IReadOnlyList<AuditedShape> Misfits =>
        [.. Shapes.Where(s => s.Times[_pick] > Tolerance * s.Best && s.Steps * s.Times[_pick] > LeastShare * PickedMs)];

    private double PickedMs => Shapes.Sum(s => s.Steps * s.Times[_pick]);

    private double MixedMs => Shapes.Sum(s => s.Steps * s.Best);

    /// <summary>Measures at least this long, and five rounds.</summary>
    public static KernelAudit Measure(EvitModel model, TimeSpan duration, Action<int> progress, CancellationToken cancel)
    {
        KernelChoice pick = KernelSets.Resolve(null);
        KernelChoice[] sets = [.. KernelSets.Available];
        Session[] sessions = [.. sets.Select(k => model.CreateSession(new SessionOptions { Kernel = k }))];
        try
        {
            int[] runs = [.. sessions.Select(s => (int)Math.Clamp(TurnMs / s.Profile(2).Sum(t => t.Milliseconds), 1, 400))];
            Dictionary<string, Entry>[] best = [.. sessions.Select(_ => new Dictionary<string, Entry>(StringComparer.Ordinal))];
            long begin = System.Diagnostics.Stopwatch.GetTimestamp();
            for (int round = 0; round < LeastRounds || System.Diagnostics.Stopwatch.GetElapsedTime(begin) < duration; round++)
            {
                for (int i = 0; i < sessions.Length; i++)
                {
                    cancel.ThrowIfCancellationRequested();
                    Merge(best[i], sessions[i].Profile(runs[i]));
                }
                progress(round + 1);
            }
            return new KernelAudit([.. sets.Select(KernelSets.Name)], Array.IndexOf(sets, pick), Group(best));
        }
        finally
        {
            foreach (Session session in sessions)
            {
                session.Dispose();
            }
        }
    }

    public void Print(Printer printer)
    {
        var table = new TextTable("Steps by shape: microseconds of one with each kernel set, the plan's choice first", ["step", "shape", ">steps", .. Order.Select(i => $">{_sets[i]}"), ">T bit/s", "best"]);
        foreach (AuditedShape s in Shapes)
        {
            int best = s.Times.ToList().IndexOf(s.Best);
            string rate = s.Rate(s.Times[_pick]) is { } tera ? Quantity.Fixed(tera, 2) : "-";
            string verdict = best == _pick || s.Times[_pick] <= Tolerance * s.Best ? "" : $"<-- {_sets[best]}";
            table.Add([StepProfile.Short(s.Kind), s.Shape, Quantity.Count(s.Steps), .. Order.Select(i => Quantity.Fixed(1000 * s.Times[i], 1)), rate, verdict]);
        }
        printer.Data(table);
        printer.Data($"{_sets[_pick]}, the plan's choice: {Quantity.Milliseconds(PickedMs)} ms in steps; with the best set for every shape {Quantity.Milliseconds(MixedMs)} ms ({Quantity.Percent(1 - (MixedMs / PickedMs))} less)");
        foreach (AuditedShape s in Misfits)
        {
            printer.Data($"  {s.Kind} {s.Shape}: {Quantity.Percent((s.Times[_pick] / s.Best) - 1)} slower than {_sets[s.Times.ToList().IndexOf(s.Best)]}");
        }
    }

    /// <summary>Adds what was measured to a result.</summary>
    public void AddTo(JsonObject result)
    {
        result["pick"] = _sets[_pick];
        result["tolerance"] = Tolerance;
        result["picked_ms"] = Quantity.Json(PickedMs, 6);
        result["mixed_ms"] = Quantity.Json(MixedMs, 6);
        result["shapes"] = new JsonArray([.. Shapes.Select(s => (JsonNode)new JsonObject
        {
            ["kind"] = s.Kind,
            ["shape"] = s.Shape,
            ["steps"] = s.Steps,
            ["binary_macs"] = s.BinaryMacs,
            ["best"] = _sets[s.Times.ToList().IndexOf(s.Best)],
            ["kernels"] = new JsonObject(_sets.Select((name, i) => KeyValuePair.Create(name, (JsonNode?)new JsonObject
            {
                ["ms"] = Quantity.Json(s.Times[i], 6),
                ["tera_macs_per_second"] = Quantity.Json(s.Rate(s.Times[i])),
            }))),
        })]);
        result["misfits"] = new JsonArray([.. Misfits.Select(s => (JsonNode)$"{s.Kind} {s.Shape}")]);
        result["passed"] = Misfits.Count == 0;
    }

    private IEnumerable<int> Order => Enumerable.Range(0, _sets.Count).OrderBy(i => i == _pick ? -1 : i);

    // A step that prepares another has its name; the two are one candidate.
    private static void Merge(Dictionary<string, Entry> best, IReadOnlyList<StepTime> times)
    {
        foreach (IGrouping<string, StepTime> step in times.GroupBy(t => t.Name))
        {
            double ms = step.Sum(t => t.Milliseconds);
            StepTime last = step.Last();
            if (!best.TryGetValue(step.Key, out Entry? entry))
            {
                best[step.Key] = entry = new Entry(last.Kind, last.Work);
            }

            entry.Milliseconds = Math.Min(entry.Milliseconds, ms);
        }
    }

    private static IReadOnlyList<AuditedShape> Group(Dictionary<string, Entry>[] best) =>
    [
        .. best[0].GroupBy(step => (step.Value.Kind, step.Value.Work.Shape)).Select(g => new AuditedShape(
            g.Key.Kind, g.Key.Shape, g.Count(), g.First().Value.Work.BinaryMacs, [.. best.Select(set => g.Average(step => set[step.Key].Milliseconds))]))
            .OrderByDescending(s => s.Steps * s.Times[0]),
    ];

    private sealed class Entry(string kind, StepWork work)
    {
        public string Kind { get; } = kind;

        public StepWork Work { get; } = work;

        public double Milliseconds { get; set; } = double.MaxValue;
    }
}
