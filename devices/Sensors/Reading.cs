namespace EdgeVit.Devices;

/// <summary>What a sensor measures, and in which unit.</summary>
public enum SensorKind
{
    /// <summary>Degrees Celsius.</summary>
    Temperature,

    /// <summary>MHz.</summary>
    Clock,

    /// <summary>Watts.</summary>
    Power,

    /// <summary>The firmware's throttle bits, see <see cref="ThrottleState"/>.</summary>
    Throttle,

    /// <summary>1 while the supply voltage is too low, else 0.</summary>
    UnderVoltage,

    /// <summary>How often the supply was overloaded since the board was switched on.</summary>
    OverCurrent,
}

/// <summary>How much of a machine a power sensor sees.</summary>
public enum PowerScope
{
    /// <summary>One of several supplies, or it is unknown what hangs on it; other quantities than power have this, too.</summary>
    Part,

    /// <summary>The processor with its caches and memory controller.</summary>
    Processor,

    /// <summary>The whole board.</summary>
    Board,
}

/// <summary>What one sensor said at one moment.</summary>
/// <param name="Kind">The quantity.</param>
/// <param name="Sensor">The kernel's or the maker's name for the sensor.</param>
/// <param name="Value">In the unit of the quantity; null where it was not measured.</param>
/// <param name="Missing">Why it was not measured; null where it was.</param>
public sealed record Reading(SensorKind Kind, string Sensor, double? Value, string? Missing = null)
{
    /// <summary>What a power is the power of.</summary>
    public PowerScope Scope { get; init; }

    /// <summary>The command after which it is measured; null where there is none or none is needed.</summary>
    public string? Remedy { get; init; }

    /// <summary>Whether the value is computed from others by a formula that holds roughly.</summary>
    public bool Estimate { get; init; }
}
