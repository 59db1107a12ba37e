namespace EdgeVit.Devices;

/// <summary>One temperature.</summary>
/// <param name="Sensor">The kernel's name of the sensor, such as <c>cpu-thermal</c>.</param>
/// <param name="Celsius">Degrees.</param>
public sealed record TemperatureReading(string Sensor, double Celsius);

/// <summary>The thermal zones and hwmon sensors of Linux.</summary>
public sealed class SysfsThermometer
{
    private readonly Sensor[] _sensors;

    /// <summary>Reads from this machine by default.</summary>
    public SysfsThermometer(SystemFiles? files = null) => _sensors = [.. new TemperatureSensors(files ?? SystemFiles.Machine).Find()];

    /// <summary>All temperatures that can be read now; none where there is no sensor.</summary>
    public IReadOnlyList<TemperatureReading> Read() => Of(_sensors.Select(s => s.Read()));

    /// <summary>The processor's temperature among these: a sensor that names it, else the hottest. Null where there are none.</summary>
    public static double? OfProcessor(IReadOnlyList<TemperatureReading> readings)
    {
        string[] names = ["cpu", "soc", "coretemp", "k10temp", "x86_pkg", "package"];
        TemperatureReading[] processor = [.. readings.Where(r => names.Any(n => r.Sensor.Contains(n, StringComparison.OrdinalIgnoreCase)))];
        IReadOnlyList<TemperatureReading> candidates = processor.Length > 0 ? processor : readings;
        return candidates.Count > 0 ? candidates.Max(r => r.Celsius) : null;
    }

    internal static IReadOnlyList<TemperatureReading> Of(IEnumerable<Reading> readings) =>
        [.. readings.Where(r => r is { Kind: SensorKind.Temperature, Value: not null }).Select(r => new TemperatureReading(r.Sensor, r.Value!.Value))];
}
