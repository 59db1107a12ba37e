using System.Numerics;

namespace EdgeVit.Runtime.Tests;

/// <summary>Counts of many tokens by tables of weights, against the obvious loop.</summary>
public unsafe class WeightTablesTests
{
    /// <summary>Every number of bits in the first words, and those at which bytes are full.</summary>
    [Fact]
    public void DifferencesAreCounted()
    {
        var random = new Random(1);
        int[] inputs = [.. Enumerable.Range(1, 200), 255, 256, 257, 384, 385, 1000, 2048, GraphValidator.MaxInputs];
        foreach (int k in inputs)
        {
            Check(k, random.Next(1, 200), random.Next(1, 20), (_, _) => random.NextInt64() | ((long)random.Next(2) << 63));
        }
    }

    /// <summary>Sums as large as they get: all bits differ, or none.</summary>
    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(-1, -1)]
    [InlineData(0, 0)]
    public void LimitsAreReached(long activations, long weights)
    {
        foreach (int k in new[] { 1, 5, 60, 63, 64, 191, 192, 193, 255, 256, 384, GraphValidator.MaxInputs })
        {
            Check(k, 65, 3, (isRow, _) => isRow ? activations : weights);
        }
    }

    /// <summary>Every entry of every table is the right one: each activation of five bits meets each output's own weights.</summary>
    [Fact]
    public void EveryEntryIsRead()
    {
        for (int shift = 0; shift < 64; shift += 5)
        {
            Check(64, 64, 32, (isRow, i) => isRow ? (long)i << shift : (long)(0x9E3779B97F4A7C15UL * (ulong)(i + 1)));
        }
    }

    private static void Check(int inputs, int outputs, int tokens, Func<bool, int, long> word)
    {
        int words = (inputs + 63) / 64;
        int padded = (outputs + 63) / 64 * 64;
        ulong last = inputs % 64 == 0 ? ulong.MaxValue : (1UL << (inputs % 64)) - 1;
        ulong[] rows = Words(true, tokens);
        ulong[] weights = Words(false, outputs);
        using var memory = new NativeBuffer(WeightTables.PackedBytes(outputs, inputs) + WeightTables.ScratchBytes(tokens));
        ushort[] counts = new ushort[tokens * padded];
        Array.Fill(counts, (ushort)0xAAAA);
        byte* scratch = memory.Pointer + WeightTables.PackedBytes(outputs, inputs);
        fixed (ulong* r = rows, w = weights)
        fixed (ushort* c = counts)
        {
            WeightTables.Pack(w, outputs, inputs, (ulong*)memory.Pointer);
            WeightTables.Count(r, inputs, (ulong*)memory.Pointer, c, padded, tokens, scratch);
        }

        for (int t = 0; t < tokens; t++)
        {
            for (int o = 0; o < outputs; o++)
            {
                int expected = 0;
                for (int i = 0; i < words; i++)
                {
                    expected += BitOperations.PopCount(rows[(t * words) + i] ^ weights[(o * words) + i]);
                }

                Assert.True(expected == counts[(t * padded) + o], $"K {inputs} N {outputs}: token {t}, output {o}: {counts[(t * padded) + o]} instead of {expected}");
            }
        }

        ulong[] Words(bool isRow, int count)
        {
            var result = new ulong[count * words];
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = (ulong)word(isRow, i) & (i % words == words - 1 ? last : ulong.MaxValue);
            }

            return result;
        }
    }
}
