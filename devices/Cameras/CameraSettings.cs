namespace EdgeVit.Devices;

/// <summary>What is wished of a camera; it gives what is nearest of what it can. <see cref="ICamera.Description"/> tells what it gives.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="FramesPerSecond">Frames in a second.</param>
public sealed record CameraSettings(int Width = 640, int Height = 480, double FramesPerSecond = 30);
