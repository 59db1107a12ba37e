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

    /// <summary>The sums that machine code for AVX2 makes, in the order of the outputs or of a hidden layer's groups: counts, and halves of products.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(GraphValidator.MaxInputs / 64)]
    public void CompiledSumsAreThoseOfTheScalarLoop(int words)
    {
        Assert.SkipUnless(KernelSets.Available.Contains(KernelChoice.Avx2) && !OperatingSystem.IsWindows(), "this processor lacks AVX2, or the process may not make machine code");
        foreach (int tokens in new[] { 1, 5, 40 })
        {
            Compiled(words, tokens, isCount: true, null);
            Compiled(words, tokens, isCount: false, null);
            Compiled(words, tokens, isCount: true, new GroupOrder(64, 2, 8));
        }
    }

    private static void Compiled(int words, int tokens, bool isCount, GroupOrder? order)
    {
        const int Outputs = 128;
        const int Block = 64;
        var random = new Random((words * 64) + tokens);
        ulong[] matrix = Words(Outputs), rows = Words(tokens);
        using var weights = new PlanWeights(new Dictionary<string, StoredTensor>());
        var bytes = new byte[matrix.Length * sizeof(ulong)];
        Buffer.BlockCopy(matrix, 0, bytes, 0, bytes.Length);
        var source = new BitsSource(0, new ValueShape(ValueKind.Bits, words * 64, 1, 1), 1, ConvWindow.Token);
        var code = new WeightTableCode();
        WeightTableProduct product = code.Product(new BinaryOperands(source, bytes, Outputs, order is not null, isCount), order, 40, 8, weights);
        code.Finish(weights);
        using var memory = new NativeBuffer(product.SumsBytes + product.ScratchBytes);
        new Span<byte>(memory.Pointer, (int)product.SumsBytes).Fill(0xAA);
        fixed (ulong* r = rows)
        {
            product.Count(r, tokens, memory.Pointer, memory.Pointer + product.SumsBytes);
        }

        for (int t = 0; t < tokens; t++)
        {
            for (int o = 0; o < Outputs; o++)
            {
                int channel = order?.Channel(o) ?? o, count = 0;
                for (int w = 0; w < words; w++)
                {
                    count += BitOperations.PopCount(rows[(t * words) + w] ^ matrix[(channel * words) + w]);
                }

                int at = ((o / Block * product.Tokens) + t) * Block + (o % Block);
                int seen = product.SumBytes == 2 ? ((short*)memory.Pointer)[at] : isCount ? memory.Pointer[at] : ((sbyte*)memory.Pointer)[at];
                int expected = isCount ? count : (words * 32) - count;
                Assert.True(expected == seen, $"{words} words, token {t} of {tokens}, output {o}, {(isCount ? "counts" : "halves")}: {seen} instead of {expected}");
            }
        }

        // Every eighth row is all ones or all zeros, so that some differ in every bit and some in none.
        ulong[] Words(int count) => [.. Enumerable.Range(0, count * words).Select(i => (i / words % 8) switch { 0 => 0UL, 1 => ulong.MaxValue, _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) })];
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
