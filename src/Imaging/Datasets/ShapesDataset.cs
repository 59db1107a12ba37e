using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Which images of the procedural data set.</summary>
public enum ShapesSplit
{
    /// <summary>Those to learn from.</summary>
    Train,

    /// <summary>Those to test with: drawn from the same distribution, but a stream of their own.</summary>
    Test,
}

/// <summary>The built-in data set: 32 x 32 RGB images of one of ten shapes, drawn on demand. An image is a pure function of seed, split and index,
/// with integer random numbers and only +, -, *, / and square root on floats, so it is the same to the bit on every machine. Position, size,
/// rotation, mirroring, both colours, clutter, lighting and noise vary, which leaves a linear classifier of pixels little to hold on to.</summary>
public sealed class ShapesDataset : IImageDataset
{
    /// <summary>Side of an image, pixels.</summary>
    public const int Side = 32;

    private static readonly string[] s_classes = ["disc", "ring", "triangle", "square", "cross", "star", "crescent", "stripes", "ell", "hourglass"];

    private readonly ulong _seed;
    private readonly ShapesSplit _split;

    /// <summary>A set of images, none of which is drawn yet.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="split">Which stream of images.</param>
    /// <param name="count">How many; the classes take turns.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1 image.</exception>
    public ShapesDataset(ulong seed, ShapesSplit split, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (_seed, _split, Count) = (seed, split, count);
        Name = $"shapes {(split == ShapesSplit.Train ? "train" : "test")}";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Labels => s_classes;

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int Label(int index)
    {
        Check(index);
        return index % s_classes.Length;
    }

    /// <inheritdoc/>
    public string SourceName(int index)
    {
        Check(index);
        return $"{Name} {index} (seed {_seed})";
    }

    /// <inheritdoc/>
    public RgbImage Load(int index) => Draw(index).Image;

    /// <summary>An image and the box around its shape, pixels.</summary>
    internal (RgbImage Image, (int Left, int Top, int Right, int Bottom) Box) Draw(int index)
    {
        int shape = Label(index);
        var random = SplitMix64.For(_seed, (ulong)_split, (ulong)index);
        var image = new RgbImage(Side, Side);
        return (image, ShapesPainter.Paint((Shape)shape, ref random, image.Pixels));
    }

    private void Check(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
    }
}
