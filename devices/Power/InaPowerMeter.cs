using System.Globalization;

namespace EdgeVit.Devices;

/// <summary>An INA219 or INA236 with a shunt resistor in the board's supply. It is only read: it measures on its own with the settings that it
/// has after power-on.</summary>
public sealed class InaPowerMeter : IPowerMeter
{
    private const byte Configuration = 0, Shunt = 1, Bus = 2, Maker = 0x3E;
    private const ushort TexasInstruments = 0x5449;
    private const double Ina219ShuntStep = 10e-6, Ina219BusStep = 4e-3;
    private const double Ina236BusStep = 1.6e-3;

    private readonly IRegisters _chip;
    private readonly bool _ina219;
    private readonly double _ohms;

    internal InaPowerMeter(IRegisters chip, bool ina219, string name, double ohms)
    {
        (_chip, _ina219, _ohms, Name) = (chip, ina219, ohms, name);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>A meter by its description <c>CHIP:BUS:ADDRESS:OHMS</c>, such as <c>ina219:1:0x40:0.1</c>.</summary>
    /// <exception cref="FormatException">It is another text.</exception>
    public static InaPowerMeter Parse(string text, SystemFiles? files = null)
    {
        return text.Split(':') is ["ina219" or "ina236", var bus, ['0', 'x', .. var address], var shunt]
            && int.TryParse(bus, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && int.TryParse(address, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int chip)
            && chip is >= 0x08 and <= 0x77
            && double.TryParse(shunt, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double ohms) && ohms is > 0 and < double.PositiveInfinity
            ? new InaPowerMeter(new I2cRegisters(files ?? SystemFiles.Machine, number, chip), text.StartsWith("ina219", StringComparison.Ordinal), text, ohms)
            : throw new FormatException($"a power meter is '{text}', expected CHIP:BUS:ADDRESS:OHMS, such as ina219:1:0x40:0.1 or ina236:1:0x40:0.008");
    }

    /// <inheritdoc/>
    public double ReadWatts() => _ina219 ? Ina219() : Ina236();

    private double Ina219()
    {
        ushort bus = _chip.Read(Bus);
        // Bit 0: the chip's arithmetic overflowed; the voltage begins at bit 3.
        return (bus & 1) != 0 ? throw new SensorException("the INA219 reports an overflow: use a smaller shunt")
            : (bus >> 3) * Ina219BusStep * Amperes(Ina219ShuntStep);
    }

    private double Ina236()
    {
        if (_chip.Read(Maker) is var maker && maker != TexasInstruments)
        {
            throw new SensorException($"the chip's maker is 0x{maker:x4} instead of 0x5449: no INA236");
        }

        bool fine = (_chip.Read(Configuration) & (1 << 12)) != 0;
        return _chip.Read(Bus) * Ina236BusStep * Amperes(fine ? 625e-9 : 2.5e-6);
    }

    private double Amperes(double step) => (short)_chip.Read(Shunt) * step / _ohms;
}
