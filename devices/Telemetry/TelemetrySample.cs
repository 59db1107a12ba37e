namespace EdgeVit.Devices;

/// <summary>All sensors of a board at one moment.</summary>
/// <param name="Seconds">Since the log began.</param>
/// <param name="Readings">One for each sensor, and one without a value for each quantity that the board does not measure.</param>
public sealed record TelemetrySample(double Seconds, IReadOnlyList<Reading> Readings)
{
    /// <summary>The processor's temperature; null where it was not measured.</summary>
    public double? Celsius => SysfsThermometer.OfProcessor(Temperatures);

    /// <summary>All temperatures that were measured.</summary>
    public IReadOnlyList<TemperatureReading> Temperatures => SysfsThermometer.Of(Readings);

    /// <summary>The clock of each core in their order, MHz; none where only one for all is known.</summary>
    public IReadOnlyList<double?> CoreMHz =>
        [.. Readings.Where(r => r is { Kind: SensorKind.Clock, Sensor: ['c', 'p', 'u', >= '0' and <= '9', ..] }).Select(r => r.Value)];

    /// <summary>What the cores run at where the firmware measures it, else the fastest core's clock; null where it was not measured.</summary>
    public double? MHz =>
        Measured(SensorKind.Clock).FirstOrDefault(r => r.Sensor == RaspberryPiSensors.MeasuredClock)?.Value ?? Measured(SensorKind.Clock).Max(r => r.Value);

    /// <summary>The firmware's throttle bits; null where they were not read.</summary>
    public ThrottleState? Throttle => Measured(SensorKind.Throttle).FirstOrDefault() is { } bits ? new ThrottleState((uint)bits.Value!.Value) : null;

    /// <summary>The power of the board, W: what a meter in its supply says before what the board says of itself. Null where only parts of it, or
    /// nothing, was measured.</summary>
    public Reading? Power =>
        Measured(SensorKind.Power).Where(r => r.Scope == PowerScope.Board).OrderBy(r => r.Estimate).ThenBy(IsBuiltIn).FirstOrDefault();

    /// <summary>The power of all processors, W; null where it was not measured.</summary>
    public double? ProcessorWatts => Measured(SensorKind.Power).Any(r => r.Scope == PowerScope.Processor)
        ? Measured(SensorKind.Power).Where(r => r.Scope == PowerScope.Processor).Sum(r => r.Value) : null;

    private IEnumerable<Reading> Measured(SensorKind kind) => Readings.Where(r => r.Kind == kind && r.Value is not null);

    private static bool IsBuiltIn(Reading power) => power.Sensor is "VDD_IN" or "POM_5V_IN";
}

/// <summary>What the sampling itself has cost.</summary>
/// <param name="CpuSeconds">Processor time of its threads.</param>
/// <param name="Share">That time as a share of one core; null before any time has passed.</param>
/// <param name="LongestSeconds">The longest sample, waiting included.</param>
public sealed record TelemetryCost(double CpuSeconds, double? Share, double LongestSeconds);
