using EdgeVit.Export.Onnx;

namespace EdgeVit.Export.Tests;

/// <summary>Attention in the floats of an exported graph decides as the runtime does in fixed point and double precision, also next to the limit.</summary>
public class AttentionDigitsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(49)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1024)]
    [InlineData(3136)]
    [InlineData(32768)]
    public void TheSignOfTheDigitsIsTheRuntimesDecision(int keys)
    {
        var digits = new AttentionDigits(keys);
        var random = new Random(keys);
        for (int n = 0; n < 400; n++)
        {
            long exp = n < 3 ? ((long[])[0, 1, 1L << 46])[n] : (long)Math.ScaleB(Math.Exp(-16 * random.NextDouble()), 46);
            float clip = (float)Math.Exp(-9 * random.NextDouble());
            int level = 1 + random.Next(3);
            long limit = digits.Limit(exp, clip, level), most = (long)keys << 46;
            foreach (long sum in (long[])[0, 1, limit - 1, limit, limit + 1, limit + 65536, most, random.NextInt64(most + 1)])
            {
                if (sum < 0 || sum > most)
                {
                    continue;
                }

                bool attended = 2 * (double)exp > ((2 * level) - 1) * (clip * (double)sum);
                Assert.True(attended == Difference(digits, limit, sum) >= 0, $"exp {exp}, clip {clip:R}, level {level}, sum {sum}, limit {limit}");
            }
        }
    }

    /// <summary>Sums of digits over all keys are exact, whatever the keys are.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(256)]
    [InlineData(1000)]
    public void TheSumsOfDigitsAreExact(int keys)
    {
        var digits = new AttentionDigits(keys);
        var random = new Random(keys);
        foreach (long[] row in (long[][])[[.. Enumerable.Repeat(1L << 46, keys)], [.. Enumerable.Repeat((1L << 46) - 1, keys)], [.. Enumerable.Range(0, keys).Select(_ => random.NextInt64(1L << 46))]])
        {
            float[] sums = [.. Enumerable.Range(0, digits.Count).Select(d => row.Aggregate(0f, (sum, v) => sum + digits.Digit(v, d)))];
            for (int d = 0; d + 1 < sums.Length; d++)
            {
                float carry = MathF.Floor(sums[d] * (1 / digits.Base));
                sums[d] -= carry * digits.Base;
                sums[d + 1] += carry;
            }

            Assert.Equal(Enumerable.Range(0, digits.Count).Select(d => digits.Digit(row.Sum(), d)), sums);
        }
    }

    // As the graph adds them up: each step rounded to 32 bits.
    private static float Difference(AttentionDigits digits, long limit, long sum)
    {
        float difference = 0;
        for (int d = 0; d < digits.Count; d++)
        {
            float one = (digits.Digit(limit, d) * digits.Weight(d)) - (digits.Digit(sum, d) * digits.Weight(d));
            difference = d == 0 ? one : one + difference;
        }
        return difference;
    }
}
