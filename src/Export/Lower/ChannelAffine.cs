namespace EdgeVit.Export;

/// <summary><c>y = Scale[c] * x + Offset[c]</c> for each channel, in double precision: what every batch norm is once it is trained. Folds are
/// carried out on these and rounded to float once, at the end.</summary>
internal sealed record ChannelAffine(double[] Scale, double[] Offset)
{
    public int Channels => Scale.Length;

    /// <summary>Batch norm with running statistics: <c>(x - mean) / sqrt(var + eps) * weight + bias</c>.</summary>
    public static ChannelAffine BatchNorm(float[] weight, float[] bias, float[] mean, float[] variance, double eps)
    {
        var scale = new double[weight.Length];
        var offset = new double[weight.Length];
        for (int c = 0; c < scale.Length; c++)
        {
            scale[c] = weight[c] / Math.Sqrt(variance[c] + eps);
            offset[c] = bias[c] - (mean[c] * scale[c]);
        }
        return new ChannelAffine(scale, offset);
    }

    /// <summary><c>factor[c] * x</c>.</summary>
    public static ChannelAffine Scaling(double[] factor) => new(factor, new double[factor.Length]);

    /// <summary>This affine applied to <c>factor[c] * x</c>.</summary>
    public ChannelAffine AfterScaling(double[] factor) => this with { Scale = [.. Scale.Zip(factor, (s, f) => s * f)] };

    public float[] ScaleFloats() => [.. Scale.Select(v => (float)v)];

    public float[] OffsetFloats() => [.. Offset.Select(v => (float)v)];
}
