namespace EdgeVit.Devices;

/// <summary>How often an Orin's supply was overloaded. An event throttles processor and GPU where that is switched on.</summary>
internal sealed class OverCurrentSensors(SystemFiles files) : ISensorSource
{
    /// <summary>Ends the name of a counter whose events slow nothing down.</summary>
    public const string CountedOnly = ", only counted";

    private static readonly Dictionary<string, string> s_meanings = new()
    {
        ["oc1"] = "oc1 under-voltage",
        ["oc2"] = "oc2 average current",
        ["oc3"] = "oc3 peak current",
    };

    public string Name => "soctherm_oc";

    public SensorKind Kind => SensorKind.OverCurrent;

    public IEnumerable<Sensor> Find()
    {
        foreach (HwmonChip chip in HwmonChip.All(files).Where(c => c.Name == "soctherm_oc"))
        {
            foreach (string channel in chip.Channels(files, "oc", "_event_cnt"))
            {
                string path = $"{chip.Folder}/{channel}_event_cnt";
                string name = s_meanings.GetValueOrDefault(channel, channel) + (files.Integer($"{chip.Folder}/{channel}_throt_en") == 0 ? CountedOnly : "");
                yield return new Sensor(SensorKind.OverCurrent, name, () =>
                    files.RequireInteger(path) is >= 0 and var events ? events : throw new SensorException($"/{path} is negative"));
            }
        }
    }
}
