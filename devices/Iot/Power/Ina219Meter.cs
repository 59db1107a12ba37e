using System.Device.I2c;
using Iot.Device.Adc;

namespace EdgeVit.Devices.Iot;

/// <summary>An INA219 with a shunt resistor in the board's supply, read by <see cref="Ina219"/> of Iot.Device.Bindings. It is only read: it measures
/// on its own with the settings that it has after power-on or from whoever set it up.</summary>
/// <param name="device">The chip; disposed of with the meter.</param>
/// <param name="ohms">The shunt; most modules have 0.1.</param>
public sealed class Ina219Meter(I2cDevice device, double ohms) : IPowerMeter, IDisposable
{
    // The binding takes a shunt voltage as unsigned and a bus voltage as signed. It is the other way round: 65,536 steps of 10 uV, 8,192 of 4 mV.
    private const double ShuntRange = 65_536 * 10e-6, BusRange = 8192 * 4e-3;

    private readonly Ina219 _chip = new(device);

    /// <inheritdoc/>
    public string Name { get; init; } = "ina219";

    /// <inheritdoc/>
    public double ReadWatts()
    {
        double bus = _chip.ReadBusVoltage().Volts;
        double shunt = _chip.ReadShuntVoltage().Volts;
        return (bus < 0 ? bus + BusRange : bus) * (shunt >= ShuntRange / 2 ? shunt - ShuntRange : shunt) / ohms;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _chip.Dispose();
        device.Dispose();
    }
}
