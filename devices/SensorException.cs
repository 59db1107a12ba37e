namespace EdgeVit.Devices;

/// <summary>A sensor has no value now; the message is the reason, with the command that helps where there is one.</summary>
internal sealed class SensorException(string reason, string? remedy = null) : Exception(reason)
{
    public string? Remedy => remedy;
}
