namespace EdgeVit.Devices;

/// <summary>A camera that cannot be opened or read; the message says which, why and what helps.</summary>
public sealed class CameraException(string message, Exception? inner = null) : IOException(message, inner);
