using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The pictures of a comparison: gradients and noise, so that networks do not answer the same class to all; normalised beforehand, which is
/// in nobody's time.</summary>
internal sealed class RivalPictures
{
    public const int Count = 32;

    private readonly Preprocess _preprocess;
    private readonly PreprocessPipeline _pipeline;

    public RivalPictures(Preprocess preprocess) => (_preprocess, _pipeline) = (preprocess, new PreprocessPipeline(preprocess));

    /// <summary>Normalised floats <c>[3, height, width]</c>.</summary>
    public float[] ChannelsFirst(int index)
    {
        byte[] pixels = Draw(index);
        float[] floats = new float[pixels.Length];
        _pipeline.Normalise(pixels, floats);
        return floats;
    }

    /// <summary>The same pictures as pixels of 0 to 255, <c>[3, height, width]</c>.</summary>
    public float[] Pixels(int index)
    {
        byte[] pixels = Draw(index);
        int area = pixels.Length / 3;
        return [.. Enumerable.Range(0, pixels.Length).Select(i => (float)pixels[(i % area * 3) + (i / area)])];
    }

    // [height, width, 3]
    private byte[] Draw(int index)
    {
        var random = new Random(index);
        int height = _preprocess.Height, width = _preprocess.Width;
        double[] slopes = [.. Enumerable.Range(0, 6).Select(_ => (random.NextDouble() - 0.5) * 255)], offsets = [.. Enumerable.Range(0, 3).Select(_ => random.NextDouble() * 255)];
        byte[] pixels = new byte[_pipeline.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            int channel = i % 3, x = i / 3 % width, y = i / 3 / width;
            double value = offsets[channel] + (slopes[channel] * x / width) + (slopes[3 + channel] * y / height) + ((random.NextDouble() - 0.5) * 64);
            pixels[i] = (byte)Math.Clamp(value, 0, 255);
        }

        return pixels;
    }
}
