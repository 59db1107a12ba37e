using Iot.Device.CpuTemperature;

namespace EdgeVit.Devices;

/// <summary>The processor's temperature through Iot.Device.Bindings, which also serves systems without sysfs.</summary>
public sealed class IotThermometer : IThermometer, IDisposable
{
    private readonly CpuTemperature _sensor = new();

    /// <inheritdoc/>
    public IReadOnlyList<TemperatureReading> Read() => _sensor.IsAvailable
        ? [.. _sensor.ReadTemperatures().Select(t => new TemperatureReading(t.Sensor, t.Temperature.DegreesCelsius))] : [];

    /// <summary>Closes the sensor.</summary>
    public void Dispose() => _sensor.Dispose();
}
