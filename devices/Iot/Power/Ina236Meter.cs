using System.Device.I2c;
using Iot.Device.Adc;
using UnitsNet;

namespace EdgeVit.Devices.Iot;

/// <summary>An INA236 with a shunt resistor in the board's supply, read by <see cref="Ina236"/> of Iot.Device.Bindings, which looks whether it is one
/// and resets it: averaging or the fine range that another program chose are gone.</summary>
public sealed class Ina236Meter : IPowerMeter, IDisposable
{
    // The binding takes the shunt voltage as unsigned: 65,536 steps of 2.5 uV. It is signed.
    private const double ShuntRange = 65_536 * 2.5e-6;

    // Twice a conversion of 1.1 ms, of the bus and of the shunt.
    private static readonly TimeSpan s_firstReading = TimeSpan.FromMilliseconds(5);

    private readonly Ina236 _chip;
    private readonly double _ohms;

    /// <summary>Takes the chip and resets it.</summary>
    /// <param name="device">The chip; disposed of with the meter.</param>
    /// <param name="ohms">The shunt; most modules have 0.008.</param>
    /// <exception cref="DeviceException">No INA236 answers there.</exception>
    public Ina236Meter(I2cDevice device, double ohms)
    {
        try
        {
            // The greatest current sets the chip's own arithmetic, which is not used.
            _chip = new Ina236(device, ElectricResistance.FromOhms(ohms), ElectricCurrent.FromAmperes(ShuntRange / 2 / ohms));
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            I2cConnectionSettings place = device.ConnectionSettings;
            device.Dispose();
            throw new DeviceException($"no INA236 answers at {new I2cPlace(place.BusId, place.DeviceAddress)}: {e.Message}", e);
        }

        _ohms = ohms;
        Thread.Sleep(s_firstReading);
    }

    /// <inheritdoc/>
    public string Name { get; init; } = "ina236";

    /// <inheritdoc/>
    public double ReadWatts()
    {
        double shunt = _chip.ReadShuntVoltage().Volts;
        return _chip.ReadBusVoltage().Volts * (shunt >= ShuntRange / 2 ? shunt - ShuntRange : shunt) / _ohms;
    }

    /// <inheritdoc/>
    public void Dispose() => _chip.Dispose();
}
