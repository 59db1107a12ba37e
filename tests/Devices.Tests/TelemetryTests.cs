namespace EdgeVit.Devices.Tests;

public sealed class TelemetryTests
{
    [Fact]
    public void TemperaturesComeFromZonesAndMonitorsAndTheProcessorsIsPicked()
    {
        using FakeBoard board = FakeBoard.RaspberryPi5();
        IReadOnlyList<TemperatureReading> readings = new SysfsThermometer(board.Files).Read();

        Assert.Equal([new TemperatureReading("cpu-thermal", 51.25), new TemperatureReading("rp1_adc", 48.112)], readings);
        Assert.Equal(51.25, SysfsThermometer.OfProcessor(readings));
    }

    [Fact]
    public void TheProcessorsTemperatureIsItsHottestSensor()
    {
        TemperatureReading[] all = [new("nvme Composite", 80), new("k10temp Tctl", 55), new("k10temp Tccd1", 61.5), new("acpitz", 90)];
        Assert.Equal(61.5, SysfsThermometer.OfProcessor(all));
        // Where none names it, the hottest of all.
        Assert.Equal(90, SysfsThermometer.OfProcessor([all[0], all[3]]));
    }

    [Theory]
    [InlineData(-60_000, false)]
    [InlineData(-59_999, true)]
    [InlineData(199_999, true)]
    [InlineData(200_000, false)]
    public void TemperaturesThatCannotBeAreLeftOut(int milli, bool taken)
    {
        using FakeBoard board = new FakeBoard().With("sys/class/thermal/thermal_zone0/temp", $"{milli}\n");
        Assert.Equal(taken ? [new TemperatureReading("thermal_zone0", milli / 1000.0)] : [], new SysfsThermometer(board.Files).Read());
    }

    [Fact]
    public void AbsurdAndUnreadableTemperaturesAreLeftOut()
    {
        using FakeBoard board = new FakeBoard()
            .With("sys/class/thermal/thermal_zone0/temp", "-274000\n")
            .With("sys/class/thermal/thermal_zone1/temp", "hot\n");
        Assert.Empty(new SysfsThermometer(board.Files).Read());
        Assert.Null(SysfsThermometer.OfProcessor([]));
    }

    [Fact]
    public void TheClockIsTheFastestCores()
    {
        using FakeBoard board = FakeBoard.RaspberryPi5();
        Assert.Equal(new CpuClock("ondemand", 2400, 2400), CpuClock.Read(board.Files));
    }

    [Fact]
    public void WithoutCpufreqTheClockComesFromCpuinfo()
    {
        using FakeBoard board = FakeBoard.VirtualMachine();
        Assert.Equal(new CpuClock(null, 2700.5, null), CpuClock.Read(board.Files));
    }

    [Fact]
    public void ThrottleBitsAreNamed()
    {
        var state = new ThrottleState(0x50005);
        Assert.True(state.Now);
        Assert.True(state.SinceBoot);
        Assert.Equal(["under-voltage", "throttled"], state.CausesNow);
        Assert.Equal(["under-voltage", "throttled"], state.CausesSinceBoot);
    }

    /// <summary>0x50000: both causes were there since boot, none is now.</summary>
    [Theory]
    [InlineData(0x50000u, false)]
    [InlineData(0x50004u, true)]
    [InlineData(0x2u, true)]
    [InlineData(0x0u, false)]
    public void ALogIsThrottledByWhatIsNow(uint bits, bool throttled)
    {
        using KnownBoard board = Trees.RaspberryPi5();
        board.Mailbox.Throttled = bits;
        using var log = new TelemetryLog(new SensorSweep(board.Sensors()), TimeSpan.FromHours(1));
        Assert.Equal(throttled, log.Throttled);
    }

    [Fact]
    public void CausesAreTheBitsInTheirOrder()
    {
        var state = new ThrottleState(0x20008);
        Assert.Equal((true, true), (state.Now, state.SinceBoot));
        Assert.Equal(["soft temperature limit"], state.CausesNow);
        Assert.Equal(["frequency capped"], state.CausesSinceBoot);
        Assert.Equal((true, false), (new ThrottleState(0x1).Now, new ThrottleState(0x1).SinceBoot));
        Assert.Equal((false, true), (new ThrottleState(0x10000).Now, new ThrottleState(0x10000).SinceBoot));
    }

    [Fact]
    public void MachinesWithoutThrottleBitsHaveNone()
    {
        using FakeBoard board = FakeBoard.VirtualMachine();
        Assert.Null(new TelemetrySample(0, new BoardSensors(board.Files).Read()).Throttle);
        using var log = new TelemetryLog(board.Files);
        Assert.Null(log.Throttled);
    }

    [Fact]
    public void TheLoadOfOthersLeavesThisProcessOut()
    {
        using FakeBoard board = new FakeBoard().With("proc/stat", "cpu  1000 0 0 9000 0 0 0 0 0 0\n");
        double own = 1.0;
        var load = new CpuLoad(board.Files, () => own);

        // 400 ticks pass: 250 busy, of which this process used 2 s = 200 ticks.
        board.With("proc/stat", "cpu  1250 0 0 9150 0 0 0 0 0 0\n");
        own = 3.0;
        Assert.Equal(50.0 / 400.0, load.OthersShare());
    }

    /// <summary>Idle and waiting for a disk are not busy; interrupts and what a hypervisor's other guests took are.</summary>
    [Fact]
    public void WaitingIsNotLoad()
    {
        using FakeBoard board = new FakeBoard().With("proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0\n");
        var load = new CpuLoad(board.Files, () => 0);
        board.With("proc/stat", "cpu  10 20 30 400 500 1 2 37 9000 9000\n");
        Assert.Equal(100.0 / 1000, load.OthersShare());
    }

    [Fact]
    public void TheLoadIsAShareOfOne()
    {
        using FakeBoard board = new FakeBoard().With("proc/stat", "cpu  0 0 0 0 0 0 0 0\n");
        double own = 0;
        var load = new CpuLoad(board.Files, () => own);
        board.With("proc/stat", "cpu  100 0 0 0 0 0 0 0\n");
        Assert.Equal(1, load.OthersShare());
        // The clocks differ a little: never less than nothing.
        own = 1.5;
        Assert.Equal(0, load.OthersShare());
    }

    [Fact]
    public void AnUnknownLoadIsNull()
    {
        using var board = new FakeBoard();
        Assert.Null(new CpuLoad(board.Files).OthersShare());
        foreach (string nonsense in new[] { "", "cpu  ", "cpu  1 2 3", "cpu  1 2 x 4 5 6", "cpu  1 2 -3 4 5" })
        {
            var load = new CpuLoad(board.With("proc/stat", nonsense).Files);
            board.With("proc/stat", "cpu  10 20 30 400 500\n");
            Assert.Null(load.OthersShare());
        }
    }

    [Fact]
    public void ALogSamplesUntilItEnds()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        using var log = new TelemetryLog(new SensorSweep(board.Sensors()), TimeSpan.FromMilliseconds(5));
        SpinWait.SpinUntil(() => log.Samples.Count >= 3, TimeSpan.FromSeconds(10));
        log.Dispose();

        Assert.True(log.Samples.Count >= 4);
        Assert.True(log.Throttled);
        Assert.All(log.Samples, s => Assert.Equal(51.25, s.Celsius));
        Assert.Equal(log.Samples.OrderBy(s => s.Seconds), log.Samples);
    }

    [Fact]
    public void ThisProcesssMemoryIsRead()
    {
        ProcessMemory memory = ProcessMemory.Read();
        Assert.InRange(memory.ResidentBytes, 1 << 20, memory.PeakBytes);
    }
}
