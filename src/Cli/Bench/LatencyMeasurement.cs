using System.Diagnostics;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>How long to measure: at least this long, and at least this many samples.</summary>
internal sealed record LatencyPlan(TimeSpan Duration, int Samples)
{
    /// <summary>What a valid result needs.</summary>
    public static LatencyPlan Full { get; } = new(TimeSpan.FromSeconds(60), 1024);

    /// <summary>A first impression.</summary>
    public static LatencyPlan Quick { get; } = new(TimeSpan.FromSeconds(3), LatencyStatistics.ForP90);

    /// <summary>Whether heat is a part of what is measured: the result has windows, and a board that slows itself down is no fault of it.</summary>
    public bool Sustained { get; init; }
}

/// <summary>Latencies of one thread count, and what the machine did meanwhile: managed bytes that the calling thread allocated per run, the share
/// of the processors that other processes used (null where unknown), whether a throttle bit was set (null where the board has none).</summary>
internal sealed record LatencyResult(
    int Threads, LatencyStatistics Latency, double Seconds, int WarmUp, double AllocatedPerRun, double? OthersLoad,
    IReadOnlyList<TelemetrySample> Telemetry, bool? Throttled, long ArenaBytes)
{
    /// <summary>What sampling the sensors took away; null where it was not counted.</summary>
    public TelemetryCost? SamplingCost { get; init; }

    /// <summary>Medians of stretches of the measurement, by the second at which each ends.</summary>
    public IReadOnlyList<(double Seconds, double P50)> OverTime { get; init; } = [];

    /// <summary>The measurement window by window; none unless it is a sustained one.</summary>
    public IReadOnlyList<SustainedWindow> Windows { get; init; } = [];

    /// <summary>Sensors that failed, each with its reason.</summary>
    public IReadOnlyList<(string Sensor, string Reason)> SensorProblems { get; init; } = [];
}

/// <summary>Measures one image after the other, as a camera delivers them: bytes at the input's size in, logits out.</summary>
internal sealed class LatencyMeasurement
{
    private const int Pictures = 8;
    private const int FirstSamples = 4_000_000;
    private const int MostSamples = 64_000_000;
    private const int WarmUpWindow = 20;
    private const double WarmUpTolerance = 0.02;

    private readonly EvitModel _model;
    private readonly byte[][] _pictures;
    private readonly float[] _logits;

    /// <summary>Prepares random pictures: their content changes nothing in the work, only that it is not always the same one.</summary>
    public LatencyMeasurement(EvitModel model)
    {
        _model = model;
        var random = new Random(1);
        _pictures = [.. Enumerable.Range(0, Pictures).Select(_ =>
        {
            byte[] pixels = new byte[model.InputShape.Aggregate(1, (product, size) => product * size)];
            random.NextBytes(pixels);
            return pixels;
        })];
        _logits = new float[model.Classes];
    }

    /// <summary>The very first run of a session: compilation and cold caches included.</summary>
    public double First(Session session)
    {
        long start = Stopwatch.GetTimestamp();
        session.RunNhwc(_pictures[0], _logits);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Meters in the board's supply.</summary>
    public IReadOnlyList<IPowerMeter> Meters { get; init; } = [];

    /// <summary>Where the sensors are.</summary>
    public SystemFiles Files { get; init; } = SystemFiles.Machine;

    /// <summary>The kernel set; null as <see cref="SessionOptions.Kernel"/>.</summary>
    public KernelChoice? Kernel { get; init; }

    /// <summary>Warms up, then measures.</summary>
    public LatencyResult Measure(int threads, LatencyPlan plan, Action<double, int> progress, CancellationToken cancel)
    {
        using Session session = _model.CreateSession(new SessionOptions { Threads = threads, Kernel = Kernel });
        // A tenth of the measurement at most.
        int warmUp = WarmUp(i => session.RunNhwc(_pictures[i % Pictures], _logits), TimeSpan.FromSeconds(Math.Clamp(plan.Duration.TotalSeconds / 10, 1, 10)), TimeProvider.System, cancel);
        double[] samples = new double[FirstSamples];
        int count = 0;

        using var telemetry = new TelemetryLog(Files, meters: Meters);
        var load = new CpuLoad(Files);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long allocated = 0;
        long begin = Stopwatch.GetTimestamp();
        long reported = begin;
        double elapsed = 0;
        while ((elapsed < plan.Duration.TotalSeconds || count < plan.Samples) && count < MostSamples && !cancel.IsCancellationRequested)
        {
            if (count == samples.Length)
            {
                Array.Resize(ref samples, 2 * samples.Length);
            }

            byte[] picture = _pictures[count % Pictures];
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            session.RunNhwc(picture, _logits);
            long end = Stopwatch.GetTimestamp();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            samples[count++] = Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;
            elapsed = Stopwatch.GetElapsedTime(begin, end).TotalSeconds;
            if (Stopwatch.GetElapsedTime(reported, end).TotalSeconds >= 0.5)
            {
                reported = end;
                progress(elapsed, count);
            }
        }
        double? others = load.OthersShare();
        telemetry.Dispose();
        cancel.ThrowIfCancellationRequested();
        return new LatencyResult(
            threads, new LatencyStatistics(new ArraySegment<double>(samples, 0, count)), elapsed, warmUp, (double)allocated / count, others,
            telemetry.Samples, telemetry.Throttled, session.ArenaBytes)
        {
            OverTime = LatencyOverTime.Of(samples.AsSpan(0, count)),
            Windows = plan.Sustained ? SustainedWindows.Of(samples.AsSpan(0, count), SustainedWindows.Length(plan.Duration), telemetry.Samples) : [],
            SamplingCost = telemetry.Cost,
            SensorProblems = telemetry.Problems,
        };
    }

    /// <summary>Runs until the median of 20 runs is within 2 % of that of the 20 before, but not longer than <paramref name="most"/>. Returns how
    /// many runs it took.</summary>
    internal static int WarmUp(Action<int> run, TimeSpan most, TimeProvider clock, CancellationToken cancel)
    {
        // The compiler replaces its first, quick code after 30 calls, in the background.
        const int LeastRuns = 3 * WarmUpWindow;
        var runs = new List<double>();
        long begin = clock.GetTimestamp();
        while (!cancel.IsCancellationRequested && clock.GetElapsedTime(begin) < most)
        {
            long start = clock.GetTimestamp();
            run(runs.Count);
            runs.Add(clock.GetElapsedTime(start).TotalMilliseconds);
            if (runs.Count >= LeastRuns && runs.Count % WarmUpWindow == 0 && Stable(runs) && clock.GetElapsedTime(begin).TotalMilliseconds > 300)
            {
                break;
            }
        }
        return runs.Count;
    }

    private static bool Stable(List<double> runs)
    {
        double last = Median(runs.TakeLast(WarmUpWindow));
        double before = Median(runs.SkipLast(WarmUpWindow).TakeLast(WarmUpWindow));
        return Math.Abs(last - before) <= WarmUpTolerance * before;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(WarmUpWindow / 2);
}
