namespace EdgeVit.Devices;

/// <summary>A format, a size and the highest rate that a camera gives them at.</summary>
/// <param name="PixelFormat">Four characters, see <see cref="VideoControl"/>.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="FramesPerSecond">Null where the driver does not tell.</param>
internal sealed record VideoMode(uint PixelFormat, int Width, int Height, double? FramesPerSecond)
{
    public bool IsJpeg => PixelFormat != VideoControl.Yuyv;

    private long Area => (long)Width * Height;

    /// <summary>The mode that suits best: large enough, no larger than needed, and as fast as is wished; of two such, the one without JPEGs to decode.</summary>
    public static VideoMode? Choose(IEnumerable<VideoMode> modes, CameraSettings wished)
    {
        VideoMode[] best = [.. modes.GroupBy(m => m.PixelFormat).Select(format => Nearest(format, wished))];
        return best.OrderBy(m => m.Covers(wished) ? 0 : 1).ThenBy(m => m.Covers(wished) ? m.Area : -m.Area)
            .ThenBy(m => Slowness(m, wished)).ThenBy(m => m.IsJpeg ? 1 : 0).FirstOrDefault();
    }

    private bool Covers(CameraSettings wished) => Width >= wished.Width && Height >= wished.Height;

    private static VideoMode Nearest(IEnumerable<VideoMode> modes, CameraSettings wished) =>
        modes.OrderBy(m => m.Covers(wished) ? 0 : 1).ThenBy(m => m.Covers(wished) ? m.Area : -m.Area).ThenByDescending(m => m.FramesPerSecond ?? 0).First();

    /// <summary>How many frames per second are missing; drivers round rates.</summary>
    private static double Slowness(VideoMode mode, CameraSettings wished) =>
        mode.FramesPerSecond is { } rate && rate < wished.FramesPerSecond - 0.5 ? wished.FramesPerSecond - rate : 0;
}
