namespace EdgeVit.Devices;

/// <summary>The energy counters of Intel's and AMD's processors, as power since the last reading. Only root may read them on most systems.</summary>
internal sealed class RaplSensors(SystemFiles files, TimeProvider clock, Action pause) : ISensorSource
{
    private const string Powercap = "sys/class/powercap";

    public string Name => "rapl";

    public SensorKind Kind => SensorKind.Power;

    public IEnumerable<Sensor> Find()
    {
        // intel-rapl:0:0 is a part of intel-rapl:0; intel-rapl-mmio:0 is the same one again.
        foreach (string zone in files.Folders(Powercap, "intel-rapl:").Where(z => z.Count(c => c == ':') == 1))
        {
            string name = files.Text($"{Powercap}/{zone}/name") ?? zone;
            var counter = new EnergyCounter(files, $"{Powercap}/{zone}", clock, pause);
            yield return new Sensor(SensorKind.Power, $"rapl {name}", counter.Watts)
            {
                Scope = name.StartsWith("package", StringComparison.Ordinal) ? PowerScope.Processor : PowerScope.Part,
            };
        }
    }

    private sealed class EnergyCounter(SystemFiles files, string folder, TimeProvider clock, Action pause)
    {
        private (long MicroJoules, long Time)? _last;

        public double Watts()
        {
            if (_last is null)
            {
                _last = Now();
                pause();
            }

            (long MicroJoules, long Time) before = _last.Value;
            (long MicroJoules, long Time) now = Now();
            _last = now;
            double seconds = clock.GetElapsedTime(before.Time, now.Time).TotalSeconds;
            long used = now.MicroJoules - before.MicroJoules;
            // The counter begins again at its range.
            used += used < 0 ? files.RequireInteger($"{folder}/max_energy_range_uj") : 0;
            return used >= 0 ? used / 1e6 / seconds : throw new SensorException($"/{folder}/energy_uj goes backwards");
        }

        private (long MicroJoules, long Time) Now() => (files.RequireInteger($"{folder}/energy_uj"), clock.GetTimestamp());
    }
}
