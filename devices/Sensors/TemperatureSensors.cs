namespace EdgeVit.Devices;

/// <summary>Thermal zones and the temperatures of hardware monitoring.</summary>
internal sealed class TemperatureSensors(SystemFiles files) : ISensorSource
{
    private const string Thermal = "sys/class/thermal";
    private const long LeastMilliCelsius = -60_000;
    private const long MostMilliCelsius = 200_000;

    public string Name => "temperatures";

    public SensorKind Kind => SensorKind.Temperature;

    public IEnumerable<Sensor> Find()
    {
        foreach (string zone in files.Folders(Thermal, "thermal_zone"))
        {
            yield return Of(files.Text($"{Thermal}/{zone}/type") ?? zone, $"{Thermal}/{zone}/temp");
        }

        foreach (HwmonChip chip in HwmonChip.All(files))
        {
            foreach (string channel in chip.Channels(files, "temp", "_input"))
            {
                yield return Of(chip.Label(files, channel), $"{chip.Folder}/{channel}_input");
            }
        }
    }

    private Sensor Of(string name, string path) => new(SensorKind.Temperature, name, () =>
    {
        // Sensors without a connection report absurd values.
        long milli = files.RequireInteger(path);
        return milli is > LeastMilliCelsius and < MostMilliCelsius ? milli / 1000.0
            : throw new SensorException($"/{path} says {milli / 1000.0:F0} C, which cannot be");
    });
}
