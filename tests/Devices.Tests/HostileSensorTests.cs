using System.Diagnostics;

namespace EdgeVit.Devices.Tests;

/// <summary>Sensors that vanish, talk nonsense, hang or may not be read: each is named and the others go on.</summary>
public sealed class HostileSensorTests
{
    private const string Zone = "sys/class/thermal/thermal_zone0/temp";
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(400);

    [Fact]
    public void ASensorThatVanishesIsNamedAndTheOthersGoOn()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        using var sweep = new SensorSweep(board.Sensors());
        Assert.Equal(51.25, Value(sweep.Read(), "cpu-thermal"));
        board.Board.Without(Zone);
        IReadOnlyList<Reading> readings = sweep.Read();
        Assert.Equal((null, $"/{Zone} is not there"), Of(readings, "cpu-thermal"));
        Assert.Equal(48.112, Value(readings, "rp1_adc"));
        board.Board.With(Zone, "52000\n");
        Assert.Equal(52, Value(sweep.Read(), "cpu-thermal"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0")]
    [InlineData("51250 C")]
    [InlineData("0x51")]
    [InlineData("99999999999999999999")]
    [InlineData("-9223372036854775808")]
    [InlineData("9223372036854775807")]
    [InlineData("51250\n51250")]
    public void NonsenseIsNoTemperature(string text)
    {
        using KnownBoard board = Trees.RaspberryPi5();
        board.Board.With(Zone, text);
        IReadOnlyList<Reading> readings = board.Sensors().Read();
        (double? value, string? missing) = Of(readings, "cpu-thermal");
        Assert.Null(value);
        Assert.InRange(missing!.Length, 10, 120);
        Assert.Equal(48.112, Value(readings, "rp1_adc"));
    }

    /// <summary>Whatever bytes stand in whatever file: every sensor has a value or a reason, and no exception escapes.</summary>
    [Fact]
    public void RandomBytesInAnyFileStopNothing()
    {
        var random = new Random(20);
        foreach ((string name, Func<KnownBoard> make) in Trees.All)
        {
            for (int round = 0; round < 12; round++)
            {
                using KnownBoard board = make();
                foreach (Expected expected in board.Expected.Where(e => e.Source[0] != '(' && random.Next(3) == 0))
                {
                    byte[] bytes = new byte[random.Next(40)];
                    random.NextBytes(bytes);
                    File.WriteAllBytes(Path.Combine(board.Board.Root, expected.Source), random.Next(2) == 0 ? bytes : [.. bytes.Select(b => (byte)('-' + (b % 13)))]);
                }

                board.Mailbox.Pmic = new string([.. Enumerable.Range(0, random.Next(200)).Select(_ => "_AV=().0123456789 \n"[random.Next(19)])]);
                Assert.All(board.Sensors().Read(), r => Assert.True(r.Value is { } value ? double.IsFinite(value) : r.Missing?.Length > 0, $"{name}: {r}"));
            }
        }
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void AMissingPermissionNamesTheGroupThatHelps()
    {
        using KnownBoard board = Trees.RaspberryPi4();
        string group = File.ReadLines("/proc/self/status").First(l => l.StartsWith("Gid:", StringComparison.Ordinal)).Split('\t')[2];
        board.Board.Fails(Zone, new UnauthorizedAccessException()).With("etc/group", $"others:x:12345:\nsensors:x:{group}:pi\n");
        string full = Path.Combine(board.Board.Root, Zone);
        File.SetUnixFileMode(full, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Reading reading = board.Sensors().Read().Single(r => r.Sensor == "cpu-thermal");
        Assert.Equal($"no permission for /{Zone}, which the group sensors has", reading.Missing);
        Assert.Equal("sudo usermod -aG sensors $USER, then log in again", reading.Remedy);

        // A group that may not read does not help, and nobody should join the group root.
        File.SetUnixFileMode(full, UnixFileMode.UserRead);
        reading = board.Sensors().Read().Single(r => r.Sensor == "cpu-thermal");
        Assert.Equal(($"no permission for /{Zone}: only root may read it", null), (reading.Missing, reading.Remedy));
        File.SetUnixFileMode(full, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        board.Board.With("etc/group", $"root:x:{group}:\n");
        Assert.Null(board.Sensors().Read().Single(r => r.Sensor == "cpu-thermal").Remedy);
    }

    /// <summary>A pipe without a writer blocks whoever opens it, as a sensor behind a stuck bus does.</summary>
    [Fact]
    public void ASensorThatHangsIsSkippedUntilItComesBack()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        string full = Path.Combine(board.Board.Root, Zone);
        Pipe(full);
        using var sweep = new SensorSweep(board.Sensors(), s_patience);
        Assert.Contains("has not answered", Of(sweep.Read(), "cpu-thermal").Missing, StringComparison.Ordinal);

        // No thread waits for it again, and the sensors before and after it answer.
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 20; i++)
        {
            IReadOnlyList<Reading> readings = sweep.Read();
            Assert.Equal(48.112, Value(readings, "rp1_adc"));
            Assert.Equal(0x50005, Value(readings, "firmware"));
            Assert.Contains("has not answered", Of(readings, "cpu-thermal").Missing, StringComparison.Ordinal);
        }
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20 * s_patience.TotalSeconds);

        Answer(full, "51250\n");
        board.Board.Without(Zone);
        board.Board.With(Zone, "53000\n");
        SpinWait.SpinUntil(() => Value(sweep.Read(), "cpu-thermal") == 53, TimeSpan.FromSeconds(10));
        Assert.Equal(53, Value(sweep.Read(), "cpu-thermal"));
    }

    [Fact]
    public void AFirmwareThatHangsDoesNotHoldTheLog()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        using var answer = new ManualResetEventSlim();
        board.Mailbox.Before = answer.Wait;
        long start = Stopwatch.GetTimestamp();
        using var log = new TelemetryLog(new SensorSweep(board.Sensors(), s_patience), TimeSpan.FromMilliseconds(20));
        SpinWait.SpinUntil(() => log.Samples.Count >= 10, TimeSpan.FromSeconds(20));
        log.Dispose();
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 15);
        answer.Set();

        Assert.True(log.Samples.Count >= 10);
        Assert.All(log.Samples, s => Assert.Equal((51.25, null, 2400.0), (s.Celsius, s.Throttle, s.MHz)));
        Assert.Null(log.Throttled);
        Assert.Equal(["arm, measured", "firmware", "pmic, estimate of the board"], log.Problems.Select(p => p.Sensor));
        Assert.All(log.Problems, p => Assert.Contains("has not answered", p.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void LookingForSensorsMayHangToo()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        string name = Path.Combine(board.Board.Root, "sys/class/thermal/thermal_zone0/type");
        Pipe(name);
        using var sweep = new SensorSweep(board.Sensors(), s_patience);
        IReadOnlyList<Reading> readings = sweep.Read();
        Assert.Equal((null, "looking for these sensors hangs"), Of(readings, "temperatures"));
        Assert.Equal(1500, Value(readings, "cpu0"));
        Answer(name, "cpu-thermal\n");
    }

    [Fact]
    public void AMeterOfOthersMayThrowWhatItLikes()
    {
        using KnownBoard board = Trees.RaspberryPi4();
        IReadOnlyList<Reading> readings = board.Sensors(
            new FakeMeter(() => throw new InvalidOperationException("no such bus")), new FakeMeter(() => double.NaN), new FakeMeter(() => 3.5)).Read();
        Assert.Equal([(null, "no such bus"), (null, "the sensor said NaN"), (3.5, null)],
            readings.Where(r => r.Sensor == "meter").Select(r => (r.Value, r.Missing)));
    }

    [Fact]
    public void TheThreadsHaveLowPriorityAndTheirCostIsCounted()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        double busy = 0;
        var meter = new FakeMeter(() =>
        {
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < 5)
            {
                busy++;
            }
            return 1;
        });
        using var log = new TelemetryLog(new SensorSweep(board.Sensors(meter)), TimeSpan.FromMilliseconds(10));
        SpinWait.SpinUntil(() => log.Samples.Count >= 10, TimeSpan.FromSeconds(20));
        // Field 19 of a thread's stat, behind the name in parentheses, is its nice value.
        string[] nice = [.. Directory.GetDirectories("/proc/self/task").Where(t => Read($"{t}/comm").Trim() == "telemetry").Select(t => Read($"{t}/stat").Split(") ")[^1].Split(' ')[16])];
        log.Dispose();

        Assert.True(nice.Count(n => n == "10") >= 2, string.Join(' ', nice));
        TelemetryCost cost = log.Cost;
        Assert.InRange(cost.CpuSeconds, 0.01, 60);
        Assert.InRange(cost.Share!.Value, 0.001, 2);
        Assert.InRange(cost.LongestSeconds, 0.005, 60);
        Assert.True(busy > 0);
    }

    [Theory]
    [InlineData(27, 27, false)]
    [InlineData(27, 28, true)]
    public void AnOverloadMeanwhileIsASlowDown(int before, int after, bool throttled)
    {
        const string Counter = "sys/class/hwmon/hwmon3/oc3_event_cnt";
        using KnownBoard board = Trees.JetsonOrinNano();
        board.Board.With(Counter, $"{before}\n");
        using var log = new TelemetryLog(new SensorSweep(board.Sensors()), TimeSpan.FromHours(1));
        board.Board.With(Counter, $"{after}\n");
        log.Dispose();
        Assert.Equal(throttled, log.Throttled);
        Assert.Equal(after - before, TelemetryLog.OverCurrents(log.Samples));
    }

    [Fact]
    public void AnOverloadThatIsOnlyCountedIsNone()
    {
        using KnownBoard board = Trees.JetsonOrinNano();
        board.Board.With("sys/class/hwmon/hwmon3/oc3_throt_en", "0\n").With("sys/class/hwmon/hwmon3/oc1_throt_en", "0\n");
        using var log = new TelemetryLog(new SensorSweep(board.Sensors()), TimeSpan.FromHours(1));
        board.Board.With("sys/class/hwmon/hwmon3/oc3_event_cnt", "28\n");
        log.Dispose();
        Assert.Null(log.Throttled);
        Assert.Contains(log.Samples[0].Readings, r => r.Sensor == "oc3 peak current, only counted");
    }

    [Theory]
    [InlineData(0, null, null)]
    [InlineData(1, null, true)]
    [InlineData(1, 0x0u, true)]
    [InlineData(0, 0x50000u, false)]
    [InlineData(0, 0x4u, true)]
    [InlineData(null, 0x4u, true)]
    [InlineData(null, null, null)]
    public void AnAlarmOfTheSupplyMeanwhileIsASlowDown(int? alarm, uint? bits, bool? throttled)
    {
        TelemetrySample Sample(int? volt, uint? firmware) => new(0,
            [new(SensorKind.UnderVoltage, "rpi_volt", volt, volt is null ? "none" : null), new(SensorKind.Throttle, "firmware", firmware, firmware is null ? "none" : null)]);
        Assert.Equal(throttled, TelemetryLog.ThrottledIn([Sample(alarm is null ? null : 0, bits is null ? null : 0), Sample(alarm, bits)]));
    }

    private static double? Value(IReadOnlyList<Reading> readings, string sensor) => Of(readings, sensor).Value;

    private static (double? Value, string? Missing) Of(IReadOnlyList<Reading> readings, string sensor)
    {
        Reading reading = readings.Single(r => r.Sensor == sensor);
        return (reading.Value, reading.Missing);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // A thread that has ended.
            return "";
        }
    }

    private static void Pipe(string full)
    {
        File.Delete(full);
        using var process = Process.Start("mkfifo", full);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    // A reader waits, so that this does not.
    private static void Answer(string full, string text)
    {
        using var pipe = new StreamWriter(full);
        pipe.Write(text);
    }
}
