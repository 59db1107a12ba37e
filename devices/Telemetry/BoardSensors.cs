namespace EdgeVit.Devices;

/// <summary>All that a machine measures of itself, and the meters in its supply.</summary>
public sealed class BoardSensors
{
    // Between the first two readings of an energy counter, which moves every millisecond.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private readonly IReadOnlyList<ISensorSource> _sources;
    private readonly BoardInfo _board;

    /// <summary>The sensors of a machine, this one by default.</summary>
    /// <param name="files">Where to look.</param>
    /// <param name="meters">Meters that the board does not know of.</param>
    public BoardSensors(SystemFiles? files = null, IEnumerable<IPowerMeter>? meters = null)
        : this(files ?? SystemFiles.Machine, meters ?? [], new VcioDevice(files ?? SystemFiles.Machine), TimeProvider.System, () => Thread.Sleep(s_pause))
    {
    }

    internal BoardSensors(SystemFiles files, IEnumerable<IPowerMeter> meters, IFirmwareMailbox mailbox, TimeProvider clock, Action pause)
    {
        _board = BoardDetector.Detect(files);
        _sources =
        [
            new TemperatureSensors(files),
            new ClockSensors(files),
            .. OfTheMaker(files, mailbox),
            new HwmonPowerSensors(files),
            new RaplSensors(files, clock, pause),
            new PowerMeters(meters),
        ];
    }

    private IReadOnlyList<ISensorSource> OfTheMaker(SystemFiles files, IFirmwareMailbox mailbox) => _board.Kind switch
    {
        BoardKind.RaspberryPi => [new RaspberryPiSensors(files, new Firmware(mailbox), powerChip: _board.Profile?.Name == "Raspberry Pi 5")],
        BoardKind.Jetson => [new JetsonPowerSensors(files), new OverCurrentSensors(files)],
        _ => [],
    };

    /// <summary>Every sensor once; one that fails or hangs has a reason instead of a value.</summary>
    public IReadOnlyList<Reading> Read()
    {
        using var sweep = new SensorSweep(this);
        return sweep.Read();
    }

    internal IReadOnlyList<ISensorSource> Sources => _sources;

    /// <summary>A reading without a value for every quantity that nothing measures here.</summary>
    internal IEnumerable<Reading> Lacks(IEnumerable<SensorKind> measured) =>
        Enum.GetValues<SensorKind>().Except(measured).Select(kind => new Reading(kind, "none", null, Reason(kind)));

    private string Reason(SensorKind kind) => kind switch
    {
        SensorKind.Temperature => "no thermal zone and no hwmon sensor",
        SensorKind.Clock => "no cpufreq, and /proc/cpuinfo names no frequency",
        SensorKind.Power when _board.Profile is { PowerSource: null } =>
            $"a {_board.Profile.Name} does not measure its power: put an INA219 into its supply",
        SensorKind.Power => "no INA3221, hwmon power or RAPL counter",
        SensorKind.Throttle => "only the firmware of a Raspberry Pi has throttle bits",
        SensorKind.UnderVoltage => "no hwmon rpi_volt",
        _ => "no hwmon soctherm_oc",
    };

    private sealed class PowerMeters(IEnumerable<IPowerMeter> meters) : ISensorSource
    {
        public string Name => "power meters";

        public SensorKind Kind => SensorKind.Power;

        public IEnumerable<Sensor> Find() => meters.Select(m => new Sensor(SensorKind.Power, m.Name, m.ReadWatts) { Scope = PowerScope.Board });
    }
}
