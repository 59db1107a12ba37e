using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit bench</c>: latency that can be trusted and repeated, or the reasons why it cannot.</summary>
internal sealed class BenchVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly Option<string> _threads = new("--threads") { Description = "Thread counts to measure, such as 1,2,4; 'all' goes from 1 to the machine's cores.", DefaultValueFactory = _ => "1" };
    private readonly Option<string?> _duration = new("--duration") { Description = "How long to measure each, such as 60s or 5m. [default: 60s]", HelpName = "TIME" };
    private readonly Option<bool> _quick = new("--quick") { Description = "Three seconds instead of a minute; the result is indicative." };
    private readonly Option<string?> _image = new("--image") { Description = "A picture whose decoding and resizing are measured too.", HelpName = "FILE" };
    private readonly Option<bool> _cold = new("--cold") { Description = "Only the cold start: from the file to the first logits, and memory." };
    private readonly Option<bool> _kernels = new("--kernels") { Description = "Only the kernels: every shape of the model's steps with every kernel set of this machine." };
    private readonly Option<bool> _assert = new("--assert") { Description = "With --kernels: fail (3) where the plan's choice is more than 10 % slower than the best." };
    private readonly Option<bool> _profile = new("--profile") { Description = "Also time every step of the network." };

    private readonly Option<string?> _meter = new("--meter") { Description = "An INA219 or INA236 in the board's supply, such as ina219:1:0x40:0.1 (I2C bus, address, shunt in ohms).", HelpName = "CHIP:BUS:ADDRESS:OHMS" };

    public BenchVerb() : base(
        "bench",
        "Measures latency, images per second, cold start and memory on this machine.",
        "bench runs/demo/model.evit --threads all --image photo.jpg",
        "bench model.evit --quick --profile",
        "bench model.evit --cold",
        "bench model.evit --kernels --assert")
    {
        AddAll(_model, _threads, _duration, _quick, _image, _cold, _kernels, _assert, _profile, _meter);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        bool quick = arguments.GetValue(_quick);
        if (arguments.GetValue(_assert) && !arguments.GetValue(_kernels))
        {
            throw new UserException("--assert checks the kernels; give --kernels too.", ExitCode.Usage);
        }

        IReadOnlyList<int> threads = ParseThreads(arguments.GetRequiredValue(_threads));
        LatencyPlan plan = quick ? LatencyPlan.Quick : LatencyPlan.Full;
        if (arguments.GetValue(_duration) is { } duration)
        {
            plan = plan with { Duration = ParseDuration(duration), Samples = LatencyStatistics.ForP90 };
        }

        string path = ModelPath.Resolve(arguments.GetRequiredValue(_model));

        using var interruption = new Interruption();
        long residentBefore = ProcessMemory.Read().ResidentBytes;
        long start = Stopwatch.GetTimestamp();
        using EvitModel model = EvitModel.Open(path);
        double openMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using Session session = model.CreateSession(Threads.Options(threads[0]));
        double loadMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var measurement = new LatencyMeasurement(model) { Meters = Meters(arguments.GetValue(_meter)) };
        double firstMs = measurement.First(session);
        var cold = new ColdStart(model.File.Bytes, openMs, loadMs, firstMs, session.ArenaBytes, session.WeightBytes, residentBefore, ProcessMemory.Read().ResidentBytes);
        if (arguments.GetValue(_cold))
        {
            printer.Object(cold.ToJson());
            cold.Print(printer);
            return ExitCode.Ok;
        }

        if (arguments.GetValue(_kernels))
        {
            var audit = KernelAudit.Measure(model, quick ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(plan.Duration.TotalSeconds, 10)), round => printer.Live($"round {round}"), interruption.Token);
            printer.Object(audit.ToJson());
            audit.Print(printer);
            return arguments.GetValue(_assert) && audit.Misfits.Count > 0 ? ExitCode.CheckFailed : ExitCode.Ok;
        }

        var results = new List<LatencyResult>();
        foreach (int count in threads)
        {
            printer.Say($"{model.File.Graph.Name}, {BenchReport.Threaded(count)}, kernels {session.KernelName}: {Quantity.Time(plan.Duration)}");
            results.Add(measurement.Measure(count, plan, (seconds, n) =>
                printer.Live($"{Quantity.Fixed(seconds, 0)} / {Quantity.Fixed(plan.Duration.TotalSeconds, 0)} s  {n} images  {Quantity.Milliseconds(1000 * seconds / n)} ms"), interruption.Token));
        }
        var report = new BenchReport(model.File, session.KernelName, BoardDetector.Detect(), CpuClock.Read(), results, plan, quick, cold)
        {
            Preparation = PreparationTimes.Measure(model.Preprocess, arguments.GetValue(_image)),
            Profile = arguments.GetValue(_profile) ? StepProfile.Measure(model, threads[0], results[0].Latency.Mean) : null,
        };
        printer.Object(report.ToJson());
        report.Print(printer);
        return ExitCode.Ok;
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
        return counts;
    }

    internal static TimeSpan ParseDuration(string text)
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
            : throw new UserException($"--duration is '{text}', expected a time such as 10s, 5m or 1h, up to a day.", ExitCode.Usage);
    }
}
