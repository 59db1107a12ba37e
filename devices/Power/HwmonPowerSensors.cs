namespace EdgeVit.Devices;

/// <summary>Power as hardware monitoring reports it, in microwatts: INA226 and its relatives, some GPUs and power supplies.</summary>
internal sealed class HwmonPowerSensors(SystemFiles files) : ISensorSource
{
    public string Name => "hwmon power";

    public SensorKind Kind => SensorKind.Power;

    public IEnumerable<Sensor> Find()
    {
        foreach (HwmonChip chip in HwmonChip.All(files))
        {
            string[] inputs = [.. chip.Channels(files, "power", "_input")];
            string[] averages = [.. chip.Channels(files, "power", "_average").Except(inputs)];
            foreach ((string channel, string suffix) in inputs.Select(c => (c, "_input")).Concat(averages.Select(c => (c, "_average"))))
            {
                string path = $"{chip.Folder}/{channel}{suffix}";
                yield return new Sensor(SensorKind.Power, chip.Label(files, channel), () => files.RequireInteger(path) / 1e6);
            }
        }
    }
}
