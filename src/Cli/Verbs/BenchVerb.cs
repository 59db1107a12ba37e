using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit bench</c>: latency that can be trusted and repeated, or the reasons why it cannot.</summary>
internal sealed class BenchVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit")
    {
        Description = "The model, or a run folder; with --rerun by default the one that was measured.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _threads = new("--threads") { Description = "Thread counts to measure, such as 1,2,4; 'all' goes from 1 to the machine's cores.", DefaultValueFactory = _ => "1" };
    private readonly Option<string?> _duration = new("--duration") { Description = "How long to measure each, such as 60s or 5m. [default: 60s]", HelpName = "TIME" };
    private readonly Option<bool> _quick = new("--quick") { Description = "Three seconds instead of a minute; the result is indicative." };
    private readonly Option<string?> _sustained = new("--sustained") { Description = "Measure for long, such as 30m, minute by minute with temperature and clock; slowing down by heat is a part of the result.", HelpName = "TIME" };
    private readonly Option<string?> _idle = new("--idle") { Description = "How long the idle machine is watched before: power at rest, other programs. [default: a twelfth of the duration, 0.3 to 5 s]", HelpName = "TIME" };
    private readonly Option<string?> _image = new("--image") { Description = "A picture whose decoding and resizing are measured too.", HelpName = "FILE" };
    private readonly Option<bool> _cold = new("--cold") { Description = "Only the cold start: from the file to the first logits, and memory." };
    private readonly Option<bool> _kernels = new("--kernels") { Description = "Only the kernels: every shape of the model's steps with every kernel set of this machine." };
    private readonly Option<bool> _assert = new("--assert") { Description = "With --kernels: fail (3) where the plan's choice is more than 10 % slower than the best." };
    private readonly Option<bool> _profile = new("--profile") { Description = "Also time every step of the network." };

    private readonly Option<string[]> _against = new("--against") { Description = "An ONNX file to measure in ONNX Runtime, turn by turn with the model; may be given several times.", HelpName = "FILE.onnx" };
    private readonly Option<string?> _rerun = new("--rerun") { Description = "Repeat a result with its settings and say what differs; fails (3) where the median left the noise band.", HelpName = "RESULT.json" };
    private readonly Option<string[]> _out = new("--out", "-o") { Description = "Also write the result to a file: .json, .md or .html; may be given several times.", HelpName = "FILE" };

    private readonly Option<string?> _meter = new("--meter") { Description = "An INA219 or INA236 in the board's supply, such as ina219:1:0x40:0.1 (I2C bus, address, shunt in ohms).", HelpName = "CHIP:BUS:ADDRESS:OHMS" };

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
        AddAll(_model, _threads, _duration, _quick, _sustained, _idle, _image, _cold, _kernels, _assert, _profile, _against, _rerun, _out, _meter);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        if (arguments.GetValue(_assert) && !arguments.GetValue(_kernels))
        {
            throw new UserException("--assert checks the kernels; give --kernels too.", ExitCode.Usage);
        }

        Refuse(arguments, _cold, _kernels, _sustained, _idle, _image, _profile, _against, _meter);
        Refuse(arguments, _kernels, _threads, _sustained, _idle, _image, _profile, _against, _meter);
        BenchSettings settings = Settings(arguments);
        BenchResult? former = arguments.GetValue(_rerun) is { } result ? Former(arguments, result) : null;
        string path = ModelPath.Resolve(arguments.GetValue(_model) ?? former?.Settings.ModelFile
            ?? throw new UserException(former is null ? "bench needs model.evit." : "bench --rerun needs the model: the result does not say where it lies.", ExitCode.Usage));
        ResultFiles files = Files(arguments, path);
        using var interruption = new Interruption();
        using var run = new BenchRun(path, former is null ? settings : Repetition.Settings(former, settings, printer));
        return arguments.GetValue(_cold) ? Cold(run, files, printer)
            : arguments.GetValue(_kernels) ? Kernels(arguments, run, settings, files, printer, interruption.Token)
            : Latency(run, former, path, files, printer, interruption.Token);
    }

    /// <summary>Refuses options that mean nothing beside one.</summary>
    private static void Refuse(ParseResult arguments, Option<bool> one, params Option[] others)
    {
        if (arguments.GetValue(one) && others.FirstOrDefault(o => arguments.GetResult(o) is { Implicit: false }) is { } other)
        {
            throw new UserException($"{one.Name} measures something else; leave out {other.Name}.", ExitCode.Usage);
        }
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
        string? sustained = arguments.GetValue(_sustained), duration = arguments.GetValue(_duration);
        if (sustained is not null && (quick || duration is not null))
        {
            throw new UserException("--sustained says how long to measure; leave out --quick and --duration.", ExitCode.Usage);
        }

        if ((sustained ?? duration) is { } time)
        {
            plan = plan with { Duration = ParseDuration(time, sustained is null ? "--duration" : "--sustained"), Samples = LatencyStatistics.ForP90, Sustained = sustained is not null };
        }

        return new BenchSettings(ParseThreads(arguments.GetRequiredValue(_threads)), plan, quick)
        {
            Idle = arguments.GetValue(_idle) is { } idle ? ParseDuration(idle, "--idle") : null,
            Profile = arguments.GetValue(_profile),
            Image = arguments.GetValue(_image),
            Meter = arguments.GetValue(_meter),
            Meters = Meters(arguments.GetValue(_meter)),
            Against = arguments.GetValue(_against) ?? [],
        };
    }

    private BenchResult Former(ParseResult arguments, string file)
    {
        Option[] fixedByResult = [_threads, _duration, _quick, _sustained, _idle, _image, _cold, _kernels, _profile, _against];
        return fixedByResult.FirstOrDefault(o => arguments.GetResult(o) is { Implicit: false }) is { } given
            ? throw new UserException($"--rerun takes its settings from the result; leave out {given.Name}.", ExitCode.Usage)
            : ResultReader.Read(file);
    }

    private ResultFiles Files(ParseResult arguments, string model)
    {
        string[] inputs = [model, .. arguments.GetValue(_against) ?? [], .. arguments.GetValue(_rerun) is { } former ? [former] : Array.Empty<string>()];
        return ResultFiles.Check(arguments.GetValue(_out) ?? [], inputs, pages: !arguments.GetValue(_cold) && !arguments.GetValue(_kernels));
    }

    private static IReadOnlyList<IPowerMeter> Meters(string? text)
    {
        try
        {
            return text is null ? [] : [InaPowerMeter.Parse(text)];
        }
        catch (FormatException e)
        {
            throw new UserException($"--meter: {e.Message}.", ExitCode.Usage);
        }
    }

    /// <summary>All counts up to four cores, beyond that powers of two and the cores.</summary>
    internal static IReadOnlyList<int> ScalingCounts(int cores) =>
        [.. Enumerable.Range(1, cores).Where(n => cores <= 4 || n == cores || int.IsPow2(n))];

    internal static IReadOnlyList<int> ParseThreads(string text)
    {
        if (text == "all")
        {
            return ScalingCounts(Math.Min(Environment.ProcessorCount, SessionOptions.MaxThreads));
        }

        var counts = new List<int>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
            {
                throw new UserException($"--threads is '{text}', expected counts such as 1,2,4, or all.", ExitCode.Usage);
            }

            counts.Add(Threads.Check(count));
        }

        return [.. counts.Distinct()];
    }

    internal static TimeSpan ParseDuration(string text, string option = "--duration")
    {
        (string number, double factor) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            [.. var head, 's'] => (head, 1.0),
            [.. var head, 'm'] => (head, 60.0),
            [.. var head, 'h'] => (head, 3600.0),
            _ => (text, 1.0),
        };
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value * factor is >= 0.1 and <= 86400
            ? TimeSpan.FromSeconds(value * factor)
            : throw new UserException($"{option} is '{text}', expected a time such as 10s, 5m or 1h, up to a day.", ExitCode.Usage);
    }
}
