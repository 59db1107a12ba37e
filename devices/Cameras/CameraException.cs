namespace EdgeVit.Devices;

/// <summary>A camera that cannot be opened or read; the message says which, why and what helps.</summary>
public sealed class CameraException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Whether this machine lacks what was asked for: there is no such camera, or no program that reads it.</summary>
    public bool Missing { get; init; }
}
