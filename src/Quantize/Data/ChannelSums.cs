namespace EdgeVit.Quantize;

/// <summary>Sums over the pixels of images, per channel; exact, so that their order does not matter.</summary>
internal sealed class ChannelSums
{
    private readonly long[] _sum = new long[3];
    private readonly long[] _squares = new long[3];
    private long _pixels;

    /// <summary>Adds an image, <c>[H, W, 3]</c> bytes.</summary>
    internal void Add(ReadOnlySpan<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += 3)
        {
            for (int c = 0; c < 3; c++)
            {
                _sum[c] += pixels[i + c];
                _squares[c] += pixels[i + c] * pixels[i + c];
            }
        }

        _pixels += pixels.Length / 3;
    }

    /// <summary>Adds other sums.</summary>
    internal void Add(ChannelSums other)
    {
        for (int c = 0; c < 3; c++)
        {
            _sum[c] += other._sum[c];
            _squares[c] += other._squares[c];
        }

        _pixels += other._pixels;
    }

    /// <summary>Mean and standard deviation per channel, of pixels in 0..1, rounded to four digits; a constant channel gets 1.</summary>
    internal (float[] Mean, float[] Std) Statistics()
    {
        double n = Math.Max(1, _pixels);
        float[] mean = new float[3];
        float[] std = new float[3];
        for (int c = 0; c < 3; c++)
        {
            double m = _sum[c] / n;
            double variance = Math.Max(0, (_squares[c] / n) - (m * m));
            mean[c] = (float)Math.Round(m / 255, 4);
            double deviation = Math.Round(Math.Sqrt(variance) / 255, 4);
            std[c] = deviation > 0 ? (float)deviation : 1;
        }
        return (mean, std);
    }
}
