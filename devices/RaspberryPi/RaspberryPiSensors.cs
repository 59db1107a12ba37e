namespace EdgeVit.Devices;

/// <summary>What the firmware of a Raspberry Pi tells, and the kernel's watch over its supply.</summary>
internal sealed class RaspberryPiSensors(SystemFiles files, Firmware firmware, bool powerChip) : ISensorSource
{
    /// <summary>The one clock that is measured and not asked for.</summary>
    public const string MeasuredClock = "arm, measured";

    public string Name => "firmware";

    public SensorKind Kind => SensorKind.Throttle;

    public IEnumerable<Sensor> Find()
    {
        yield return new Sensor(SensorKind.Throttle, "firmware", () => firmware.Throttle().Bits);
        yield return new Sensor(SensorKind.Clock, MeasuredClock, firmware.MeasuredMHz);
        foreach (HwmonChip chip in HwmonChip.All(files).Where(c => c.Name == "rpi_volt"))
        {
            yield return new Sensor(SensorKind.UnderVoltage, chip.Name, () =>
                files.RequireInteger($"{chip.Folder}/in0_lcrit_alarm") is >= 0 and <= 1 and var alarm ? alarm : throw new SensorException($"the alarm of {chip.Name} is neither 0 nor 1"));
        }

        if (powerChip)
        {
            yield return new Sensor(SensorKind.Power, "pmic, estimate of the board", () => PmicReading.Parse(firmware.Command("pmic_read_adc")).Board)
            {
                Scope = PowerScope.Board,
                Estimate = true,
            };
        }
    }
}
