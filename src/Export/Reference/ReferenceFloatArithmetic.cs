using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The ops of float transformers as the float rules word them. Sums over channels (LayerNorm) and keys (softmax) run on 16 lanes, element i
/// in lane i mod 16, each lane in storage order from 0, then <see cref="FloatMath.Tree"/>; sums of products run in storage order.</summary>
internal static class ReferenceFloatArithmetic
{
    // mean = sum / C; d = x - mean; variance = sum of squares of d / C; y = fma(d * (1 / sqrt(variance + epsilon)), scale, offset).
    internal static void LayerNorm(Value x, float[] scale, float[] offset, float epsilon, float[] y)
    {
        int channels = x.Shape.Channels;
        Span<float> lanes = stackalloc float[FloatMath.Lanes];
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            ReadOnlySpan<float> row = x.Floats.AsSpan(t * channels, channels);
            lanes.Clear();
            for (int c = 0; c < channels; c++)
            {
                lanes[c % FloatMath.Lanes] += row[c];
            }

            float mean = FloatMath.Tree(lanes) / channels;
            lanes.Clear();
            for (int c = 0; c < channels; c++)
            {
                float d = row[c] - mean;
                lanes[c % FloatMath.Lanes] = MathF.FusedMultiplyAdd(d, d, lanes[c % FloatMath.Lanes]);
            }

            float inverse = 1f / MathF.Sqrt((FloatMath.Tree(lanes) / channels) + epsilon);
            for (int c = 0; c < channels; c++)
            {
                y[(t * channels) + c] = MathF.FusedMultiplyAdd((row[c] - mean) * inverse, scale[c], offset[c]);
            }
        }
    }

    // acc = bias; acc = fma(weight, x, acc) tap by tap; outside of the grid x is 0.
    internal static void DepthwiseConv2d(Value x, float[] weight, float[]? bias, ConvWindow window, ValueShape shape, float[] y)
    {
        int channels = shape.Channels;
        for (int t = 0; t < shape.Tokens; t++)
        {
            (int oy, int ox) = int.DivRem(t, shape.Width);
            for (int c = 0; c < channels; c++)
            {
                float acc = bias is null ? 0f : bias[c];
                for (int tap = 0; tap < window.Taps; tap++)
                {
                    int iy = (oy * window.Stride) + (tap / window.Kernel) - window.Padding;
                    int ix = (ox * window.Stride) + (tap % window.Kernel) - window.Padding;
                    bool isInside = iy >= 0 && iy < x.Shape.Height && ix >= 0 && ix < x.Shape.Width;
                    acc = MathF.FusedMultiplyAdd(weight[(tap * channels) + c], isInside ? x.Floats[(((iy * x.Shape.Width) + ix) * channels) + c] : 0f, acc);
                }

                y[(t * channels) + c] = acc;
            }
        }
    }

    internal static void Gelu(Value x, float[] y)
    {
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = FloatMath.Gelu(x.Floats[i]);
        }
    }

    // score = (sum over c of q * k) * float(1 / sqrt(d)); e = exp(score - largest); y = (sum over keys of e * v) * (1 / sum of e).
    internal static void SoftmaxAttention(Value query, Value key, Value value, int heads, float[] y)
    {
        int channels = query.Shape.Channels;
        int size = channels / heads;
        int keys = key.Shape.Tokens;
        float scale = FloatMath.ScoreScale(size);
        var e = new float[keys];
        Span<float> lanes = stackalloc float[FloatMath.Lanes];
        for (int t = 0; t < query.Shape.Tokens; t++)
        {
            for (int first = 0; first < channels; first += size)
            {
                float largest = float.NegativeInfinity;
                for (int j = 0; j < keys; j++)
                {
                    float acc = 0;
                    for (int c = first; c < first + size; c++)
                    {
                        acc = MathF.FusedMultiplyAdd(query.Floats[(t * channels) + c], key.Floats[(j * channels) + c], acc);
                    }

                    e[j] = acc * scale;
                    largest = e[j] > largest ? e[j] : largest;
                }

                lanes.Clear();
                for (int j = 0; j < keys; j++)
                {
                    e[j] = FloatMath.Exp(e[j] - largest);
                    lanes[j % FloatMath.Lanes] += e[j];
                }

                float inverse = 1f / FloatMath.Tree(lanes);
                for (int c = first; c < first + size; c++)
                {
                    float acc = 0;
                    for (int j = 0; j < keys; j++)
                    {
                        acc = MathF.FusedMultiplyAdd(e[j], value.Floats[(j * channels) + c], acc);
                    }

                    y[(t * channels) + c] = acc * inverse;
                }
            }
        }
    }
}
