using System.Diagnostics;

namespace EdgeVit.Devices;

/// <summary>Temperature, clock and throttle bits of a board at one moment; null where unknown.</summary>
/// <param name="Seconds">Since the log began.</param>
/// <param name="Celsius">The processor's temperature.</param>
/// <param name="MHz">Its fastest core.</param>
/// <param name="Throttle">The firmware's throttle bits.</param>
public sealed record TelemetrySample(double Seconds, double? Celsius, double? MHz, ThrottleState? Throttle);

/// <summary>Samples temperature, clock and throttle bits from a thread of its own while something else is measured. Two samples a second on
/// a thread of low priority do not disturb what is measured.</summary>
public sealed class TelemetryLog : IDisposable
{
    private readonly SystemFiles _files;
    private readonly IThermometer _thermometer;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<TelemetrySample> _samples = [];
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly TimeSpan _interval;

    /// <summary>Begins to sample.</summary>
    /// <param name="files">Where to read; this machine by default.</param>
    /// <param name="interval">Time between two samples; half a second by default.</param>
    public TelemetryLog(SystemFiles? files = null, TimeSpan? interval = null)
    {
        _files = files ?? SystemFiles.Machine;
        _thermometer = new SysfsThermometer(_files);
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

    /// <summary>Whether the firmware reported a slow-down in any sample; null where it has no throttle bits.</summary>
    public bool? Throttled => Samples.Any(s => s.Throttle is not null) ? Samples.Any(s => s.Throttle is { Now: true }) : null;

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
    }

    private void Loop()
    {
        while (!_stop.Wait(_interval))
        {
            Take();
        }
    }

    private void Take()
    {
        var sample = new TelemetrySample(
            _clock.Elapsed.TotalSeconds,
            SysfsThermometer.OfProcessor(_thermometer.Read()),
            CpuClock.Read(_files).CurrentMHz,
            ThrottleState.Read(_files));
        lock (_samples)
        {
            _samples.Add(sample);
        }
    }
}
