namespace EdgeVit.Devices;

/// <summary>The sizes of raw frames, and their pixels as RGB.</summary>
internal static class RawLayout
{
    /// <summary>The longest side of a frame.</summary>
    public const int MaxSide = 16384;

    /// <summary>Why no frame of this format has this size; null where one has.</summary>
    public static string? Refusal(FrameFormat format, int width, int height)
    {
        if (width is < 1 or > MaxSide || height is < 1 or > MaxSide)
        {
            return $"{width} x {height} pixels, expected 1 to {MaxSide} each";
        }

        return format switch
        {
            FrameFormat.Yuyv when width % 2 != 0 => $"{width} columns, and {format} has an even number of them",
            FrameFormat.Nv12 when width % 2 != 0 || height % 2 != 0 => $"{width} x {height} pixels, and {format} has even numbers of columns and rows",
            _ => null,
        };
    }

    /// <summary>Bytes of a raw frame; at most 768 MB.</summary>
    public static int Bytes(FrameFormat format, int width, int height) => format switch
    {
        FrameFormat.Yuyv => 2 * width * height,
        FrameFormat.Rgb24 => 3 * width * height,
        FrameFormat.Gray8 => width * height,
        FrameFormat.Nv12 => width * height / 2 * 3,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "has no fixed size"),
    };

    /// <summary>Writes a frame's pixels as RGB.</summary>
    public static void ToRgb(FrameFormat format, ReadOnlySpan<byte> data, int width, int height, Span<byte> rgb)
    {
        switch (format)
        {
            case FrameFormat.Yuyv:
                LimitedRange.FromYuyv(data, rgb);
                break;
            case FrameFormat.Nv12:
                LimitedRange.FromNv12(data, width, height, rgb);
                break;
            case FrameFormat.Gray8:
                for (int i = 0; i < data.Length; i++)
                {
                    rgb.Slice(3 * i, 3).Fill(data[i]);
                }

                break;
            default:
                data.CopyTo(rgb);
                break;
        }
    }
}
