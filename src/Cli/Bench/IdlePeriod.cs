using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>The machine while the network waits, directly before the measurement: what it needs at rest, and what other programs do.</summary>
/// <param name="Seconds">How long it was watched.</param>
/// <param name="OthersLoad">The share of the processors that other processes used; null where unknown.</param>
/// <param name="Telemetry">What the sensors said, by the sampling of the measurement.</param>
internal sealed record IdlePeriod(double Seconds, double? OthersLoad, IReadOnlyList<TelemetrySample> Telemetry)
{
    /// <summary>Watches for a time.</summary>
    /// <param name="files">Where the sensors are.</param>
    /// <param name="meters">Meters in the board's supply.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="duration">At least a sample at its start and one at its end are taken.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static IdlePeriod Watch(TimeSpan duration, SystemFiles files, IReadOnlyList<IPowerMeter> meters, CancellationToken cancel)
    {
        using var telemetry = new TelemetryLog(files, meters: meters);
        var load = new CpuLoad(files);
        long begin = TimeProvider.System.GetTimestamp();
        cancel.WaitHandle.WaitOne(duration);
        cancel.ThrowIfCancellationRequested();
        double seconds = TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
        double? others = load.OthersShare();
        telemetry.Dispose();
        return new IdlePeriod(seconds, others, telemetry.Samples);
    }
}
