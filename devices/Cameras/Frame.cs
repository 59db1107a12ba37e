namespace EdgeVit.Devices;

/// <summary>How the pixels of a <see cref="Frame"/> lie in its bytes.</summary>
public enum FrameFormat
{
    /// <summary>A whole JPEG file; cameras call a stream of them MJPEG.</summary>
    Jpeg,

    /// <summary>Y0 U Y1 V for two pixels beside each other: BT.601, luma 16 to 235.</summary>
    Yuyv,

    /// <summary>Red, green, blue, one byte each, without padding.</summary>
    Rgb24,
}

/// <summary>One picture of a camera, as the camera gave it.</summary>
/// <param name="Format">What the bytes are.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Data">The bytes; they hold until the next frame is asked for.</param>
/// <param name="Sequence">Counts the frames that the camera took, the lost ones too.</param>
public sealed record Frame(FrameFormat Format, int Width, int Height, ReadOnlyMemory<byte> Data, long Sequence);
