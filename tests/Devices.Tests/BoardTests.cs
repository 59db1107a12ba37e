namespace EdgeVit.Devices.Tests;

/// <summary>The sensors of seven machines.</summary>
public sealed class BoardTests
{
    public static TheoryData<string> Boards => [.. Trees.All.Keys];

    public static TheoryData<string, int> Values
    {
        get
        {
            var values = new TheoryData<string, int>();
            foreach ((string name, Func<KnownBoard> make) in Trees.All)
            {
                using KnownBoard board = make();
                for (int i = 0; i < board.Expected.Count; i++)
                {
                    values.Add(name, i);
                }
            }
            return values;
        }
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void EverySensorSaysWhatItsFileHoldsAndNoOtherIsThere(string name)
    {
        using KnownBoard board = Trees.All[name]();
        Assert.Empty(board.Differences());
    }

    /// <summary>A wrong value in any file or answer is seen at the sensor that it belongs to, and at no other.</summary>
    [Theory]
    [MemberData(nameof(Values))]
    public void AWrongValueIsNoticed(string name, int value)
    {
        using KnownBoard board = Trees.All[name]();
        board.Plant(board.Expected[value]);
        Assert.Equal([board.Expected[value].Sensor], board.Differences());
    }

    /// <summary>No value of a tree is without a source, and no source without a value.</summary>
    [Fact]
    public void EveryFileOfATreeHasItsSource()
    {
        HashSet<Source> used = [];
        foreach ((string name, Func<KnownBoard> make) in Trees.All)
        {
            using KnownBoard board = make();
            IEnumerable<string> files = Directory.EnumerateFiles(board.Board.Root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(board.Board.Root, f));
            foreach (string path in files.Concat(board.Expected.Select(e => e.Source)).Distinct())
            {
                Source[] fitting = [.. Source.All.Where(s => s.Fits(name, path))];
                Assert.True(fitting.Length == 1, $"{name}: {path} has {fitting.Length} sources");
                used.Add(fitting[0]);
            }
        }
        Assert.Equal([], Source.All.Except(used).Select(s => $"{s.Boards} {s.Path}"));
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void EveryQuantityHasAValueOrAReason(string name)
    {
        using KnownBoard board = Trees.All[name]();
        IReadOnlyList<Reading> readings = board.Sensors().Read();
        Assert.All(Enum.GetValues<SensorKind>(), kind => Assert.Contains(readings, r => r.Kind == kind));
        Assert.All(readings, r => Assert.True(r.Value is null != (r.Missing is null), $"{r}"));
    }

    [Theory]
    [InlineData("Raspberry Pi 3B+", BoardKind.RaspberryPi, "Cortex-A53", 4, 64)]
    [InlineData("Raspberry Pi 4", BoardKind.RaspberryPi, "Cortex-A72", 4, 64)]
    [InlineData("Raspberry Pi 5", BoardKind.RaspberryPi, "Cortex-A76", 4, 64)]
    [InlineData("Raspberry Pi Zero 2 W", BoardKind.RaspberryPi, "Cortex-A53", 4, 32)]
    [InlineData("Jetson Nano", BoardKind.Jetson, "Cortex-A57", 4, 64)]
    [InlineData("Jetson Orin Nano", BoardKind.Jetson, "Cortex-A78AE", 6, 64)]
    [InlineData("PC", BoardKind.Pc, "AMD Ryzen 7 7840U", 1, 64)]
    public void ABoardIsKnown(string name, BoardKind kind, string cpu, int cores, int userLand)
    {
        using KnownBoard board = Trees.All[name]();
        BoardInfo info = BoardDetector.Detect(board.Board.Files);
        Assert.Equal((kind, cpu, cores, userLand), (info.Kind, info.Cpu, info.Cores, info.UserLandBits));
        Assert.Equal(name == "PC" ? null : name, info.Profile?.Name);
        if (info.Profile is { } profile)
        {
            Assert.Equal((cpu, cores), (profile.Cpu, profile.Cores));
            Assert.InRange(CpuClock.Read(board.Board.Files).MaximumMHz!.Value, 0, profile.MaximumMHz);
        }
    }

    [Fact]
    public void APowerModeHasItsName()
    {
        using KnownBoard nano = Trees.JetsonNano();
        using KnownBoard orin = Trees.JetsonOrinNano();
        using KnownBoard pi = Trees.RaspberryPi4();
        Assert.Equal(new PowerMode(1, "5W"), BoardDetector.Detect(nano.Board.Files).PowerMode);
        Assert.Equal(new PowerMode(0, "15W"), PowerMode.Read(orin.Board.Files));
        Assert.Null(PowerMode.Read(pi.Board.Files));
        Assert.Equal(new PowerMode(2, null), PowerMode.Read(orin.Board.With("var/lib/nvpmodel/status", "pmode:0002\n").Files));
        Assert.Null(PowerMode.Read(orin.Board.With("var/lib/nvpmodel/status", "pmode:fast\n").Files));

        // Since JetPack 6.2.
        orin.Board.With("etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=1 NAME=25W >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n").With("var/lib/nvpmodel/status", "pmode:0001\n");
        Assert.Equal(new PowerMode(1, "25W") { FastestId = 2 }, PowerMode.Read(orin.Board.Files));
    }

    /// <summary>The total of a board is a rail of its own; rails are not added to it, and a meter in the supply goes before all.</summary>
    [Theory]
    [InlineData("Jetson Nano", "POM_5V_IN", 2.891, false)]
    [InlineData("Jetson Orin Nano", "VDD_IN", 4.52, false)]
    [InlineData("Raspberry Pi 5", "pmic, estimate of the board", 5.3114375, true)]
    [InlineData("Raspberry Pi 4", null, null, false)]
    [InlineData("PC", null, null, false)]
    public void ThePowerOfTheBoardIsOneReading(string name, string? sensor, double? watts, bool estimate)
    {
        using KnownBoard board = Trees.All[name]();
        Reading? power = new TelemetrySample(0, board.Sensors().Read()).Power;
        Assert.Equal((sensor, watts, estimate), (power?.Sensor, power?.Value is { } value ? Math.Round(value, 9) : null, power?.Estimate ?? false));

        Reading? metered = new TelemetrySample(0, board.Sensors(new FakeMeter(() => 7.5)).Read()).Power;
        Assert.Equal(("meter", 7.5), (metered!.Sensor, metered.Value));
    }

    [Fact]
    public void ThePowerOfAProcessorIsNotTheBoards()
    {
        using KnownBoard board = Trees.Pc();
        var sample = new TelemetrySample(0, board.Sensors().Read());
        Assert.Null(sample.Power);
        Assert.Equal(12.5, sample.ProcessorWatts);
    }

    [Fact]
    public void WhatTheFirmwareMeasuresGoesBeforeWhatTheKernelAskedFor()
    {
        using KnownBoard board = Trees.RaspberryPi3BPlus();
        Assert.Equal(1200.002, new TelemetrySample(0, board.Sensors().Read()).MHz);
        board.Mailbox.ArmHertz = null;
        Assert.Equal(1400, new TelemetrySample(0, board.Sensors().Read()).MHz);
    }

    [Fact]
    public void ABoardWithoutPowerSaysWhatToDo()
    {
        using KnownBoard board = Trees.RaspberryPiZero2W();
        Assert.Contains("INA219", board.Sensors().Read().Single(r => r.Kind == SensorKind.Power).Missing, StringComparison.Ordinal);
    }
}

internal sealed class FakeMeter(Func<double> read) : IPowerMeter
{
    public string Name => "meter";

    public double ReadWatts() => read();
}
