using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>What happens to a training image: a crop of the image padded by reflection, a horizontal flip, an erased rectangle, and a mixture with
/// another image of the batch.</summary>
/// <param name="Pad">Largest shift in pixels, both axes; 0 for none. Smaller than the image.</param>
/// <param name="Flip">Whether half of the images are mirrored.</param>
/// <param name="Erase">Probability that a rectangle is erased, 0 to 1.</param>
public sealed record Augmentation(int Pad, bool Flip, double Erase = 0)
{
    /// <summary>How images of a batch are mixed.</summary>
    public Mixing Mixing { get; init; } = Mixing.None;

    /// <summary>Images as they are.</summary>
    public static Augmentation None { get; } = new(0, false);

    /// <summary>Whether nothing happens.</summary>
    public bool IsNone => Pad == 0 && !Flip && Erase == 0 && Mixing.IsNone;

    /// <summary>The change of one image: pure function of seed, epoch and the image's index in the training set.</summary>
    internal (int Dx, int Dy, bool Mirror) Draw(ulong seed, long epoch, int index)
    {
        if (Pad == 0 && !Flip)
            return (0, 0, false);
        var random = new CounterRandom(seed, (ulong)epoch, (ulong)index);
        int span = (2 * Pad) + 1;
        int dx = random.Next(span) - Pad;
        int dy = random.Next(span) - Pad;
        return (dx, dy, Flip && (random.Next() & 1) != 0);
    }
}

/// <summary>Writes pixels as the network's input: shifted, mirrored, normalised. The normalisation is the device's, bit for bit.</summary>
internal sealed class PixelWriter
{
    private readonly int _height;
    private readonly int _width;
    private readonly float[] _table = new float[3 * 256];    // normalised value of each channel's 256 levels

    internal PixelWriter(Preprocess preprocess)
    {
        (_height, _width) = (preprocess.Height, preprocess.Width);
        for (int c = 0; c < 3; c++)
        {
            double std = preprocess.Std[c];
            float scale = (float)(1 / (255 * std));
            float offset = (float)(-preprocess.Mean[c] / std);
            for (int level = 0; level < 256; level++)
                _table[(c * 256) + level] = MathF.FusedMultiplyAdd(level, scale, offset);
        }
    }

    /// <summary>Pixels <c>[H, W, 3]</c> → <c>[3, H, W]</c>: pixel (y, x) comes from (y + dy, x' + dx), x' mirrored if asked; beyond the edge the
    /// image continues mirrored, the edge itself not repeated.</summary>
    internal void Write(ReadOnlySpan<byte> pixels, Span<float> target, int dx = 0, int dy = 0, bool mirror = false)
    {
        int plane = _height * _width;
        Span<int> columns = stackalloc int[_width <= 1024 ? _width : 0];
        if (columns.IsEmpty)
            columns = new int[_width];
        for (int x = 0; x < _width; x++)
            columns[x] = 3 * Reflect((mirror ? _width - 1 - x : x) + dx, _width);
        ReadOnlySpan<float> red = _table.AsSpan(0, 256);
        ReadOnlySpan<float> green = _table.AsSpan(256, 256);
        ReadOnlySpan<float> blue = _table.AsSpan(512, 256);
        for (int y = 0; y < _height; y++)
        {
            ReadOnlySpan<byte> row = pixels.Slice(Reflect(y + dy, _height) * _width * 3, _width * 3);
            Span<float> r = target.Slice(y * _width, _width);
            Span<float> g = target.Slice(plane + (y * _width), _width);
            Span<float> b = target.Slice((2 * plane) + (y * _width), _width);
            for (int x = 0; x < columns.Length; x++)
            {
                int at = columns[x];
                r[x] = red[row[at]];
                g[x] = green[row[at + 1]];
                b[x] = blue[row[at + 2]];
            }
        }
    }

    private static int Reflect(int i, int n)
    {
        if (n == 1)
            return 0;
        i = Math.Abs(i);
        return i < n ? i : (2 * (n - 1)) - i;
    }
}
