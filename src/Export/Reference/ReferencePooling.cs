using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The ops that average, repeat or move tokens and channels, as the float rules word them.</summary>
internal static class ReferencePooling
{
    // The sum starts at 0; positions outside the grid are skipped; the divisor counts them.
    internal static void AvgPool2d(Value x, PoolWindow window, ValueShape shape, float[] y)
    {
        int channels = shape.Channels;
        for (int t = 0; t < shape.Tokens; t++)
        {
            (int oy, int ox) = int.DivRem(t, shape.Width);
            for (int c = 0; c < channels; c++)
            {
                float sum = 0;
                for (int ky = 0; ky < window.KernelH; ky++)
                {
                    int iy = (oy * window.StrideH) + ky - window.PaddingH;
                    for (int kx = 0; kx < window.KernelW; kx++)
                    {
                        int ix = (ox * window.StrideW) + kx - window.PaddingW;
                        if (iy >= 0 && iy < x.Shape.Height && ix >= 0 && ix < x.Shape.Width)
                        {
                            sum += x.Floats[(((iy * x.Shape.Width) + ix) * channels) + c];
                        }
                    }
                }

                y[(t * channels) + c] = sum * window.Factor;
            }
        }
    }

    internal static void SpatialShift(Value x, TokenShift shift, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            for (int c = 0; c < channels; c++)
            {
                (int iy, int ix) = shift.Source(t / x.Shape.Width, t % x.Shape.Width, TokenShift.Direction(c));
                bool inside = iy >= 0 && iy < x.Shape.Height && ix >= 0 && ix < x.Shape.Width;
                y[(t * channels) + c] = inside ? x.Floats[(((iy * x.Shape.Width) + ix) * channels) + c] : 0;
            }
        }
    }

    internal static void Upsample(Value x, int factor, ValueShape shape, float[] y)
    {
        int channels = shape.Channels;
        for (int t = 0; t < shape.Tokens; t++)
        {
            (int oy, int ox) = int.DivRem(t, shape.Width);
            Array.Copy(x.Floats, ((oy / factor * x.Shape.Width) + (ox / factor)) * channels, y, t * channels, channels);
        }
    }

    internal static void TileChannels(Value x, int factor, float[] y)
    {
        int channels = x.Shape.Channels;
        for (int i = 0; i < x.Shape.Tokens * factor; i++)
        {
            Array.Copy(x.Floats, i / factor * channels, y, i * channels, channels);
        }
    }

    internal static void GroupMeanChannels(Value x, int factor, float[] y)
    {
        float inverse = (float)(1.0 / factor);
        for (int i = 0; i < y.Length; i++)
        {
            float sum = 0;
            for (int j = 0; j < factor; j++)
            {
                sum += x.Floats[(i * factor) + j];
            }

            y[i] = sum * inverse;
        }
    }

    internal static void MeanTokens(Value x, float[] y)
    {
        float inverse = (float)(1.0 / x.Shape.Tokens);
        for (int c = 0; c < y.Length; c++)
        {
            float sum = 0;
            for (int t = 0; t < x.Shape.Tokens; t++)
            {
                sum += x.Floats[(t * y.Length) + c];
            }

            y[c] = sum * inverse;
        }
    }

    internal static void PrependTokens(Value x, float[] tokens, float[] y)
    {
        tokens.CopyTo(y, 0);
        x.Floats.CopyTo(y, tokens.Length);
    }

    internal static void SliceTokens(Value x, int start, float[] y) => Array.Copy(x.Floats, start * x.Shape.Channels, y, 0, y.Length);
}
