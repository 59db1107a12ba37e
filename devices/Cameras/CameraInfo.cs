namespace EdgeVit.Devices;

/// <summary>A camera of this machine.</summary>
/// <param name="Name">What <see cref="Camera.Open"/> takes: <c>camera:0</c>.</param>
/// <param name="Model">What the driver calls it.</param>
public sealed record CameraInfo(string Name, string Model);
