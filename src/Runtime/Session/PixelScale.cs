namespace EdgeVit.Runtime;

/// <summary>Normalisation of pixels: <c>fma(pixel, 1 / (255 * std), -mean / std)</c>, both constants computed in double and rounded
/// once.</summary>
internal readonly struct PixelScale
{
    private readonly float _scaleR;
    private readonly float _scaleG;
    private readonly float _scaleB;
    private readonly float _offsetR;
    private readonly float _offsetG;
    private readonly float _offsetB;

    internal PixelScale(Preprocess preprocess)
    {
        (_scaleR, _offsetR) = Constants(preprocess, 0);
        (_scaleG, _offsetG) = Constants(preprocess, 1);
        (_scaleB, _offsetB) = Constants(preprocess, 2);
    }

    /// <summary><c>[H, W, 3]</c> RGB bytes → <c>[3, H, W]</c> floats.</summary>
    internal void Normalise(ReadOnlySpan<byte> pixels, Span<float> output)
    {
        int plane = output.Length / 3;
        Span<float> red = output[..plane];
        Span<float> green = output.Slice(plane, plane);
        Span<float> blue = output.Slice(2 * plane, plane);
        for (int i = 0; i < plane; i++)
        {
            red[i] = MathF.FusedMultiplyAdd(pixels[3 * i], _scaleR, _offsetR);
            green[i] = MathF.FusedMultiplyAdd(pixels[(3 * i) + 1], _scaleG, _offsetG);
            blue[i] = MathF.FusedMultiplyAdd(pixels[(3 * i) + 2], _scaleB, _offsetB);
        }
    }

    private static (float Scale, float Offset) Constants(Preprocess preprocess, int channel)
    {
        double std = preprocess.Std[channel];
        return ((float)(1.0 / (255.0 * std)), (float)(-preprocess.Mean[channel] / std));
    }
}
