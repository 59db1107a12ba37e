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
