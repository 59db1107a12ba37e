namespace EdgeVit.Quantize;

/// <summary>Random numbers as a pure function of a key and a counter (splitmix64): any thread may draw those of any image, in any order, and a
/// resumed run draws the same as a straight one.</summary>
internal struct CounterRandom
{
    private ulong _state;

    internal CounterRandom(ulong seed, ulong a = 0, ulong b = 0) => _state = Mix(Mix(Mix(seed) ^ a) ^ b);

    /// <summary>The next 64 random bits.</summary>
    internal ulong Next()
    {
        _state += 0x9E3779B97F4A7C15UL;
        return Mix(_state);
    }

    /// <summary>Uniform in 0..bound-1.</summary>
    internal int Next(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>Uniform from 0 to 1, 1 excluded.</summary>
    internal double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>0..n-1 in random order (Fisher-Yates).</summary>
    internal static int[] Permutation(int n, ulong seed, ulong a = 0)
    {
        var random = new CounterRandom(seed, a, 0x5045524D);
        int[] order = new int[n];
        for (int i = 0; i < n; i++)
        {
            int j = random.Next(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
