using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Images of a data set as networks take them.</summary>
internal sealed class LabelledPixels(IImageDataset images, Preprocess preprocess)
{
    private readonly PreprocessPipeline _pipeline = new(preprocess);

    public int Count => images.Count;

    public string Name => images.Name;

    /// <summary>Bytes <c>[H, W, 3]</c>.</summary>
    public byte[] Bytes(int index)
    {
        byte[] pixels = new byte[_pipeline.Length];
        _pipeline.ToPixels(images.Load(index), pixels);
        return pixels;
    }

    /// <summary>Normalised floats <c>[3, H, W]</c>.</summary>
    public float[] Floats(int index)
    {
        float[] values = new float[_pipeline.Length];
        _pipeline.Normalise(Bytes(index), values);
        return values;
    }

    /// <summary>The share of images whose greatest logit is that of their label.</summary>
    /// <param name="logits">Of the image with a number.</param>
    public double Top1(Func<int, ReadOnlySpan<float>> logits)
    {
        int right = 0;
        for (int i = 0; i < images.Count; i++)
        {
            ReadOnlySpan<float> row = logits(i);
            right += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row) == images.Label(i) ? 1 : 0;
        }

        return (double)right / images.Count;
    }
}
