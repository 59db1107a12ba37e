namespace EdgeVit.Devices.Tests;

/// <summary>Registers as the data sheets have them: INA219 (SBOS448), INA236 (SBOS976).</summary>
public sealed class InaPowerMeterTests
{
    /// <summary>12 V are 3,000 steps of 4 mV from bit 3 on, with the bit for a new value; 1 A through 0.1 ohms are 10,000 steps of 10 uV.</summary>
    [Fact]
    public void AnIna219HasVoltageFromBitThreeAndCurrentFromTheShunt()
    {
        var chip = new FakeRegisters { [1] = 10_000, [2] = (3000 << 3) | 2 };
        Assert.Equal(12.0, new InaPowerMeter(chip, ina219: true, "a", 0.1).ReadWatts(), 9);
        // Into a battery it flows the other way: -1 A.
        chip[1] = unchecked((ushort)-10_000);
        Assert.Equal(-12.0, new InaPowerMeter(chip, ina219: true, "a", 0.1).ReadWatts(), 9);
        chip[2] |= 1;
        Assert.Contains("overflow", Assert.Throws<SensorException>(() => new InaPowerMeter(chip, ina219: true, "a", 0.1).ReadWatts()).Message, StringComparison.Ordinal);
    }

    /// <summary>5 V are 3,125 steps of 1.6 mV; 2 A through 8 mohm are 16 mV: 6,400 steps of 2.5 uV, or 25,600 of 625 nV in the fine range (bit 12).</summary>
    [Theory]
    [InlineData(0x4127, 6400)]
    [InlineData(0x5127, 25_600)]
    public void AnIna236HasTwoRanges(ushort configuration, ushort shunt)
    {
        var chip = new FakeRegisters { [0] = configuration, [1] = shunt, [2] = 3125, [0x3E] = 0x5449 };
        Assert.Equal(10.0, new InaPowerMeter(chip, ina219: false, "a", 0.008).ReadWatts(), 9);
    }

    [Fact]
    public void AnotherChipIsNoIna236()
    {
        var meter = new InaPowerMeter(new FakeRegisters { [0x3E] = 0xFFFF }, ina219: false, "a", 0.008);
        Assert.Contains("0xffff", Assert.Throws<SensorException>(() => meter.ReadWatts()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABusThatIsNotThereSaysHowToSwitchItOn()
    {
        using KnownBoard board = Trees.RaspberryPi4();
        var meter = InaPowerMeter.Parse("ina219:1:0x40:0.1", board.Board.Files);
        Assert.Equal("ina219:1:0x40:0.1", meter.Name);
        Reading reading = board.Sensors(meter).Read().Single(r => r.Kind == SensorKind.Power);
        Assert.Equal(("/dev/i2c-1 is not there", "sudo raspi-config nonint do_i2c 0"), (reading.Missing, reading.Remedy));

        board.Board.With("dev/i2c-1", "");
        Assert.StartsWith("no answer from 0x40 on /dev/i2c-1", board.Sensors(meter).Read().Single(r => r.Kind == SensorKind.Power).Missing, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ina226:1:0x40:0.1")]
    [InlineData("ina219:1:40:0.1")]
    [InlineData("ina219:1:0x78:0.1")]
    [InlineData("ina219:1:0x07:0.1")]
    [InlineData("ina219:-1:0x40:0.1")]
    [InlineData("ina219:1:0x40:0")]
    [InlineData("ina219:1:0x40:")]
    [InlineData("ina219:1:0x40")]
    [InlineData("ina219:1:0x40:0.1:2")]
    [InlineData("")]
    public void AnotherDescriptionIsRefused(string text) => Assert.Throws<FormatException>(() => InaPowerMeter.Parse(text));

    private sealed class FakeRegisters : Dictionary<byte, ushort>, IRegisters
    {
        public ushort Read(byte register) => this[register];
    }
}
