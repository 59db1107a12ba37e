namespace EdgeVit.Devices;

/// <summary>
/// BT.601 with a limited range, what cameras mean by YUV, as 8-bit RGB:
/// <code>
/// R = 255/219 (Y - 16) + 255/224 * 1.402 (V - 128)
/// G = 255/219 (Y - 16) - 255/224 * 1.772 * 0.114/0.587 (U - 128) - 255/224 * 1.402 * 0.299/0.587 (V - 128)
/// B = 255/219 (Y - 16) + 255/224 * 1.772 (U - 128)
/// </code>
/// rounded and clipped to 0..255. Computed in integers with 16 bits after the point: at most one level off, and that in few of all colours.
/// </summary>
internal static class LimitedRange
{
    private const int Bits = 16, Half = 1 << (Bits - 1);
    private const int Luma = 76309, RedOfV = 104597, GreenOfU = 25675, GreenOfV = 53279, BlueOfU = 132201;

    /// <summary>Pairs of pixels, Y0 U Y1 V.</summary>
    public static void FromYuyv(ReadOnlySpan<byte> yuyv, Span<byte> rgb)
    {
        for (int from = 0, to = 0; from + 4 <= yuyv.Length; from += 4, to += 6)
        {
            Pair(yuyv[from], yuyv[from + 2], yuyv[from + 1], yuyv[from + 3], rgb.Slice(to, 6));
        }
    }

    /// <summary>A plane of Y, and one of U V for each two by two pixels; even sides.</summary>
    public static void FromNv12(ReadOnlySpan<byte> nv12, int width, int height, Span<byte> rgb)
    {
        ReadOnlySpan<byte> colours = nv12[(width * height)..];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> luma = nv12.Slice(y * width, width), colour = colours.Slice(y / 2 * width, width);
            for (int x = 0; x + 2 <= width; x += 2)
            {
                Pair(luma[x], luma[x + 1], colour[x], colour[x + 1], rgb.Slice(3 * ((y * width) + x), 6));
            }
        }
    }

    /// <summary>Two pixels of one colour difference.</summary>
    private static void Pair(int first, int second, int u, int v, Span<byte> rgb)
    {
        u -= 128;
        v -= 128;
        int red = (RedOfV * v) + Half, green = Half - (GreenOfU * u) - (GreenOfV * v), blue = (BlueOfU * u) + Half;
        int luma = Luma * (first - 16);
        rgb[0] = Clip(luma + red);
        rgb[1] = Clip(luma + green);
        rgb[2] = Clip(luma + blue);
        luma = Luma * (second - 16);
        rgb[3] = Clip(luma + red);
        rgb[4] = Clip(luma + green);
        rgb[5] = Clip(luma + blue);
    }

    private static byte Clip(int value) => (byte)Math.Clamp(value >> Bits, 0, 255);
}
