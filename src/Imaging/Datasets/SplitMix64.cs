namespace EdgeVit.Imaging;

/// <summary>The SplitMix64 generator (Steele, Lea, Flood 2014): integer arithmetic only, so the same numbers on every machine.</summary>
internal struct SplitMix64(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    /// <summary>A generator of its own for an item of a stream.</summary>
    internal static SplitMix64 For(ulong seed, ulong stream, ulong item) => new(Mix(Mix(Mix(seed + Step) ^ stream) + Step * (item + 1)));

    /// <summary>64 random bits.</summary>
    internal ulong Next() => Mix(_state += Step);

    /// <summary>Uniform in [0, 1), a multiple of 2^-24: exact in a float.</summary>
    internal float NextFloat() => (Next() >> 40) * (1f / (1 << 24));

    /// <summary>Uniform in [low, high).</summary>
    internal float Between(float low, float high) => low + (high - low) * NextFloat();

    /// <summary>Uniform integer in [0, bound), with a bias below bound / 2^32.</summary>
    internal int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
