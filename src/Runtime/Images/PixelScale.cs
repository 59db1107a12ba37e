using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>Normalisation of pixels: <c>fma(pixel, 1 / (255 * std), -mean / std)</c>, both constants computed in double and rounded
/// once. Thread-safe.</summary>
internal sealed class PixelScale
{
    private const int Block = 16;
    private const int Levels = 256;

    private static readonly Picker s_red = Picker.Of(0);
    private static readonly Picker s_green = Picker.Of(1);
    private static readonly Picker s_blue = Picker.Of(2);

    private readonly float[] _scale = new float[3];
    private readonly float[] _offset = new float[3];

    // [channel][level]
    private readonly float[] _levels = new float[3 * Levels];

    internal PixelScale(Preprocess preprocess)
    {
        for (int c = 0; c < 3; c++)
        {
            double std = preprocess.Std[c];
            _scale[c] = (float)(1.0 / (255.0 * std));
            _offset[c] = (float)(-preprocess.Mean[c] / std);
            for (int level = 0; level < Levels; level++)
            {
                _levels[(c * Levels) + level] = MathF.FusedMultiplyAdd(level, _scale[c], _offset[c]);
            }
        }
    }

    /// <summary><c>[H, W, 3]</c> RGB bytes to <c>[3, H, W]</c> floats. Sixteen pixels a step: three loads of 16 bytes; per channel one
    /// shuffle of each picks its 16 bytes, which are widened. The tail is the plain loop's.</summary>
    internal void Normalise(ReadOnlySpan<byte> pixels, Span<float> output)
    {
        int plane = output.Length / 3;
        int i = 0;
        if (Fused.IsAccelerated)
        {
            for (; i + Block <= plane; i += Block)
            {
                ReadOnlySpan<byte> block = pixels.Slice(3 * i, 3 * Block);
                Vector128<byte> a = Vector128.Create(block);
                Vector128<byte> b = Vector128.Create(block[Block..]);
                Vector128<byte> c = Vector128.Create(block[(2 * Block)..]);
                Store(s_red.Pick(a, b, c), 0, output[i..]);
                Store(s_green.Pick(a, b, c), 1, output[(plane + i)..]);
                Store(s_blue.Pick(a, b, c), 2, output[((2 * plane) + i)..]);
            }
        }

        NormaliseScalar(pixels, output, i);
    }

    /// <summary>The plain loop, from pixel <paramref name="first"/> on, which looks the levels up: the tail, and the reference of the vector loop.</summary>
    internal void NormaliseScalar(ReadOnlySpan<byte> pixels, Span<float> output, int first)
    {
        int plane = output.Length / 3;
        ReadOnlySpan<float> red = _levels.AsSpan(0, Levels), green = _levels.AsSpan(Levels, Levels), blue = _levels.AsSpan(2 * Levels, Levels);
        Span<float> reds = output[..plane], greens = output.Slice(plane, plane), blues = output.Slice(2 * plane, plane);
        ReadOnlySpan<byte> rest = pixels[(3 * first)..];
        for (int i = first; i < reds.Length && i < greens.Length && i < blues.Length && rest.Length >= 3; i++, rest = rest[3..])
        {
            reds[i] = red[rest[0]];
            greens[i] = green[rest[1]];
            blues[i] = blue[rest[2]];
        }
    }

    private void Store(Vector128<byte> levels, int channel, Span<float> output)
    {
        Vector128<float> scale = Vector128.Create(_scale[channel]);
        Vector128<float> offset = Vector128.Create(_offset[channel]);
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(levels);
        Span<Vector128<float>> four = MemoryMarshal.Cast<float, Vector128<float>>(output[..Block]);
        four[0] = Fused.MultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenLower(low).AsInt32()), scale, offset);
        four[1] = Fused.MultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenUpper(low).AsInt32()), scale, offset);
        four[2] = Fused.MultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenLower(high).AsInt32()), scale, offset);
        four[3] = Fused.MultiplyAdd(Vector128.ConvertToSingle(Vector128.WidenUpper(high).AsInt32()), scale, offset);
    }

    /// <summary>Shuffles that pick a channel's bytes out of 48; an index beyond 15 gives 0.</summary>
    private sealed class Picker(Vector128<byte> first, Vector128<byte> second, Vector128<byte> third)
    {
        internal static Picker Of(int channel)
        {
            Span<byte> indices = stackalloc byte[3 * Block];
            indices.Fill(0xFF);
            for (int lane = 0; lane < Block; lane++)
            {
                int source = (3 * lane) + channel;
                indices[(Block * (source / Block)) + lane] = (byte)(source % Block);
            }

            return new Picker(Vector128.Create(indices), Vector128.Create(indices[Block..]), Vector128.Create(indices[(2 * Block)..]));
        }

        internal Vector128<byte> Pick(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
            Vector128.Shuffle(a, first) | Vector128.Shuffle(b, second) | Vector128.Shuffle(c, third);
    }
}
