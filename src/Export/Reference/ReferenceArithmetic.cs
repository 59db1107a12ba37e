using System.Numerics;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The ops as the float rules word them. Slow, obvious, and the oracle of all kernel tests.</summary>
internal static class ReferenceArithmetic
{
    // acc = bias, then input channel, kernel row, kernel column ascending: acc = fma(x, w, acc). Padded positions are skipped.
    internal static void Conv2d(Value x, float[] weight, float[]? bias, int kernel, int stride, int padding, ValueShape shape, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int oy = 0; oy < shape.Height; oy++)
        {
            for (int ox = 0; ox < shape.Width; ox++)
            {
                for (int o = 0; o < shape.Channels; o++)
                {
                    float acc = bias is null ? 0f : bias[o];
                    for (int c = 0; c < channels; c++)
                    {
                        for (int ky = 0; ky < kernel; ky++)
                        {
                            int iy = (oy * stride) + ky - padding;
                            for (int kx = 0; kx < kernel; kx++)
                            {
                                int ix = (ox * stride) + kx - padding;
                                if (iy < 0 || iy >= x.Shape.Height || ix < 0 || ix >= x.Shape.Width)
                                {
                                    continue;
                                }

                                int at = x.Shape.Kind == ValueKind.Image
                                    ? (((c * x.Shape.Height) + iy) * x.Shape.Width) + ix : (((iy * x.Shape.Width) + ix) * channels) + c;
                                acc = MathF.FusedMultiplyAdd(x.Floats[at], weight[(((((o * channels) + c) * kernel) + ky) * kernel) + kx], acc);
                            }
                        }
                    }

                    y[(((oy * shape.Width) + ox) * shape.Channels) + o] = acc;
                }
            }
        }
    }

    internal static void Linear(Value x, float[] weight, float[]? bias, int outputs, float[] y)
    {
        int inputs = x.Shape.Channels;
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            for (int o = 0; o < outputs; o++)
            {
                float acc = bias is null ? 0f : bias[o];
                for (int k = 0; k < inputs; k++)
                {
                    acc = MathF.FusedMultiplyAdd(x.Floats[(t * inputs) + k], weight[(o * inputs) + k], acc);
                }

                y[(t * outputs) + o] = acc;
            }
        }
    }

    internal static void Add(float[] a, float[] b, float[] y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = a[i] + b[i];
        }
    }

    internal static void Affine(Value x, float[] scale, float[] offset, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = MathF.FusedMultiplyAdd(scale[i % channels], x.Floats[i], offset[i % channels]);
        }
    }

    // A gate that is not above 0 is +0.
    internal static void Gate(Value x, Value gate, float[] y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            float g = gate.Floats[i % gate.Floats.Length];
            y[i] = x.Floats[i] * (g > 0f ? Math.Min(g, 2f) : 0f);
        }
    }

    // Without shift and offset u is x, and what is left of it the result. Graphs before version 4 multiplied what is below 0.
    internal static void RPReLU(Value x, float[]? shift, float[] slope, float[]? offset, bool former, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int i = 0; i < y.Length; i++)
        {
            int c = i % channels;
            float u = shift is null ? x.Floats[i] : x.Floats[i] - shift[c];
            float v = u > 0 ? u : former ? slope[c] * u : MathF.FusedMultiplyAdd(u, slope[c] - 1, u);
            y[i] = offset is null ? v : v + offset[c];
        }
    }

    // y = fma(scale, count, x + offset).
    internal static void Join(Counted product, Value x, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int i = 0; i < y.Length; i++)
        {
            int c = i % channels;
            y[i] = MathF.FusedMultiplyAdd(product.Scale[c], product.Counts[i], x.Floats[i] + product.Offset[c]);
        }
    }

    // The counts of a product become its floats.
    internal static Counted Scale(float[] scale, float[] offset, float[] y)
    {
        float[] counts = [.. y];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = MathF.FusedMultiplyAdd(scale[i % scale.Length], counts[i], offset[i % scale.Length]);
        }

        return new Counted(counts, scale, offset);
    }

    // y = fma(scale, x, y), or y + x without a scale.
    internal static void AddScaled(Value x, float[]? scale, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = scale is null ? y[i] + x.Floats[i] : MathF.FusedMultiplyAdd(scale[i % channels], x.Floats[i], y[i]);
        }
    }

    /// <summary>Makes every -0 a +0.</summary>
    internal static void ClearZeros(float[] y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            y[i] += 0f;
        }
    }

    internal static ulong[] ShiftSign(Value x, float[] shift)
    {
        int channels = x.Shape.Channels;
        int words = x.Shape.WordsPerToken;
        var bits = new ulong[x.Shape.Tokens * words];
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            for (int c = 0; c < channels; c++)
            {
                if (x.Floats[(t * channels) + c] + shift[c] >= 0)
                {
                    bits[(t * words) + (c >> 6)] |= 1UL << c;
                }
            }
        }

        return bits;
    }

    // s = K - 2 * (differing bits), or where bits are counted the differing bits; both operands' padding bits are 0 and never differ.
    internal static void BinaryLinear(Value x, ulong[] weight, int outputs, bool isCount, float[] y)
    {
        int words = x.Shape.WordsPerToken;
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            for (int o = 0; o < outputs; o++)
            {
                int differ = 0;
                for (int w = 0; w < words; w++)
                {
                    differ += BitOperations.PopCount(x.Words[(t * words) + w] ^ weight[(o * words) + w]);
                }

                y[(t * outputs) + o] = isCount ? differ : x.Shape.Channels - (2 * differ);
            }
        }
    }

    // Gathers each window into one row, ordered kernel row, kernel column, channel, +1 outside of the grid; what is left is a BinaryLinear.
    internal static void BinaryConv(Value x, ulong[] weight, ConvWindow window, bool isCount, ValueShape shape, float[] y)
    {
        int channels = x.Shape.Channels;
        int inputs = window.Taps * channels;
        int words = (inputs + 63) >> 6;
        var rows = new ulong[shape.Tokens * words];
        for (int t = 0; t < shape.Tokens; t++)
        {
            (int oy, int ox) = int.DivRem(t, shape.Width);
            for (int k = 0; k < inputs; k++)
            {
                (int tap, int c) = int.DivRem(k, channels);
                int iy = (oy * window.Stride) + (tap / window.Kernel * window.Dilation) - window.Padding;
                int ix = (ox * window.Stride) + (tap % window.Kernel * window.Dilation) - window.Padding;
                if (iy < 0 || iy >= x.Shape.Height || ix < 0 || ix >= x.Shape.Width || x.Bit((iy * x.Shape.Width) + ix, c))
                {
                    rows[(t * words) + (k >> 6)] |= 1UL << k;
                }
            }
        }

        BinaryLinear(Value.Bits(rows, inputs, shape.Height, shape.Width), weight, shape.Channels, isCount, y);
    }
}
