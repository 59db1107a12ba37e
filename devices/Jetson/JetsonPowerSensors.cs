namespace EdgeVit.Devices;

/// <summary>The supplies that a Jetson's INA3221 chips watch. The board's total is one of them, not their sum.</summary>
internal sealed class JetsonPowerSensors(SystemFiles files) : ISensorSource
{
    private static readonly string[] s_totals = ["POM_5V_IN", "VDD_IN"];

    public string Name => "ina3221";

    public SensorKind Kind => SensorKind.Power;

    public IEnumerable<Sensor> Find() => [.. OfJetPack4(), .. SinceJetPack5()];

    // The driver of JetPack 4 is one of its own, with a chip's three channels 0 to 2 and power in mW.
    private IEnumerable<Sensor> OfJetPack4()
    {
        const string Driver = "sys/bus/i2c/drivers/ina3221x";
        foreach (string chip in files.Folders(Driver).Where(IsAddress))
        {
            foreach (string device in files.Folders($"{Driver}/{chip}", "iio:device"))
            {
                string folder = $"{Driver}/{chip}/{device}";
                for (int channel = 0; channel < 3; channel++)
                {
                    string path = $"{folder}/in_power{channel}_input";
                    if (files.Text($"{folder}/rail_name_{channel}") is { Length: > 0 } rail && rail != "NC")
                    {
                        yield return Of(rail, () => NotNegative(path) / 1e3);
                    }
                }
            }
        }
    }

    // The kernel's own driver: mV and mA of channels 1 to 3; its in7 is the sum of shunt voltages.
    private IEnumerable<Sensor> SinceJetPack5()
    {
        const string Driver = "sys/bus/i2c/drivers/ina3221";
        foreach (string chip in files.Folders(Driver).Where(IsAddress))
        {
            foreach (string monitor in files.Folders($"{Driver}/{chip}/hwmon", "hwmon"))
            {
                string folder = $"{Driver}/{chip}/hwmon/{monitor}";
                for (int channel = 1; channel <= 3; channel++)
                {
                    (string volts, string amperes) = ($"{folder}/in{channel}_input", $"{folder}/curr{channel}_input");
                    if (files.Text($"{folder}/in{channel}_label") is { Length: > 0 } rail && rail != "NC")
                    {
                        yield return Of(rail, () => NotNegative(volts) * NotNegative(amperes) / 1e6);
                    }
                }
            }
        }
    }

    private static Sensor Of(string rail, Func<double> read) =>
        new(SensorKind.Power, rail, read) { Scope = s_totals.Contains(rail) ? PowerScope.Board : PowerScope.Part };

    private double NotNegative(string path) =>
        files.RequireInteger(path) is >= 0 and var value ? value : throw new SensorException($"/{path} is negative");

    // Such as 1-0040; bind, unbind and module lie beside.
    private static bool IsAddress(string name) =>
        name.Split('-') is [var bus, var address] && bus.All(char.IsAsciiDigit) && address.All(char.IsAsciiHexDigit);
}
