using EdgeVit.Cli;
using EdgeVit.Devices;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What <c>doctor</c> notices, and that everything to be done about comes with something to do.</summary>
public sealed class FindingsTests
{
    private static readonly BoardInfo s_pi5 = new(BoardKind.RaspberryPi, "Raspberry Pi 5", "Cortex-A76", 4, "aarch64", true, ["asimd", "asimddp"], 8_000_000_000, "Debian", "6.6");

    private static readonly CpuClock s_steady = new("performance", 2400, 2400);

    [Fact]
    public void AHealthyBoardNeedsNothing() =>
        Assert.DoesNotContain(Findings.Of(s_pi5, s_steady, [new TemperatureReading("cpu-thermal", 50)], new ThrottleState(0)), f => f.Level == Finding.Problem || f.What.Contains("governor is 'on", StringComparison.Ordinal));

    [Fact]
    public void UnderVoltageAsksForAPowerSupply()
    {
        Finding finding = Assert.Single(Findings.Of(s_pi5, s_steady, [], new ThrottleState(0x50005)), f => f.What.Contains("right now", StringComparison.Ordinal));
        Assert.Equal(Finding.Problem, finding.Level);
        Assert.Contains("power supply", finding.Command, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ondemand", "performance | sudo tee")]
    [InlineData(null, "on the board itself")]
    public void AGovernorThatSpreadsLatenciesComesWithACommand(string? governor, string command) =>
        Assert.Contains(Findings.Of(s_pi5, s_steady with { Governor = governor }, [], null), f => f.Command?.Contains(command, StringComparison.Ordinal) == true);

    [Fact]
    public void OldProcessors32BitSystemsHeatAndLittleMemoryAreNoticed()
    {
        Assert.Contains(Findings.Of(s_pi5 with { Features = ["asimd"] }, s_steady, [], null), f => f.What.Contains("dot-product", StringComparison.Ordinal));
        Assert.Contains(Findings.Of(s_pi5 with { Is64BitProcess = false }, s_steady, [], null), f => f.Level == Finding.Problem && f.What.Contains("32-bit", StringComparison.Ordinal));
        Assert.Contains(Findings.Of(s_pi5 with { Architecture = "x86_64", Features = [] }, s_steady, [], null), f => f.What.Contains("AVX2", StringComparison.Ordinal));
        Assert.Contains(Findings.Of(s_pi5, s_steady, [new TemperatureReading("cpu", 82)], null), f => f.What.Contains("82 C", StringComparison.Ordinal));
        Assert.Contains(Findings.Of(s_pi5 with { MemoryBytes = 300_000_000 }, s_steady, [], null), f => f.What.Contains("memory", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(74.9, false)]
    [InlineData(75, true)]
    public void FromSeventyFiveDegreesOnHeatIsNoticed(double celsius, bool noticed) =>
        Assert.Equal(noticed, Findings.Of(s_pi5, s_steady, [new TemperatureReading("cpu-thermal", celsius)], null).Any(f => f.What.Contains("slow itself down", StringComparison.Ordinal)));

    [Theory]
    [InlineData(0, false)]
    [InlineData(399_999_999, true)]
    [InlineData(400_000_000, false)]
    public void LittleMemoryIsNoticedWhereItIsKnown(long bytes, bool noticed) =>
        Assert.Equal(noticed, Findings.Of(s_pi5 with { MemoryBytes = bytes }, s_steady, [], null).Any(f => f.What.Contains("of memory is little", StringComparison.Ordinal)));

    /// <summary>Where a board's own limit is known, five degrees before it.</summary>
    [Theory]
    [InlineData("Raspberry Pi 3 Model B Plus Rev 1.3", 54.9, false)]
    [InlineData("Raspberry Pi 3 Model B Plus Rev 1.3", 55, true)]
    [InlineData("Raspberry Pi 5 Model B Rev 1.0", 74.9, false)]
    [InlineData("Raspberry Pi 5 Model B Rev 1.0", 75, true)]
    public void HeatIsHeldAgainstTheBoardsLimit(string model, double celsius, bool noticed) => Assert.Equal(noticed, Findings
        .Of(s_pi5 with { Profile = BoardProfile.Of(model) }, s_steady, [new TemperatureReading("cpu-thermal", celsius)], null).Any(f => f.What.Contains("slow itself down", StringComparison.Ordinal)));

    [Theory]
    [InlineData("aarch64", 32, true)]
    [InlineData("aarch64", 64, false)]
    [InlineData("aarch64", null, false)]
    [InlineData("armv7l", 32, false)]
    public void ThirtyTwoBitProgramsOnA64BitKernelAreAProblem(string architecture, int? bits, bool noticed)
    {
        Finding? finding = Findings.Of(s_pi5 with { Architecture = architecture, UserLandBits = bits }, s_steady, [], null).SingleOrDefault(f => f.What.Contains("programs 32", StringComparison.Ordinal));
        Assert.Equal(noticed ? (Finding.Problem, true) : (null, null), (finding?.Level, finding?.Command?.Contains("rpi-imager", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(BoardKind.RaspberryPi, "5.4.83-v8+", true, "sudo apt update && sudo apt full-upgrade")]
    [InlineData(BoardKind.RaspberryPi, "5.10.0", false, null)]
    [InlineData(BoardKind.RaspberryPi, "6.6.31+rpt-rpi-2712", false, null)]
    [InlineData(BoardKind.Jetson, "4.9.337-tegra", true, null)]
    [InlineData(BoardKind.Other, "unknown", false, null)]
    public void AnOldKernelIsNoticed(BoardKind kind, string kernel, bool noticed, string? command)
    {
        Finding? finding = Findings.Of(s_pi5 with { Kind = kind, Kernel = kernel }, s_steady, [], null).SingleOrDefault(f => f.What.Contains("is older than 5.10", StringComparison.Ordinal));
        Assert.Equal((noticed, command), (finding is not null, finding?.Command));
    }

    [Theory]
    [InlineData(4, null, "4 of the 6 cores", "/online")]
    [InlineData(4, 1, "4 of the 6 cores of a Jetson Orin Nano are on line in power mode 7W", "sudo nvpmodel -m 0")]
    [InlineData(6, 1, "power mode 7W", "sudo nvpmodel -m 0")]
    [InlineData(6, 0, null, null)]
    public void CoresAndClocksThatAPowerModeTakesAwayAreNoticed(int cores, int? mode, string? what, string? command)
    {
        BoardInfo orin = s_pi5 with
        {
            Kind = BoardKind.Jetson,
            Cores = cores,
            Profile = BoardProfile.Of("NVIDIA Jetson Orin Nano Developer Kit"),
            PowerMode = mode is { } id ? new PowerMode(id, id == 1 ? "7W" : "15W") : null,
        };
        Finding[] found = [.. Findings.Of(orin, s_steady, [], null).Where(f => f.What.Contains("cores of", StringComparison.Ordinal) || f.What.Contains("power mode", StringComparison.Ordinal))];
        Assert.Equal(what is null ? 0 : 1, found.Length);
        Assert.All(found, f => Assert.Contains(what!, f.What, StringComparison.Ordinal));
        Assert.All(found, f => Assert.Contains(command!, f.Command, StringComparison.Ordinal));
    }

    [Fact]
    public void TheFastestPowerModeIsNotAlwaysTheFirst()
    {
        BoardInfo orin = s_pi5 with { Kind = BoardKind.Jetson, PowerMode = new PowerMode(0, "15W") { FastestId = 2 } };
        Assert.Equal("sudo nvpmodel -m 2", Assert.Single(Findings.Of(orin, s_steady, [], null), f => f.What.Contains("power mode 15W", StringComparison.Ordinal)).Command);
    }

    [Fact]
    public void SensorsThatMayNotBeReadAreOneFindingForEachCommand()
    {
        const string Join = "sudo usermod -aG video $USER, then log in again";
        Reading[] readings =
        [
            new(SensorKind.Throttle, "firmware", null, "no permission for /dev/vcio, which the group video has") { Remedy = Join },
            new(SensorKind.Clock, "arm, measured", null, "no permission for /dev/vcio, which the group video has") { Remedy = Join },
            new(SensorKind.Power, "none", null, "nothing"),
        ];
        Finding finding = Assert.Single(Findings.Of(s_pi5, s_steady, [], null, readings), f => f.What.Contains("not measured", StringComparison.Ordinal));
        Assert.Equal((Finding.Note, "not measured: firmware, arm, measured: no permission for /dev/vcio, which the group video has", Join), (finding.Level, finding.What, finding.Command));

        // Ubuntu keeps it for root.
        readings = [new(SensorKind.Throttle, "firmware", null, "only root may read it")];
        finding = Assert.Single(Findings.Of(s_pi5, s_steady, [], null, readings), f => f.What.Contains("is not known: only root", StringComparison.Ordinal));
        Assert.Null(finding.Command);
        Assert.DoesNotContain(Findings.Of(s_pi5 with { Kind = BoardKind.Pc }, s_steady, [], null, readings), f => f.What.Contains("is not known: only root", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SensorKind.UnderVoltage, 1, null, Finding.Problem)]
    [InlineData(SensorKind.UnderVoltage, 0, null, null)]
    // The throttle bits have said it.
    [InlineData(SensorKind.UnderVoltage, 1, 0x1u, null)]
    [InlineData(SensorKind.OverCurrent, 27, null, Finding.Note)]
    [InlineData(SensorKind.OverCurrent, 0, null, null)]
    public void AWeakSupplyIsNoticed(SensorKind kind, double value, uint? bits, string? level)
    {
        Finding? finding = Findings.Of(s_pi5, s_steady, [], bits is { } b ? new ThrottleState(b) : null, [new Reading(kind, "sensor", value)])
            .SingleOrDefault(f => f.What.StartsWith("the supply", StringComparison.Ordinal));
        Assert.Equal(level, finding?.Level);
    }

    /// <summary>Bits of now are a problem, those since boot a note.</summary>
    [Theory]
    [InlineData(0x1u, Finding.Problem, "power supply")]
    [InlineData(0x8u, Finding.Problem, "heat sink")]
    [InlineData(0x10000u, Finding.Note, "power supply")]
    [InlineData(0x80000u, Finding.Note, "heat sink")]
    public void WhatSlowsTheBoardDownIsToldApart(uint bits, string level, string remedy)
    {
        Finding finding = Assert.Single(Findings.Of(s_pi5, s_steady, [], new ThrottleState(bits)), f => f.What.Contains("slowed down", StringComparison.Ordinal));
        Assert.Equal(level, finding.Level);
        Assert.Contains(remedy, finding.Command, StringComparison.Ordinal);
    }
}
