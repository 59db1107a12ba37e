
namespace EdgeVit.Runtime;

/// <summary>Carries out a <see cref="Preprocess"/> record: from a decoded image to the network's input. The same code runs in training and
/// on the device and gives the same bits everywhere. Thread-safe.</summary>
public sealed class PreprocessPipeline
{
    private readonly PixelScale _scale;

    // For the size of the last image: those of a camera have one, and none after the first costs an allocation.
    private volatile WindowResize? _resize;

    /// <summary>Prepares the constants: scale = 1 / (255 std), offset = -mean / std, in double, rounded to float.</summary>
    /// <param name="preprocess">What to do.</param>
    /// <exception cref="ArgumentException">Sizes below 1, a resize below the crop, not three means and deviations, or a deviation that is
    /// not positive.</exception>
    public PreprocessPipeline(Preprocess preprocess)
    {
        ArgumentNullException.ThrowIfNull(preprocess);
        Preprocess = preprocess;
        if (preprocess.Height < 1 || preprocess.Width < 1 || preprocess.ResizeShorterSide < Math.Max(preprocess.Height, preprocess.Width))
        {
            throw new ArgumentException(
                $"Input {preprocess.Height} x {preprocess.Width} with the shorter side resized to {preprocess.ResizeShorterSide}: "
                + "the resize must be at least as large as the input, and all at least 1.",
                nameof(preprocess));
        }
        if (preprocess.Mean.Count != 3 || preprocess.Std.Count != 3)
        {
            throw new ArgumentException($"{preprocess.Mean.Count} means and {preprocess.Std.Count} standard deviations; expected three of each.", nameof(preprocess));
        }

        for (int c = 0; c < 3; c++)
        {
            if (!(preprocess.Std[c] > 0) || !float.IsFinite(preprocess.Std[c]) || !float.IsFinite(preprocess.Mean[c]))
            {
                throw new ArgumentException($"Channel {c}: mean {preprocess.Mean[c]}, standard deviation {preprocess.Std[c]}; expected finite values and a positive deviation.", nameof(preprocess));
            }
        }
        _scale = new PixelScale(preprocess);
    }

    /// <summary>What this pipeline does.</summary>
    public Preprocess Preprocess { get; }

    /// <summary>Bytes of an image at the network's size: Height * Width * 3; also the floats of a normalised one.</summary>
    public int Length => 3 * Preprocess.Height * Preprocess.Width;

    /// <summary>Resizes the shorter side and crops the centre, with torchvision's rounding (long side truncated, crop offset rounded half
    /// to even). An image whose shorter side has the right length is not resampled.</summary>
    /// <param name="image">Any size.</param>
    /// <param name="pixels">RGB bytes [Height, Width, 3], overwritten; exactly <see cref="Length"/> long.</param>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> has another length.</exception>
    public void ToPixels(RgbImage image, Span<byte> pixels)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckLength(pixels.Length, nameof(pixels));
        WindowResize? resize = _resize;
        if (resize?.IsFor(image.Width, image.Height) != true)
        {
            _resize = resize = Prepare(image.Width, image.Height);
        }

        resize.Run(image.Pixels, pixels);
    }

    /// <summary>Size after the shorter side has become <paramref name="shorterSide"/>.</summary>
    internal static (int Width, int Height) ResizedSize(int width, int height, int shorterSide) => width <= height
        ? (shorterSide, (int)((long)shorterSide * height / width))
        : ((int)((long)shorterSide * width / height), shorterSide);

    /// <summary>Normalises the pixels of an image: out = fma(pixel, scale, offset), one rounding, channels apart.</summary>
    /// <param name="pixels">RGB bytes [Height, Width, 3].</param>
    /// <param name="output">Floats [3, Height, Width], overwritten.</param>
    /// <exception cref="ArgumentException">A length other than <see cref="Length"/>.</exception>
    public void Normalise(ReadOnlySpan<byte> pixels, Span<float> output)
    {
        CheckLength(pixels.Length, nameof(pixels));
        CheckLength(output.Length, nameof(output));
        _scale.Normalise(pixels, output);
    }

    private WindowResize Prepare(int imageWidth, int imageHeight)
    {
        (int width, int height) = ResizedSize(imageWidth, imageHeight, Preprocess.ResizeShorterSide);
        int left = (int)Math.Round((width - Preprocess.Width) / 2.0, MidpointRounding.ToEven);
        int top = (int)Math.Round((height - Preprocess.Height) / 2.0, MidpointRounding.ToEven);
        return new WindowResize(imageWidth, imageHeight, width, height, Preprocess.Interpolation, left, top, Preprocess.Width, Preprocess.Height);
    }

    private void CheckLength(int length, string name)
    {
        if (length != Length)
        {
            throw new ArgumentException($"{length} values; expected {Length} for {Preprocess.Height} x {Preprocess.Width} x 3.", name);
        }
    }
}
