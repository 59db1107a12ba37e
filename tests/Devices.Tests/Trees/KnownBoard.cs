namespace EdgeVit.Devices.Tests;

/// <summary>What a sensor of a tree must say, the file or firmware's answer it comes from, and another content of that.</summary>
internal sealed record Expected(SensorKind Kind, string Sensor, double Value, string Source, string Wrong)
{
    public const string Throttled = "(firmware) throttled";
    public const string ArmHertz = "(firmware) arm clock";
    public const string Pmic = "(firmware) pmic";
}

/// <summary>A board's files, written from sources and not copied from a board, and what its sensors must say.</summary>
internal sealed class KnownBoard(FakeBoard board) : IDisposable
{
    private readonly ManualClock _clock = new();

    public FakeBoard Board => board;

    public FakeMailbox Mailbox { get; init; } = new();

    public required IReadOnlyList<Expected> Expected { get; init; }

    /// <summary>What a second brings, for counters.</summary>
    public Action<FakeBoard> Second { get; init; } = _ => { };

    public BoardSensors Sensors(params IPowerMeter[] meters) => new(board.Files, meters, Mailbox, _clock, () =>
    {
        _clock.Seconds++;
        Second(board);
    });

    /// <summary>Where readings with a value differ from what is expected, in words.</summary>
    public IReadOnlyList<string> Differences()
    {
        Dictionary<(SensorKind, string), double?> found = Sensors().Read().Where(r => r.Value is not null).ToDictionary(r => (r.Kind, r.Sensor), r => r.Value);
        return
        [
            .. Expected.Where(e => !(found.GetValueOrDefault((e.Kind, e.Sensor)) is { } value && Math.Abs(value - e.Value) < 1e-9)).Select(e => e.Sensor),
            .. found.Keys.Except(Expected.Select(e => (e.Kind, e.Sensor))).Select(f => $"{f.Item2} is not expected"),
        ];
    }

    public void Plant(Expected expected)
    {
        switch (expected.Source)
        {
            case Tests.Expected.Throttled:
                Mailbox.Throttled = Convert.ToUInt32(expected.Wrong, 16);
                break;
            case Tests.Expected.ArmHertz:
                Mailbox.ArmHertz = uint.Parse(expected.Wrong, System.Globalization.CultureInfo.InvariantCulture);
                break;
            case Tests.Expected.Pmic:
                Mailbox.Pmic = Mailbox.Pmic!.Replace("VDD_CORE_V volt(15)=0.75", expected.Wrong, StringComparison.Ordinal);
                break;
            default:
                Assert.True(File.Exists(Path.Combine(board.Root, expected.Source)), expected.Source);
                board.With(expected.Source, expected.Wrong);
                break;
        }
    }

    public void Dispose() => board.Dispose();

    private sealed class ManualClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
