using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>Asks a device for what it can.</summary>
internal static class VideoModeList
{
    // A driver that never says that there are no more is not asked for ever.
    private const uint Most = 256;

    /// <summary>All pixel formats, those that are not read too.</summary>
    public static List<uint> Formats(IVideoDevice device)
    {
        var formats = new List<uint>();
        for (uint i = 0; i < Most; i++)
        {
            var format = new VideoFormatDescription { Index = i, Type = VideoControl.Capture };
            if (Ask(device, VideoControl.EnumerateFormats, ref format) != 0)
            {
                break;
            }

            formats.Add(format.PixelFormat);
        }

        return formats;
    }

    /// <summary>The modes of the formats that are read.</summary>
    public static IEnumerable<VideoMode> Modes(IVideoDevice device, IEnumerable<uint> formats, CameraSettings wished) =>
        formats.Where(f => f is VideoControl.Yuyv or VideoControl.Mjpeg or VideoControl.Jpeg).Distinct().SelectMany(format =>
            Sizes(device, format, wished).Select(size => new VideoMode(format, size.Width, size.Height, Rate(device, format, size))));

    /// <summary>One ioctl with its structure.</summary>
    public static int Ask<T>(IVideoDevice device, uint request, ref T argument)
        where T : unmanaged => device.Control(request, MemoryMarshal.AsBytes(new Span<T>(ref argument)));

    private static List<(int Width, int Height)> Sizes(IVideoDevice device, uint format, CameraSettings wished)
    {
        var sizes = new List<(int, int)>();
        for (uint i = 0; i < Most; i++)
        {
            var size = new VideoFrameSize { Index = i, PixelFormat = format };
            if (Ask(device, VideoControl.EnumerateSizes, ref size) != 0)
            {
                break;
            }

            if (size.Type != VideoControl.Discrete)
            {
                sizes.Add((Within(wished.Width, size.MinWidth, size.MaxWidth, size.StepWidth), Within(wished.Height, size.MinHeight, size.MaxHeight, size.StepHeight)));
                break;
            }

            sizes.Add(((int)Math.Min(size.Width, int.MaxValue), (int)Math.Min(size.Height, int.MaxValue)));
        }

        return sizes.Count > 0 ? sizes : [(wished.Width, wished.Height)];
    }

    private static int Within(int wished, uint least, uint most, uint step)
    {
        long value = Math.Clamp(wished, (long)Math.Min(least, most), most);
        return (int)Math.Min(value - ((value - least) % Math.Max(step, 1)), int.MaxValue);
    }

    private static double? Rate(IVideoDevice device, uint format, (int Width, int Height) size)
    {
        double? fastest = null;
        for (uint i = 0; i < Most; i++)
        {
            var interval = new VideoFrameInterval { Index = i, PixelFormat = format, Width = (uint)size.Width, Height = (uint)size.Height };
            if (Ask(device, VideoControl.EnumerateIntervals, ref interval) != 0)
            {
                break;
            }

            double rate = interval.Numerator == 0 ? 0 : interval.Denominator / (double)interval.Numerator;
            fastest = rate > 0 ? Math.Max(fastest ?? 0, rate) : fastest;
            if (interval.Type != VideoControl.Discrete)
            {
                break;
            }
        }

        return fastest;
    }
}
