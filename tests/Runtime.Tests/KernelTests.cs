using System.Numerics;

namespace EdgeVit.Runtime.Tests;

/// <summary>Every kernel of every set against the obvious loop, over small sizes, odd tails and the sizes at which narrow sums
/// overflow.</summary>
public unsafe class KernelTests
{
    public static TheoryData<string> Kernels => [.. KernelSets.Available.Select(KernelSets.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void DifferencesAreCounted(string name)
    {
        BitKernel kernel = KernelSets.Make(Models.Choice(name)).Bits;
        var random = new Random(1);
        int[] inputs = [.. Enumerable.Range(1, 200), 247, 248, 249, 251, 252, 253, 256, 257, 504, 512, 1000, 2048, 4096, GraphValidator.MaxInputs];
        foreach (int k in inputs)
        {
            int outputs = random.Next(1, 140);
            int tokens = random.Next(1, BitKernel.TileTokens + 1);
            Check(kernel, random, k, outputs, tokens, 0, $"{name} K {k} N {outputs} M {tokens}");
        }

        // All bits differ: the sums are as large as they get.
        foreach (int k in new[] { 1, 63, 64, 252, 253, 254, 2048, GraphValidator.MaxInputs })
        {
            Check(kernel, random, k, 65, 8, 1, $"{name} K {k}, all differ");
            Check(kernel, random, k, 65, 1, 1, $"{name} K {k}, all differ, one token");
            Check(kernel, random, k, 65, 8, 2, $"{name} K {k}, all equal");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void CountsBecomeFloatsExactly(string name)
    {
        RowKernel kernel = KernelSets.Make(Models.Choice(name)).Rows;
        const int Channels = 1 << 16;
        using var counts = new NativeBuffer(Channels * sizeof(short));
        using var vectors = new NativeBuffer(3 * Channels * sizeof(float));
        float* scale = (float*)vectors.Pointer;
        float* offset = scale + Channels;
        float* result = offset + Channels;
        new Span<float>(scale, Channels).Fill(1);
        var slots = new Slot[Slots.Count];
        foreach (int least in new[] { short.MinValue, 0 })
        {
            slots[Slots.Source] = new Slot { Space = RowSpace.Tile, Row = counts.Pointer, P0 = scale, P1 = offset, Number = least == 0 ? 1 : 0 };
            slots[Slots.Store] = new Slot { Space = RowSpace.Arena, Row = (byte*)result };
            for (int c = 0; c < Channels; c++)
            {
                ((short*)counts.Pointer)[c] = (short)Math.Max(least, c + short.MinValue);
            }

            fixed (Slot* s = slots)
            {
                kernel.Epilogue(slots)(s, RowKernel.Present(slots), Channels);
            }

            for (int c = 0; c < Channels; c++)
            {
                Assert.Equal(((short*)counts.Pointer)[c], result[c]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AttentionRowsMatchTheScalarOnes(string name)
    {
        AttentionKernel kernel = KernelSets.Make(Models.Choice(name)).Attention;
        var scalar = new ScalarAttentionKernel();
        var random = new Random(3);
        foreach (int size in new[] { 1, 7, 24, 32, 63, 64, 65, 128, 200 })
        {
            for (int keys = 1; keys < 200; keys += random.Next(1, 12))
            {
                int words = (size + 63) / 64;
                int keyWords = (keys + 63) / 64;
                long[] exp = [.. Enumerable.Range(0, size + 1).Select(m => (long)Math.Round(Math.Pow(2, 46) * Math.Exp(((2.0 * m) - size - size) / Math.Sqrt(size))))];
                ulong[] query = Words(random, 1, size);
                ulong[] key = Words(random, keys, size);
                ulong[] value = Words(random, keyWords * words, 64 * 64);
                var matches = new ushort[keyWords * 64];
                var expected = new ushort[keyWords * 64];
                var attended = new ulong[keyWords];
                var expectedBits = new ulong[keyWords];
                var counts = new short[size];
                var expectedCounts = new short[size];
                fixed (ulong* q = query, k = key, v = value, a = attended, ea = expectedBits)
                fixed (long* e = exp)
                fixed (ushort* m = matches, em = expected)
                fixed (short* c = counts, ec = expectedCounts)
                {
                    Assert.Equal(scalar.Score(q, k, keys, words, size, e, em), kernel.Score(q, k, keys, words, size, e, m));
                    Assert.Equal(expected, matches);
                    int threshold = random.Next(size + 2);
                    int selected = kernel.Select(m, keys, threshold, a);
                    Assert.Equal(expected.Take(keys).Count(x => x >= threshold), selected);
                    Assert.Equal(selected, scalar.Select(em, keys, threshold, ea));
                    Assert.Equal(expectedBits, attended);
                    kernel.Context(a, v, keyWords, words * 64, selected, size, c);
                    scalar.Context(ea, v, keyWords, words * 64, selected, size, ec);
                    Assert.Equal(expectedCounts, counts);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AttentionToThousandsOfKeysThatAllMatchDoesNotOverflow(string name)
    {
        AttentionKernel kernel = KernelSets.Make(Models.Choice(name)).Attention;
        foreach (int size in new[] { 16, 24, 64 })
        {
            foreach (int keys in new[] { 256, 31 * 64, (31 * 64) + 1, (63 * 64) + 5 })
            {
                int keyWords = (keys + 63) / 64;
                ulong[] query = Words(null, 1, size);
                ulong[] key = Words(null, keys, size);
                ulong[] value = Words(null, keyWords, 64 * 64);
                long[] exp = [.. Enumerable.Range(0, size + 1).Select(m => (long)m << 40)];
                var matches = new ushort[keyWords * 64];
                var attended = new ulong[keyWords];
                var counts = new short[size];
                fixed (ulong* q = query, k = key, v = value, a = attended)
                fixed (long* e = exp)
                fixed (ushort* m = matches)
                fixed (short* c = counts)
                {
                    Assert.Equal(keys * exp[size], kernel.Score(q, k, keys, 1, size, e, m));
                    Assert.All(matches.Take(keys), x => Assert.Equal(size, x));
                    Assert.Equal(keys, kernel.Select(m, keys, size, a));
                    kernel.Context(a, v, keyWords, 64, keys, size, c);
                    Assert.All(counts, x => Assert.Equal(keys, x));
                    Assert.Equal(0, kernel.Select(m, keys, size + 1, a));
                    kernel.Context(a, v, keyWords, 64, 0, size, c);
                    Assert.All(counts, x => Assert.Equal(0, x));
                }
            }
        }
    }

    [Fact]
    public void TheAttentionThresholdIsTheComparison()
    {
        long[] exp = [0, 0, 3, 3, 5, 9, 9, 12];
        fixed (long* table = exp)
        {
            for (double limit = -1; limit < 26; limit += 0.5)
            {
                int threshold = AttentionKernel.Threshold(table, 7, limit);
                for (int m = 0; m <= 7; m++)
                {
                    Assert.Equal(2 * (double)exp[m] > limit, m >= threshold);
                }
            }
        }
    }

    [Fact]
    public void BitsAreExtractedAndTransposed()
    {
        var random = new Random(4);
        ulong[] row = Words(random, 1, 256);
        var block = Words(random, 64, 64);
        ulong[] before = [.. block];
        fixed (ulong* words = row, b = block)
        {
            for (int start = 0; start < 200; start++)
            {
                for (int count = 1; count <= Math.Min(100, 256 - start); count += 7)
                {
                    for (int i = 0; i < count; i++)
                    {
                        ulong word = BitRows.Extract(words, start, count, i >> 6);
                        Assert.Equal((row[(start + i) >> 6] >> (start + i)) & 1, (word >> i) & 1);
                        Assert.True(count - (64 * (i >> 6)) >= 64 || word >> (count & 63) == 0);
                    }
                }
            }

            BitRows.Transpose(b);
        }

        for (int r = 0; r < 64; r++)
        {
            for (int c = 0; c < 64; c++)
            {
                Assert.Equal((before[r] >> c) & 1, (block[c] >> r) & 1);
            }
        }
    }

    [Fact]
    public void SetsAreListedFastestFirst()
    {
        string[] fastest = ["avx512-popcnt", "avx512-vbmi", "avx2", "avx2-tables", "neon", "neon-tables", "vector128", "scalar"];
        if (ArmCores.LookUpFast())
        {
            fastest = ["neon-tables", .. fastest.Where(f => f != "neon-tables")];
        }

        string[] names = [.. KernelSets.Available.Select(KernelSets.Name)];
        Assert.Equal(fastest.Where(names.Contains), names);
        Assert.Equal("scalar", names[^1]);
        Assert.Equal(KernelSets.Available[0], KernelSets.Best);
        Assert.Equal(KernelSets.Available[0], KernelSets.Resolve(null, null));
        // Every set has a name of its own.
        Assert.Equal(fastest.Order(), Enum.GetValues<KernelChoice>().Select(KernelSets.Name).Order());
        Assert.Equal(fastest.Length, KernelSets.Count);
    }

    [Fact]
    public void AForcedSetThatDoesNotExistIsRefused()
    {
        KernelNotSupportedException e = Assert.Throws<KernelNotSupportedException>(() => KernelSets.Resolve(null, "sse9"));
        Assert.Contains("sse9", e.Message, StringComparison.Ordinal);
        Assert.Equal(KernelChoice.Scalar, KernelSets.Resolve(KernelChoice.Scalar, "sse9"));
        Assert.Equal(KernelChoice.Scalar, KernelSets.Resolve(null, "Scalar"));
        Assert.Equal(KernelSets.Best, KernelSets.Resolve(null, ""));
        foreach (KernelChoice choice in Enum.GetValues<KernelChoice>().Except(KernelSets.Available))
        {
            Assert.Contains("lacks", Assert.Throws<KernelNotSupportedException>(() => KernelSets.Resolve(choice, null)).Message, StringComparison.Ordinal);
        }
    }

    private static void Check(BitKernel kernel, Random random, int inputs, int outputs, int tokens, int mode, string what)
    {
        int n = (inputs + 63) / 64;
        int padded = ValueShape.Pad(outputs);
        ulong[] weights = Words(random, outputs, inputs);
        ulong[] rows = Words(random, tokens, inputs);
        if (mode != 0)
        {
            ulong[] ones = Words(null, 1, inputs);
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] = mode == 2 ? ones[i % n] : 0;
            }

            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = ones[i % n];
            }
        }

        var buffers = new List<NativeBuffer>();
        byte* packed = kernel.Pack(weights, outputs, inputs, bytes =>
        {
            buffers.Add(new NativeBuffer(bytes));
            return (nint)buffers[^1].Pointer;
        });

        // What stands behind a row must not count.
        using var source = new NativeBuffer((rows.Length * 8) + 128);
        new Span<byte>(source.Pointer, (int)source.Bytes).Fill(0xFF);
        rows.CopyTo(new Span<ulong>(source.Pointer, rows.Length));
        using var expanded = new NativeBuffer(BitKernel.TileBytes);
        using var counts = new NativeBuffer((long)BitKernel.TileTokens * padded * 2);
        for (int t = 0; t < tokens; t++)
        {
            kernel.Expand((ulong*)source.Pointer + (t * n), inputs, expanded.Pointer + (t * BitKernel.RowStride));
        }

        kernel.Count(expanded.Pointer, packed, (ushort*)counts.Pointer, padded, inputs, tokens);
        for (int t = 0; t < tokens; t++)
        {
            for (int o = 0; o < outputs; o++)
            {
                int differ = 0;
                for (int w = 0; w < n; w++)
                {
                    differ += BitOperations.PopCount(rows[(t * n) + w] ^ weights[(o * n) + w]);
                }

                int found = ((ushort*)counts.Pointer)[(t * padded) + o];
                Assert.True(differ == found, $"{what}: token {t}, output {o}: {found}, expected {differ}");
            }
        }

        buffers.ForEach(b => b.Dispose());
    }

    /// <summary>Rows of random bits, all ones without a random source; padding bits 0.</summary>
    private static ulong[] Words(Random? random, int rows, int bits)
    {
        int n = (bits + 63) / 64;
        var words = new ulong[rows * n];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = random is null ? ulong.MaxValue : (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            if (i % n == n - 1 && bits % 64 != 0)
            {
                words[i] &= (1UL << (bits % 64)) - 1;
            }
        }

        return words;
    }
}
