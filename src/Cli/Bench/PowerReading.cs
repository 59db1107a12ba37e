using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>The best power of a sample: the board's where it is measured, else the processors'.</summary>
/// <param name="Watts">The power.</param>
/// <param name="Source">The sensor.</param>
/// <param name="Scope"><c>board</c> or <c>processor</c>.</param>
/// <param name="Estimate">Whether it is computed from others by a formula that holds roughly.</param>
internal readonly record struct PowerReading(double Watts, string Source, string Scope, bool Estimate)
{
    /// <summary>Of one sample; null where no power was measured.</summary>
    public static PowerReading? Of(TelemetrySample sample) =>
        sample.Power is { Value: { } board } power ? new PowerReading(board, power.Sensor, "board", power.Estimate)
        : sample.ProcessorWatts is { } processor ? new PowerReading(processor, "rapl", "processor", Estimate: false)
        : null;

    /// <summary>Of all samples that have one.</summary>
    public static IReadOnlyList<PowerReading> All(IEnumerable<TelemetrySample> samples) => [.. samples.Select(Of).OfType<PowerReading>()];
}
