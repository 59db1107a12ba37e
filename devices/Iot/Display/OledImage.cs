using System.Drawing;
using System.Runtime.InteropServices;
using Iot.Device.Graphics;

namespace EdgeVit.Devices.Iot;

/// <summary>A picture in memory, black at first, as the display drivers of Iot.Device.Bindings take it.</summary>
internal sealed class OledImage(int width, int height) : BitmapImage(width, height, width * sizeof(int), PixelFormat.Format32bppXrgb)
{
    private readonly int[] _pixels = new int[width * height];

    public override void SetPixel(int x, int y, Color color) => _pixels[Index(x, y)] = color.ToArgb();

    public override Color GetPixel(int x, int y) => Color.FromArgb(_pixels[Index(x, y)]);

    public override Span<byte> AsByteSpan() => MemoryMarshal.AsBytes(_pixels.AsSpan());

    public override void SaveToStream(Stream stream, ImageFileType format) => throw new NotSupportedException("this picture is for a display");

    public override IGraphics GetDrawingApi() => throw new NotSupportedException("this picture has pixels only");

    protected override void Dispose(bool disposing)
    {
    }

    private int Index(int x, int y)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)x, (uint)Width, nameof(x));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)y, (uint)Height, nameof(y));
        return (y * Width) + x;
    }
}
