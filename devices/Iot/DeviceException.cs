namespace EdgeVit.Devices.Iot;

/// <summary>A device that cannot be opened or used; the message says which, why and what helps.</summary>
public sealed class DeviceException(string message, Exception? inner = null) : IOException(message, inner)
{
    internal static DeviceException From(SensorException reason) =>
        new(reason.Remedy is { } remedy ? $"{reason.Message}; it helps: {remedy}" : reason.Message, reason);
}
