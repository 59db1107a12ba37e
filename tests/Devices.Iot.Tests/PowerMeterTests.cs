using System.Buffers.Binary;
using System.Device.I2c;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>The bindings give what the tool's own reading of the registers gives.</summary>
public sealed class PowerMeterTests
{
    [Fact]
    public void AnIna219GivesTheToolsReadingOfAllVoltagesAndCurrents()
    {
        var random = new Random(7);
        for (int round = 0; round < 300; round++)
        {
            // 13 bits from bit 3 on, to 32 V; bit 1 tells a conversion; the shunt is signed.
            var chip = new SimulatedRegisters { [2] = (ushort)((random.Next(8001) << 3) | 2), [1] = (ushort)random.Next(65_536) };
            using var meter = new Ina219Meter(chip, 0.1);
            double own = new InaPowerMeter(chip, ina219: true, "own", 0.1).ReadWatts();
            Assert.Equal(own, meter.ReadWatts(), 9);
            Assert.Empty(chip.Written);
        }
    }

    [Fact]
    public void AnIna236GivesTheToolsReadingOfAllVoltagesAndCurrents()
    {
        var random = new Random(8);
        for (int round = 0; round < 20; round++)
        {
            // Set to the fine range by another program, which the reset ends.
            var chip = new SimulatedRegisters { [0] = 0x5127, [2] = (ushort)random.Next(30_001), [1] = (ushort)random.Next(65_536), [0x3E] = 0x5449, [0x3F] = 0xA081 };
            using var meter = new Ina236Meter(chip, 0.008);
            Assert.Equal((byte)0, chip.Written[0]);
            double own = new InaPowerMeter(chip, ina219: false, "own", 0.008).ReadWatts();
            Assert.Equal(own, meter.ReadWatts(), 9);
        }
    }

    [Fact]
    public void AnotherChipIsNoIna236()
    {
        var chip = new SimulatedRegisters { [0x3F] = 0x2260 };
        Assert.Contains("0x40 on /dev/i2c-1", Assert.Throws<DeviceException>(() => new Ina236Meter(chip, 0.008)).Message, StringComparison.Ordinal);
        Assert.True(chip.Disposed);
    }

    [Fact]
    public void AChipThatVanishesIsAReason()
    {
        var chip = new SimulatedRegisters { [2] = 8, [1] = 1 };
        using var meter = new Ina219Meter(chip, 0.1);
        Assert.Equal("ina219", meter.Name);
        meter.ReadWatts();
        chip.Gone = true;
        Assert.Throws<IOException>(() => meter.ReadWatts());
    }

    /// <summary>16-bit registers, the most significant byte first, for the binding and for the tool alike.</summary>
    private sealed class SimulatedRegisters() : I2cSimulatedDeviceBase(new I2cConnectionSettings(1, 0x40)), IRegisters
    {
        private readonly Dictionary<byte, ushort> _registers = [];

        public List<byte> Written { get; } = [];

        public bool Gone { get; set; }

        public bool Disposed { get; private set; }

        public ushort this[byte register]
        {
            set => _registers[register] = value;
        }

        public ushort Read(byte register) => _registers.GetValueOrDefault(register);

        public override void WriteRead(byte[] inputBuffer, byte[] outputBuffer)
        {
            if (Gone)
            {
                throw new IOException("Error 121 performing I2C data transfer.");
            }

            if (inputBuffer.Length > 0)
            {
                CurrentRegister = inputBuffer[0];
            }

            if (inputBuffer.Length == 3)
            {
                ushort value = BinaryPrimitives.ReadUInt16BigEndian(inputBuffer.AsSpan(1));
                Written.Add(CurrentRegister);
                // The highest bit of the configuration resets the chip.
                _registers[CurrentRegister] = CurrentRegister == 0 && value >= 0x8000 ? (ushort)0x4127 : value;
            }

            if (outputBuffer.Length == 2)
            {
                BinaryPrimitives.WriteUInt16BigEndian(outputBuffer, Read(CurrentRegister));
            }
        }

        protected override void Dispose(bool disposing) => Disposed = true;
    }
}
