using System.Diagnostics;

namespace EdgeVit.Devices;

/// <summary>Samples all sensors from a thread of its own while something else is measured. Two samples a second at the lowest priority do not
/// disturb what is measured; a sensor that fails or hangs is named and the others go on.</summary>
public sealed class TelemetryLog : IDisposable
{
    private readonly SensorSweep _sweep;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<TelemetrySample> _samples = [];
    private readonly SortedDictionary<string, string> _problems = new(StringComparer.Ordinal);
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly TimeSpan _interval;
    private double _longest;
    private TimeSpan _ownCpu;

    /// <summary>Begins to sample.</summary>
    /// <param name="files">Where to read; this machine by default.</param>
    /// <param name="interval">Time between two samples; half a second by default.</param>
    /// <param name="meters">Meters in the board's supply.</param>
    public TelemetryLog(SystemFiles? files = null, TimeSpan? interval = null, IEnumerable<IPowerMeter>? meters = null)
        : this(new SensorSweep(new BoardSensors(files, meters)), interval)
    {
    }

    internal TelemetryLog(SensorSweep sweep, TimeSpan? interval = null)
    {
        _sweep = sweep;
        _interval = interval ?? TimeSpan.FromSeconds(0.5);
        Take();
        _thread = new Thread(Loop) { IsBackground = true, Priority = ThreadPriority.Lowest, Name = "telemetry" };
        _thread.Start();
    }

    /// <summary>The samples so far, oldest first.</summary>
    public IReadOnlyList<TelemetrySample> Samples
    {
        get
        {
            lock (_samples)
            {
                return [.. _samples];
            }
        }
    }

    /// <summary>Whether the board slowed itself down; see <see cref="ThrottledIn"/>.</summary>
    public bool? Throttled => ThrottledIn(Samples);

    /// <summary>Sensors that failed at least once, each with its last reason.</summary>
    public IReadOnlyList<(string Sensor, string Reason)> Problems
    {
        get
        {
            lock (_samples)
            {
                return [.. _problems.Select(p => (p.Key, p.Value))];
            }
        }
    }

    /// <summary>What the sampling has cost so far.</summary>
    public TelemetryCost Cost
    {
        get
        {
            lock (_samples)
            {
                double cpu = (_ownCpu + _sweep.CpuTime).TotalSeconds;
                double seconds = _clock.Elapsed.TotalSeconds;
                return new TelemetryCost(cpu, seconds > 0 ? cpu / seconds : null, _longest);
            }
        }
    }

    /// <summary>Takes a last sample and ends.</summary>
    public void Dispose()
    {
        if (_stop.IsSet)
        {
            return;
        }

        _stop.Set();
        _thread.Join();
        Take();
        _clock.Stop();
        _sweep.Dispose();
    }

    /// <summary>Whether the firmware reported a slow-down or the supply's alarm was on in any of some samples, or an overload that slows the board down was
    /// counted since the first of them; null where the board tells nothing of these. An alarm that is off says nothing of other causes.</summary>
    /// <param name="samples">In the order of time.</param>
    /// <param name="before">The sample before them, from which overloads are counted; null for the first of them.</param>
    public static bool? ThrottledIn(IReadOnlyList<TelemetrySample> samples, TelemetrySample? before = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        bool? bits = samples.Any(s => s.Throttle is not null) ? samples.Any(s => s.Throttle is { Now: true }) : null;
        bool? alarm = samples.SelectMany(s => s.Readings).Any(r => r is { Kind: SensorKind.UnderVoltage, Value: > 0 }) ? true : null;
        bool? overload = OverCurrents(before is null ? samples : [before, .. samples]) is { } events ? events > 0 : null;
        bool?[] said = [bits, alarm, overload];
        return said.All(s => s is null) ? null : said.Contains(true);
    }

    /// <summary>How many overloads that slow the board down were counted between the first of some samples and the last; null where no sample has a
    /// counter.</summary>
    /// <param name="samples">In the order of time.</param>
    public static double? OverCurrents(IReadOnlyList<TelemetrySample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        (string Sensor, double Events)[] counts = [.. samples.SelectMany(s => s.Readings)
            .Where(r => r is { Kind: SensorKind.OverCurrent, Value: not null } && !r.Sensor.EndsWith(OverCurrentSensors.CountedOnly, StringComparison.Ordinal))
            .Select(r => (r.Sensor, r.Value!.Value))];
        return counts.Length > 0 ? counts.GroupBy(c => c.Sensor).Sum(c => c.Max(e => e.Events) - c.Min(e => e.Events)) : null;
    }

    private void Loop()
    {
        ThreadClock.LowerPriority();
        TimeSpan next = _clock.Elapsed + _interval;
        while (!_stop.Wait(next > _clock.Elapsed ? next - _clock.Elapsed : TimeSpan.Zero))
        {
            Take();
            _ownCpu = ThreadClock.CpuTime;
            // What was missed while a sensor hung is not made up for.
            next = TimeSpan.FromTicks(Math.Max((next + _interval).Ticks, _clock.Elapsed.Ticks));
        }
    }

    private void Take()
    {
        TimeSpan start = _clock.Elapsed;
        IReadOnlyList<Reading> readings = _sweep.Read();
        lock (_samples)
        {
            _samples.Add(new TelemetrySample(start.TotalSeconds, readings));
            _longest = Math.Max(_longest, (_clock.Elapsed - start).TotalSeconds);
            foreach (Reading reading in readings.Where(r => r is { Missing: not null, Sensor: not "none" }))
            {
                _problems[reading.Sensor] = reading.Missing!;
            }
        }
    }
}
