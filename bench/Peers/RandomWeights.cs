namespace EdgeVit.Bench;

/// <summary>Weights that are uniform with the variance that keeps values in range from layer to layer (He et al. 2015).</summary>
internal sealed class RandomWeights(int seed) : IPeerWeights
{
    private const float MostBias = 0.1f;

    private readonly Random _random = new(seed);

    public (float[] Weights, float[] Biases) Next(IReadOnlyList<long> shape)
    {
        int perOutput = (int)shape.Skip(1).Aggregate(1L, (a, b) => a * b);
        return (Uniform((int)shape[0] * perOutput, MathF.Sqrt(6f / perOutput)), Uniform((int)shape[0], MostBias));
    }

    private float[] Uniform(int count, float bound)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = ((2 * _random.NextSingle()) - 1) * bound;
        }

        return values;
    }
}
