using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>What happens to a training image: a random part of it at full size, operations of RandAugment, a crop of the image padded by reflection, a horizontal flip, an erased rectangle, and a mixture with
/// another image of the batch.</summary>
/// <param name="Pad">Largest shift in pixels, both axes; 0 for none. Smaller than the image.</param>
/// <param name="Flip">Whether half of the images are mirrored.</param>
/// <param name="Erase">Probability that a rectangle is erased, 0 to 1.</param>
internal sealed record Augmentation(int Pad, bool Flip, double Erase = 0)
{
    /// <summary>How images of a batch are mixed.</summary>
    public Mixing Mixing { get; init; } = Mixing.None;

    /// <summary>Least share of an image that a random crop shows, 0 to 1; 0 for no such crops.</summary>
    public double Crop { get; init; }

    /// <summary>Operations on levels and geometry.</summary>
    public RandAugment Operations { get; init; } = RandAugment.None;

    /// <summary>How often an image is in a batch, varied differently each time (repeated augmentation, Hoffer et al. 2020), 1 to 16; a pass over the data then
    /// shows only so small a part of the images.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>In how many ways an image varies, in turn from pass to pass, so that a teacher can answer each beforehand; 0: differently each time.</summary>
    public int Views { get; init; }

    /// <summary>The pass over the data whose variations a pass shows.</summary>
    internal long Shown(long epoch) => Views > 0 ? epoch % Views : epoch;

    /// <summary>Whether a varied image still shows what the image shows, so that what a teacher says of the one holds for the other.</summary>
    public bool KeepsContent => Crop == 0 && Operations.Operations == 0;

    public static Augmentation None { get; } = new(0, false);

    /// <summary>Whether nothing happens.</summary>
    public bool IsNone => Pad == 0 && !Flip && Erase == 0 && Mixing.IsNone && KeepsContent;

    /// <summary>The change of one image: pure function of seed, epoch and the image's index in the training set, and, where it is there several times,
    /// of which time it is.</summary>
    internal (int Dx, int Dy, bool Mirror) Draw(ulong seed, long epoch, int index, int copy = 0)
    {
        if (Pad == 0 && !Flip)
        {
            return (0, 0, false);
        }

        var random = new CounterRandom(seed, (ulong)epoch, Key(index, copy));
        int span = (2 * Pad) + 1;
        int dx = random.Next(span) - Pad;
        int dy = random.Next(span) - Pad;
        return (dx, dy, Flip && (random.Next() & 1) != 0);
    }

    /// <summary>Crops and operates on an image: a function of the same. Gives its pixels at the network's size.</summary>
    /// <param name="scratch">Two images' bytes.</param>
    /// <param name="copy">Which of its times in the batch, from 0.</param>
    internal ReadOnlySpan<byte> Pixels(PixelSource source, int index, byte[] scratch, ulong seed, long epoch, int copy)
    {
        if (KeepsContent)
        {
            return source.Pixels(index, scratch.AsSpan(0, Math.Min(scratch.Length, source.ImageBytes)));
        }

        Span<byte> own = scratch.AsSpan(0, source.ImageBytes);
        (int height, int width) = (source.Preprocess.Height, source.Preprocess.Width);
        var random = new CounterRandom(seed ^ 0x52414E44415547UL, (ulong)epoch, Key(index, copy));
        if (Crop > 0)
        {
            RgbImage image = source.Image(index);
            RandomCrop.Apply(image, RandomCrop.Draw(image.Width, image.Height, Crop, ref random), height, width, source.Preprocess.Interpolation, own);
        }
        else
        {
            ReadOnlySpan<byte> pixels = source.Pixels(index, own);
            if (!pixels.Overlaps(own))
            {
                pixels.CopyTo(own);
            }
        }
        Span<byte> fill = stackalloc byte[3];
        for (int c = 0; c < 3; c++)
        {
            fill[c] = (byte)Math.Clamp(Math.Round(255 * source.Preprocess.Mean[c]), 0, 255);
        }

        Operations.Apply(own, scratch.AsSpan(own.Length, own.Length), height, width, fill, ref random);
        return own;
    }

    /// <summary>Distinguishes the copies of an image; the first has the image's own number.</summary>
    internal static ulong Key(int index, int copy) => ((ulong)copy << 40) | (uint)index;
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
            {
                _table[(c * 256) + level] = MathF.FusedMultiplyAdd(level, scale, offset);
            }
        }
    }

    /// <summary>Pixels <c>[H, W, 3]</c> → <c>[3, H, W]</c>: pixel (y, x) comes from (y + dy, x' + dx), x' mirrored if asked; beyond the edge the
    /// image continues mirrored, the edge itself not repeated.</summary>
    internal void Write(ReadOnlySpan<byte> pixels, Span<float> target, int dx = 0, int dy = 0, bool mirror = false)
    {
        int plane = _height * _width;
        Span<int> columns = stackalloc int[_width <= 1024 ? _width : 0];
        if (columns.IsEmpty)
        {
            columns = new int[_width];
        }

        for (int x = 0; x < _width; x++)
        {
            columns[x] = 3 * Reflect((mirror ? _width - 1 - x : x) + dx, _width);
        }

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

    /// <summary>The normalised values of each channel's 256 levels, channel by channel.</summary>
    internal float[] Table => _table;

    /// <summary>The place that a place beyond the edges shows.</summary>
    internal static int Reflect(int i, int n)
    {
        if (n == 1)
        {
            return 0;
        }

        i = Math.Abs(i);
        return i < n ? i : (2 * (n - 1)) - i;
    }
}
