using System.Diagnostics;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>An opened model with its cold start, to be measured further.</summary>
internal sealed class BenchRun : IDisposable
{
    private readonly BenchSettings _settings;
    private readonly string _path;
    private readonly Session _session;
    private readonly LatencyMeasurement _measurement;

    /// <summary>Opens a model and runs it once.</summary>
    public BenchRun(string path, BenchSettings settings)
    {
        (_path, _settings) = (path, settings);
        long residentBefore = ProcessMemory.Read().ResidentBytes;
        long start = Stopwatch.GetTimestamp();
        Model = EvitModel.Open(path);
        double openMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        _session = Model.CreateSession(settings.Session(settings.Threads[0]));
        double loadMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        _measurement = new LatencyMeasurement(Model) { Meters = settings.Meters, Kernel = settings.Kernel };
        double firstMs = _measurement.First(_session);
        Cold = new ColdStart(Model.File.Bytes, openMs, loadMs, firstMs, _session.ArenaBytes, _session.WeightBytes, residentBefore, ProcessMemory.Read().ResidentBytes);
    }

    public EvitModel Model { get; }

    public ColdStart Cold { get; }

    /// <summary>The beginning of a result, with the clock as it is now.</summary>
    public ResultHead Head() => new(Model.File, _path, BoardDetector.Detect(), CpuClock.Read());

    /// <summary>Measures all that the settings ask for.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public BenchReport Measure(Printer printer, CancellationToken cancel)
    {
        using var others = new OtherBenches(Model.File.Graph.Name);
        foreach (OtherBench other in others.Seen)
        {
            printer.Warn(ValidityRules.Disturbing(other));
        }

        long peak = ProcessMemory.Read().PeakBytes;
        List<Rival> rivals = [];
        try
        {
            // Before minutes of measuring: a file that cannot be used shows now.
            byte[]? picture = _settings.Image is { } image ? PreparationTimes.Read(image) : null;
            foreach (string file in _settings.Against)
            {
                rivals.Add(new Rival(file, _settings.Threads[0], Model.Preprocess, Model.Classes));
            }

            var idle = IdlePeriod.Watch(_settings.IdleTime, SystemFiles.Machine, _settings.Meters, cancel);
            List<LatencyResult> results = [.. _settings.Threads.Select(count => Measure(count, printer, cancel))];
            ResultHead head = Head();
            var preparation = PreparationTimes.Measure(Model.Preprocess, picture, cancel);
            StepProfile? profile = _settings.Profile ? StepProfile.Measure(Model, _settings.Session(_settings.Threads[0]), results[0].Latency.Mean) : null;
            AgainstOnnx? against = rivals.Count == 0 ? null : Rounds(rivals, printer, cancel);
            others.Dispose();
            return new BenchReport(head, _session.KernelName, results, _settings.Plan, _settings.Quick, Cold)
            {
                Preparation = preparation,
                Profile = profile,
                Idle = idle,
                Others = others.Seen,
                Against = against,
                PeakBytes = rivals.Count == 0 ? ProcessMemory.Read().PeakBytes : peak,
                Given = (_settings.Image, _settings.Meter),
            };
        }
        finally
        {
            rivals.ForEach(r => r.Dispose());
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        Model.Dispose();
    }

    private LatencyResult Measure(int threads, Printer printer, CancellationToken cancel)
    {
        TimeSpan duration = _settings.Plan.Duration;
        printer.Say($"{Model.File.Graph.Name}, {BenchReport.Threaded(threads)}, kernels {_session.KernelName}: {Quantity.Time(duration)}");
        return _measurement.Measure(threads, _settings.Plan, (seconds, n) =>
            printer.Live($"{Quantity.Fixed(seconds, 0)} / {Quantity.Fixed(duration.TotalSeconds, 0)} s  {n} images  {Quantity.Milliseconds(1000 * seconds / n)} ms"), cancel);
    }

    private AgainstOnnx Rounds(IReadOnlyList<Rival> rivals, Printer printer, CancellationToken cancel)
    {
        printer.Say($"turn by turn with {string.Join(", ", rivals.Select(r => Path.GetFileName(r.File)))}: {Quantity.Time(_settings.Plan.Duration)}");
        return AgainstOnnx.Measure(Model, _path, _settings.Session(_settings.Threads[0]), rivals, _settings.Plan.Duration, round => printer.Live($"round {round}"), cancel);
    }
}
