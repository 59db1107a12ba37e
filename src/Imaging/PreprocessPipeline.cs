using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Carries out a <see cref="Preprocess"/> record: from a decoded image to the network's input. The same code runs in training and
/// on the device and gives the same bits everywhere. Thread-safe.</summary>
public sealed class PreprocessPipeline
{
    readonly float[] _scale = new float[3];
    readonly float[] _offset = new float[3];

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
            throw new ArgumentException($"{preprocess.Mean.Count} means and {preprocess.Std.Count} standard deviations; expected three of each.", nameof(preprocess));
        for (int c = 0; c < 3; c++)
        {
            if (!(preprocess.Std[c] > 0) || !float.IsFinite(preprocess.Std[c]) || !float.IsFinite(preprocess.Mean[c]))
                throw new ArgumentException($"Channel {c}: mean {preprocess.Mean[c]}, standard deviation {preprocess.Std[c]}; expected finite values and a positive deviation.", nameof(preprocess));
            _scale[c] = (float)(1.0 / (255.0 * preprocess.Std[c]));
            _offset[c] = (float)(-(double)preprocess.Mean[c] / preprocess.Std[c]);
        }
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
        (int width, int height) = ResizedSize(image.Width, image.Height, Preprocess.ResizeShorterSide);
        int left = (int)Math.Round((width - Preprocess.Width) / 2.0, MidpointRounding.ToEven);
        int top = (int)Math.Round((height - Preprocess.Height) / 2.0, MidpointRounding.ToEven);
        Resampler.ResizeWindow(image, width, height, Preprocess.Interpolation, left, top, Preprocess.Width, Preprocess.Height)
            .Pixels.CopyTo(pixels);
    }

    /// <summary>Size after the shorter side has become <paramref name="shorterSide"/>.</summary>
    internal static (int Width, int Height) ResizedSize(int width, int height, int shorterSide) => width <= height
        ? (shorterSide, (int)((long)shorterSide * height / width))
        : ((int)((long)shorterSide * width / height), shorterSide);

    /// <summary>Normalises pixels of any number of rows of whole images: out = fma(pixel, scale, offset), one rounding, channels
    /// apart.</summary>
    /// <param name="pixels">RGB bytes [Height, Width, 3].</param>
    /// <param name="output">Floats [3, Height, Width], overwritten.</param>
    /// <exception cref="ArgumentException">A length other than <see cref="Length"/>.</exception>
    public void Normalise(ReadOnlySpan<byte> pixels, Span<float> output)
    {
        CheckLength(pixels.Length, nameof(pixels));
        CheckLength(output.Length, nameof(output));
        int plane = output.Length / 3;
        int done = Vector128.IsHardwareAccelerated ? NormaliseVectors(pixels, output, plane) : 0;
        NormaliseScalar(pixels, output, done);
    }

    /// <summary>The plain loop, from pixel <paramref name="first"/> on: the tail, and the reference of the vector loop.</summary>
    internal void NormaliseScalar(ReadOnlySpan<byte> pixels, Span<float> output, int first)
    {
        int plane = output.Length / 3;
        for (int c = 0; c < 3; c++)
            for (int i = first; i < plane; i++)
                output[c * plane + i] = MathF.FusedMultiplyAdd(pixels[3 * i + c], _scale[c], _offset[c]);
    }

    /// <summary>16 pixels a step: three loads of 16 bytes; per channel one shuffle of each picks its 16 bytes (an index beyond 15 gives 0),
    /// then widen.</summary>
    int NormaliseVectors(ReadOnlySpan<byte> pixels, Span<float> output, int plane)
    {
        int i = 0;
        for (; i + 16 <= plane; i += 16)
        {
            ReadOnlySpan<byte> block = pixels.Slice(3 * i, 48);
            Vector128<byte> a = Vector128.Create(block), b = Vector128.Create(block[16..]), c = Vector128.Create(block[32..]);
            Store(Pick(a, b, c, s_red), 0, output[i..]);
            Store(Pick(a, b, c, s_green), 1, output[(plane + i)..]);
            Store(Pick(a, b, c, s_blue), 2, output[(2 * plane + i)..]);
        }
        return i;
    }

    void Store(Vector128<byte> levels, int channel, Span<float> output)
    {
        Vector128<float> scale = Vector128.Create(_scale[channel]), offset = Vector128.Create(_offset[channel]);
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(levels);
        Span<Vector128<float>> four = MemoryMarshal.Cast<float, Vector128<float>>(output[..16]);
        four[0] = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenLower(low).AsInt32()), scale, offset);
        four[1] = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenUpper(low).AsInt32()), scale, offset);
        four[2] = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenLower(high).AsInt32()), scale, offset);
        four[3] = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenUpper(high).AsInt32()), scale, offset);
    }

    static readonly (Vector128<byte> A, Vector128<byte> B, Vector128<byte> C) s_red = Picker(0), s_green = Picker(1), s_blue = Picker(2);

    static Vector128<byte> Pick(
        Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, in (Vector128<byte> A, Vector128<byte> B, Vector128<byte> C) at) =>
        Vector128.Shuffle(a, at.A) | Vector128.Shuffle(b, at.B) | Vector128.Shuffle(c, at.C);

    static (Vector128<byte>, Vector128<byte>, Vector128<byte>) Picker(int channel)
    {
        Span<byte> indices = stackalloc byte[48];
        indices.Fill(0xFF);
        for (int lane = 0; lane < 16; lane++)
        {
            int source = 3 * lane + channel;
            indices[16 * (source / 16) + lane] = (byte)(source % 16);
        }
        return (Vector128.Create(indices), Vector128.Create(indices[16..]), Vector128.Create(indices[32..]));
    }

    void CheckLength(int length, string name)
    {
        if (length != Length)
            throw new ArgumentException($"{length} values; expected {Length} for {Preprocess.Height} x {Preprocess.Width} x 3.", name);
    }
}
