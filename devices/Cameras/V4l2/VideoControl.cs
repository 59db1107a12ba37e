namespace EdgeVit.Devices;

/// <summary>Numbers of <c>&lt;linux/videodev2.h&gt;</c> and of the errors that its calls give.</summary>
internal static class VideoControl
{
    // ioctl requests; the size of the structure is part of each.
    public const uint QueryCapability = 0x80685600, EnumerateFormats = 0xC0405602, SetFormat = 0xC0D05605, RequestBuffers = 0xC0145608, QueryBuffer = 0xC0585609,
        QueueBuffer = 0xC058560F, DequeueBuffer = 0xC0585611, StreamOn = 0x40045612, StreamOff = 0x40045613, SetParameters = 0xC0CC5616,
        EnumerateSizes = 0xC02C564A, EnumerateIntervals = 0xC034564B;

    public const uint Capture = 1, CaptureMultiplanar = 0x1000, Streaming = 0x0400_0000, HasDeviceCapabilities = 0x8000_0000;

    public const uint Discrete = 1, Mapped = 1, Progressive = 1, BufferError = 0x40;

    public const uint Yuyv = 0x5659_5559, Mjpeg = 0x4750_4A4D, Jpeg = 0x4745_504A;

    public const int NotPermitted = 1, NoSuchFile = 2, InputOutput = 5, NoSuchDeviceOrAddress = 6, TryAgain = 11, AccessDenied = 13, Busy = 16, NoDevice = 19, Invalid = 22,
        NotATerminal = 25;

    /// <summary>Four characters, such as <c>MJPG</c>.</summary>
    public static string Name(uint pixelFormat) => string.Concat(Enumerable.Range(0, 4).Select(i => (char)((pixelFormat >> (8 * i)) & 0x7F))).TrimEnd();
}
