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

    // Without shift and offset u is x, and what is left of it the result.
    internal static void RPReLU(Value x, float[]? shift, float[] slope, float[]? offset, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int i = 0; i < y.Length; i++)
        {
            int c = i % channels;
            float u = shift is null ? x.Floats[i] : x.Floats[i] - shift[c];
            float v = u > 0 ? u : slope[c] * u;
            y[i] = offset is null ? v : v + offset[c];
        }
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
    internal static void BinaryLinear(Value x, ulong[] weight, float[] scale, float[] offset, bool isCount, float[] y)
    {
        int words = x.Shape.WordsPerToken;
        int outputs = scale.Length;
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            for (int o = 0; o < outputs; o++)
            {
                int differ = 0;
                for (int w = 0; w < words; w++)
                {
                    differ += BitOperations.PopCount(x.Words[(t * words) + w] ^ weight[(o * words) + w]);
                }

                y[(t * outputs) + o] = MathF.FusedMultiplyAdd(scale[o], isCount ? differ : x.Shape.Channels - (2 * differ), offset[o]);
            }
        }
    }

    // Gathers each window into one row, ordered kernel row, kernel column, channel; what is left is a BinaryLinear.
    internal static void BinaryConv(Value x, ulong[] weight, float[] scale, float[] offset, int kernel, bool isCount, ValueShape shape, float[] y)
    {
        int channels = x.Shape.Channels;
        int inputs = kernel * kernel * channels;
        int words = (inputs + 63) >> 6;
        var rows = new ulong[shape.Tokens * words];
        for (int t = 0; t < shape.Tokens; t++)
        {
            (int oy, int ox) = int.DivRem(t, shape.Width);
            for (int k = 0; k < inputs; k++)
            {
                (int window, int c) = int.DivRem(k, channels);
                int token = (((oy * kernel) + (window / kernel)) * x.Shape.Width) + (ox * kernel) + (window % kernel);
                if (x.Bit(token, c))
                {
                    rows[(t * words) + (k >> 6)] |= 1UL << k;
                }
            }
        }

        BinaryLinear(Value.Bits(rows, inputs, shape.Height, shape.Width), weight, scale, offset, isCount, y);
    }

    internal static void BinaryAttention(
        Value query, Value key, Value value, long[] exp, float[] clip, int levels, bool maskDiagonal, float[] scale, float[] offset, float[] y)
    {
        int channels = query.Shape.Channels;
        int size = channels / clip.Length;
        int keys = key.Shape.Tokens;
        int tableStride = exp.Length > size + 1 ? size + 1 : 0;
        var matches = new int[keys];
        var attended = new List<int>(keys);
        for (int head = 0; head < clip.Length; head++)
        {
            (ulong[] queryBits, ulong[] keyBits) = (HeadBits(query, head * size, size), HeadBits(key, head * size, size));
            int words = (size + 63) >> 6;
            long[] table = exp[(head * tableStride)..((head * tableStride) + size + 1)];
            for (int t = 0; t < query.Shape.Tokens; t++)
            {
                long sum = 0;
                int own = maskDiagonal ? t : -1;
                for (int j = 0; j < keys; j++)
                {
                    matches[j] = size;
                    for (int w = 0; w < words; w++)
                    {
                        matches[j] -= BitOperations.PopCount(queryBits[(t * words) + w] ^ keyBits[(j * words) + w]);
                    }

                    sum += j == own ? 0 : table[matches[j]];
                }

                // A key is there once for each level that it reaches.
                double limit = (double)clip[head] * (double)sum;
                attended.Clear();
                for (int level = 1; level <= levels; level++)
                {
                    double threshold = ((2 * level) - 1) * limit;
                    for (int j = 0; j < keys; j++)
                    {
                        if (j != own && 2 * (double)table[matches[j]] > threshold)
                        {
                            attended.Add(j);
                        }
                    }
                }

                for (int c = head * size; c < (head + 1) * size; c++)
                {
                    int count = 0;
                    foreach (int j in attended)
                    {
                        count += value.Bit(j, c) ? 1 : -1;
                    }

                    y[(t * channels) + c] = MathF.FusedMultiplyAdd(scale[c], count, offset[c]);
                }
            }
        }
    }

    // The signs of one head, each token's in words of its own.
    private static ulong[] HeadBits(Value x, int first, int size)
    {
        int words = (size + 63) >> 6;
        var bits = new ulong[x.Shape.Tokens * words];
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            for (int c = 0; c < size; c++)
            {
                if (x.Bit(t, first + c))
                {
                    bits[(t * words) + (c >> 6)] |= 1UL << c;
                }
            }
        }

        return bits;
    }
}
