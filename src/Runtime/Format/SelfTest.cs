namespace EdgeVit.Runtime;

/// <summary>The seed of an input (<see cref="Input"/>) and the logits that every machine must compute for it, bit for bit.</summary>
internal sealed record SelfTest(ulong Seed, float[] Logits)
{
    /// <summary>The seeded input: uniform floats in [-2, 2), multiples of 2^-22, from splitmix64 (Steele, Lea, Flood 2014). Every operation is
    /// exact, so that the numbers are the same everywhere.</summary>
    public static float[] Input(ulong seed, IReadOnlyList<int> shape)
    {
        int count = 1;
        foreach (int size in shape)
        {
            count = checked(count * size);
        }

        var result = new float[count];
        ulong state = seed;
        for (int i = 0; i < count; i++)
        {
            state += 0x9E3779B97F4A7C15;
            ulong z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            result[i] = ((float)(z >> 40) * (1f / (1 << 22))) - 2f;
        }

        return result;
    }
}
