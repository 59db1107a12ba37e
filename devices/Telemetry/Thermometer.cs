namespace EdgeVit.Devices;

/// <summary>One temperature.</summary>
/// <param name="Sensor">The kernel's name of the sensor, such as <c>cpu-thermal</c>.</param>
/// <param name="Celsius">Degrees.</param>
public sealed record TemperatureReading(string Sensor, double Celsius);

/// <summary>A source of temperatures.</summary>
public interface IThermometer
{
    /// <summary>All temperatures that can be read now; none where there is no sensor.</summary>
    IReadOnlyList<TemperatureReading> Read();
}

/// <summary>The thermal zones and hwmon sensors of Linux.</summary>
public sealed class SysfsThermometer : IThermometer
{
    private readonly SystemFiles _files;

    /// <summary>Reads from this machine by default.</summary>
    public SysfsThermometer(SystemFiles? files = null) => _files = files ?? SystemFiles.Machine;

    /// <inheritdoc/>
    public IReadOnlyList<TemperatureReading> Read() => [.. Zones(), .. Monitors()];

    /// <summary>The processor's temperature among these: a sensor that names it, else the hottest. Null where there are none.</summary>
    public static double? OfProcessor(IReadOnlyList<TemperatureReading> readings)
    {
        string[] names = ["cpu", "soc", "coretemp", "k10temp", "x86_pkg", "package"];
        TemperatureReading[] processor = [.. readings.Where(r => names.Any(n => r.Sensor.Contains(n, StringComparison.OrdinalIgnoreCase)))];
        IReadOnlyList<TemperatureReading> candidates = processor.Length > 0 ? processor : readings;
        return candidates.Count > 0 ? candidates.Max(r => r.Celsius) : null;
    }

    private IEnumerable<TemperatureReading> Zones()
    {
        const string Thermal = "sys/class/thermal";
        foreach (string zone in _files.Folders(Thermal, "thermal_zone"))
        {
            if (_files.Integer($"{Thermal}/{zone}/temp") is { } milli && Plausible(milli))
            {
                yield return new TemperatureReading(_files.Text($"{Thermal}/{zone}/type") ?? zone, milli / 1000.0);
            }
        }
    }

    private IEnumerable<TemperatureReading> Monitors()
    {
        const string Monitor = "sys/class/hwmon";
        foreach (string chip in _files.Folders(Monitor, "hwmon"))
        {
            string name = _files.Text($"{Monitor}/{chip}/name") ?? chip;
            foreach (string file in _files.Names($"{Monitor}/{chip}"))
            {
                if (!file.StartsWith("temp", StringComparison.Ordinal) || !file.EndsWith("_input", StringComparison.Ordinal))
                {
                    continue;
                }

                string? label = _files.Text($"{Monitor}/{chip}/{file[..^"_input".Length]}_label");
                if (_files.Integer($"{Monitor}/{chip}/{file}") is { } milli && Plausible(milli))
                {
                    yield return new TemperatureReading(label is null ? name : $"{name} {label}", milli / 1000.0);
                }
            }
        }
    }

    /// <summary>Unconnected sensors report absurd values.</summary>
    private static bool Plausible(long milliCelsius) => milliCelsius is > -60_000 and < 200_000;
}
