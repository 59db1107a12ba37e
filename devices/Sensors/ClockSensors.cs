namespace EdgeVit.Devices;

/// <summary>The frequency that each core was asked to run at.</summary>
internal sealed class ClockSensors(SystemFiles files) : ISensorSource
{
    public string Name => "clocks";

    public SensorKind Kind => SensorKind.Clock;

    public IEnumerable<Sensor> Find()
    {
        bool any = false;
        foreach (string core in CpuClock.Cores(files))
        {
            string path = $"{CpuClock.Cpus}/{core}/cpufreq/scaling_cur_freq";
            if (files.Has(path))
            {
                any = true;
                yield return new Sensor(SensorKind.Clock, core, () => files.RequireInteger(path) is > 0 and var kilohertz
                    ? kilohertz / 1000.0 : throw new SensorException($"/{path} holds no frequency"));
            }
        }

        if (!any && CpuClock.FromCpuInfo(files) is not null)
        {
            yield return new Sensor(SensorKind.Clock, "cpuinfo", () =>
                CpuClock.FromCpuInfo(files) ?? throw new SensorException("/proc/cpuinfo names no frequency"));
        }
    }
}
