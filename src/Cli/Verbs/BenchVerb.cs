using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary><c>edgevit bench</c>: latency that can be trusted and repeated, or the reasons why it cannot.</summary>
internal sealed class BenchVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit")
    {
        Description = "The model, or a run folder; with --rerun by default the one that was measured.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly ParsedOption<IReadOnlyList<int>> _threads = new("--threads", $"counts from 1 to {Threads.OfMachine} (this machine's cores), such as 1,2, or all", ParseThreads)
    {
        Description = "Thread counts to measure, such as 1,2,4; 'all' goes from 1 to the machine's cores. [default: 1]",
        HelpName = "COUNTS|all",
    };
    private readonly TimeOption _duration = new("--duration", "100ms", "24h") { Description = "How long to measure each, such as 60s or 5m. [default: 60s]" };
    private readonly Option<bool> _quick = new("--quick") { Description = "Three seconds instead of a minute; the result is indicative." };
    private readonly TimeOption _sustained = new("--sustained", "100ms", "24h") { Description = "Measure for long, such as 30m, minute by minute with temperature and clock; slowing down by heat is a part of the result." };
    private readonly TimeOption _idle = new("--idle", "100ms", "24h") { Description = "How long the idle machine is watched before: power at rest, other programs. [default: a twelfth of the duration, 0.3 to 5 s]" };
    private readonly InputOption<string?> _image = new("--image") { Description = "A picture whose decoding and resizing are measured too.", HelpName = "FILE" };
    private readonly Option<bool> _cold = new("--cold") { Description = "Only the cold start: from the file to the first logits, and memory." };
    private readonly Option<bool> _kernels = new("--kernels") { Description = "Only the kernels: every shape of the model's steps with every kernel set of this machine." };
    private readonly Option<bool> _assert = new("--assert") { Description = "With --kernels: fail (3) where the plan's choice is more than 10 % slower than the best." };
    private readonly Option<bool> _profile = new("--profile") { Description = "Also time every step of the network." };

    private readonly InputOption<string[]> _against = new("--against") { Description = "An ONNX file to measure in ONNX Runtime, turn by turn with the model; may be given several times.", HelpName = "FILE.onnx" };
    private readonly InputOption<string?> _rerun = new("--rerun") { Absent = $"no such file. {ResultReader.Remedy}.", Description = "Repeat a result with its settings and say what differs; fails (3) where the median left the noise band.", HelpName = "RESULT.json" };
    private readonly Option<string[]> _out = new("--out", "-o") { Description = "Also write the result to a file: .json, .md or .html; may be given several times.", HelpName = "FILE" };

    private readonly ParsedOption<InaPowerMeter> _meter = new("--meter", "CHIP:BUS:ADDRESS:OHMS, such as ina219:1:0x40:0.1 or ina236:1:0x40:0.008", ParseMeter) { Description = "An INA219 or INA236 in the board's supply, such as ina219:1:0x40:0.1 (I2C bus, address, shunt in ohms).", HelpName = "CHIP:BUS:ADDRESS:OHMS" };
    private readonly Option<bool> _overwrite = Replacement.Option();

    public BenchVerb() : base(
        "bench",
        "Measures latency, images per second, energy, cold start and memory on this machine.",
        "bench runs/demo/model.evit --threads all --image photo.jpg",
        "bench model.evit --quick --profile",
        "bench model.evit --sustained 30m --out result.json --out result.md",
        "bench model.evit --against model.onnx",
        "bench --rerun result.json",
        "bench model.evit --cold",
        "bench model.evit --kernels --assert")
    {
        AddAll(_model, _threads, _duration, _quick, _sustained, _idle, _image, _cold, _kernels, _assert, _profile, _against, _rerun, _out, _overwrite, _meter);
    }

    public override IReadOnlyList<Combination> Combinations =>
    [
        Combination.Needs(_assert, "checks the kernels", _kernels),
        Combination.Excludes(_rerun, "takes its settings from the result", _threads, _duration, _quick, _sustained, _idle, _image, _cold, _kernels, _profile, _against),
        Combination.Excludes(_cold, "measures something else", _kernels, _threads, _duration, _quick, _sustained, _idle, _image, _profile, _against, _meter),
        Combination.Excludes(_kernels, "measures something else", _threads, _sustained, _idle, _image, _profile, _against, _meter),
        Combination.Excludes(_sustained, "says how long to measure", _quick, _duration),
        Combination.Excludes(_quick, "says how long to measure", _duration),
    ];

    protected override int Run(ParseResult arguments, Printer printer)
    {
        BenchSettings settings = Settings(arguments);
        BenchResult? former = arguments.GetValue(_rerun) is { } result ? ResultReader.Read(result) : null;
        string path = ModelPath.Resolve(arguments.GetValue(_model) ?? former?.Settings.ModelFile
            ?? throw new UserException(former is null ? "bench needs model.evit. Type 'edgevit bench --help' for the options." : "bench --rerun needs the model: the result does not say where it lies.", ExitCode.Usage));
        ResultFiles files = Files(arguments, path);
        using var run = new BenchRun(path, former is null ? settings : Repetition.Settings(former, settings, printer));
        using var interruption = new Interruption();
        return arguments.GetValue(_cold) ? Cold(run, files, printer)
            : arguments.GetValue(_kernels) ? Kernels(arguments, run, settings, files, printer, interruption.Token)
            : Latency(run, former, path, files, printer, interruption.Token);
    }

    private static int Cold(BenchRun run, ResultFiles files, Printer printer)
    {
        JsonObject json = run.Head().ToJson("cold");
        json["cold"] = run.Cold.Times();
        json["memory"] = run.Cold.Memory();
        run.Cold.Print(printer);
        return files.Finish(json, printer);
    }

    private int Kernels(ParseResult arguments, BenchRun run, BenchSettings settings, ResultFiles files, Printer printer, CancellationToken cancel)
    {
        TimeSpan duration = settings.Quick ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(settings.Plan.Duration.TotalSeconds, 10));
        var audit = KernelAudit.Measure(run.Model, duration, round => printer.Live($"round {round}"), cancel);
        JsonObject json = run.Head().ToJson("kernels");
        audit.AddTo(json);
        audit.Print(printer);
        if (files.Finish(json, printer) is not ExitCode.Ok and var failed)
        {
            return failed;
        }

        return arguments.GetValue(_assert) && audit.Misfits.Count > 0 ? ExitCode.CheckFailed : ExitCode.Ok;
    }

    private static int Latency(BenchRun run, BenchResult? former, string path, ResultFiles files, Printer printer, CancellationToken cancel)
    {
        if (former is not null)
        {
            Repetition.CheckModel(former, path, run.Model.File.Sha256);
        }

        BenchReport report = run.Measure(printer, cancel);
        JsonObject json = report.ToJson();
        Repetition? repetition = former is null ? null : Repetition.Of(former, json);
        json["rerun"] = repetition?.ToJson();
        report.Print(printer);
        repetition?.Print(printer);
        int code = files.Finish(json, printer);
        return code != ExitCode.Ok || repetition?.Within != false ? code : ExitCode.CheckFailed;
    }

    private BenchSettings Settings(ParseResult arguments)
    {
        bool quick = arguments.GetValue(_quick);
        LatencyPlan plan = quick ? LatencyPlan.Quick : LatencyPlan.Full;
        TimeSpan? sustained = arguments.GetValue(_sustained), duration = arguments.GetValue(_duration);
        if ((sustained ?? duration) is { } time)
        {
            plan = plan with { Duration = time, Samples = LatencyStatistics.ForP90, Sustained = sustained is not null };
        }

        return new BenchSettings(_threads.Given(arguments) ?? [1], plan, quick)
        {
            Idle = arguments.GetValue(_idle),
            Profile = arguments.GetValue(_profile),
            Image = arguments.GetValue(_image),
            Meter = arguments.GetValue(_meter)?.Name,
            Meters = arguments.GetValue(_meter) is { } meter ? [meter] : [],
            Against = arguments.GetValue(_against) ?? [],
        };
    }

    private ResultFiles Files(ParseResult arguments, string model)
    {
        string[] inputs = [model, .. arguments.GetValue(_against) ?? [], .. arguments.GetValue(_rerun) is { } former ? [former] : Array.Empty<string>()];
        return ResultFiles.Check(arguments.GetValue(_out) ?? [], inputs, arguments.GetValue(_overwrite), pages: !arguments.GetValue(_cold) && !arguments.GetValue(_kernels));
    }

    private static InaPowerMeter? ParseMeter(string text)
    {
        try
        {
            return InaPowerMeter.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>All counts up to four cores, beyond that powers of two and the cores.</summary>
    internal static IReadOnlyList<int> ScalingCounts(int cores) =>
        [.. Enumerable.Range(1, cores).Where(n => cores <= 4 || n == cores || int.IsPow2(n))];

    /// <summary>Counts that this machine has cores for, each once; null for another text.</summary>
    internal static IReadOnlyList<int>? ParseThreads(string text)
    {
        if (text == "all")
        {
            return ScalingCounts(Threads.OfMachine);
        }

        int[] counts = [.. text.Split(',').Select(part => Number.TryWhole(part, out int count) ? count : 0)];
        return counts.All(c => c >= 1 && c <= Threads.OfMachine) ? [.. counts.Distinct()] : null;
    }
}
