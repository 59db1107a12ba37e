namespace EdgeVit.Runtime.Tests;

/// <summary>The parts of tiled attention of every kernel set that has it against plain loops, and whole attentions against the
/// interpreter.</summary>
public unsafe class TableAttentionTests
{
    [Fact]
    public void SumsAndSelectionsAreExact()
    {
        KernelChoice[] tiling = [.. KernelSets.Available.Where(k => KernelSets.Make(k).Tables is not null)];
        Assert.SkipWhen(tiling.Length == 0, "no kernel set of this processor has attention by tiles");
        foreach (KernelChoice choice in tiling)
        {
            CheckSumsAndSelections(KernelSets.Name(choice), KernelSets.Make(choice).Tables!);
        }
    }

    [Theory]
    [InlineData(64, 1, 7, 7, 1)]
    [InlineData(64, 2, 8, 9, 2)]
    [InlineData(128, 1, 5, 13, 1)]
    [InlineData(192, 3, 15, 17, 1)]
    [InlineData(150, 3, 6, 6, 2)]
    [InlineData(21, 7, 4, 5, 1)]
    [InlineData(200, 1, 9, 8, 1)]
    [InlineData(64, 1, 23, 29, 1)]
    public void AttentionIsTheInterpretersOnEveryKernelSet(int channels, int heads, int height, int width, int pool)
    {
        for (int seed = 0; seed < 3; seed++)
        {
            var b = new GraphBuilder(seed, 3, height, width);
            string x = b.Conv2d("image", 3, channels, 1, 1);
            string keys = pool == 1 ? x : b.Pool(x, pool, pool, pool, pool, 0, 0);
            int count = (height / pool) * (width / pool);
            string y = b.Attention(b.ShiftSign(x, channels), b.ShiftSign(keys, channels), b.ShiftSign(keys, channels), channels, heads, count);
            AllKernelSetsAgree(b, y, channels, seed, $"{channels} channels, {heads} heads, {count} keys, seed {seed}");
        }
    }

    [Theory]
    [InlineData(64, 1, 3, 3)]
    [InlineData(64, 1, 8, 8)]
    [InlineData(128, 2, 7, 9)]
    [InlineData(192, 3, 5, 13)]
    [InlineData(256, 4, 14, 14)]
    [InlineData(192, 2, 6, 11)]
    [InlineData(150, 3, 6, 6)]
    [InlineData(21, 7, 4, 5)]
    [InlineData(200, 1, 9, 8)]
    [InlineData(130, 2, 1, 2)]
    [InlineData(64, 1, 17, 16)]
    public void LevelsMaskedDiagonalsAndTemperaturesAreTheInterpretersOnEveryKernelSet(int channels, int heads, int height, int width)
    {
        for (int seed = 0; seed < 8; seed++)
        {
            (int levels, bool maskDiagonal, bool temperatures) = (seed % 2 == 0 ? 3 : 1 + (seed / 2 % 3), (seed & 2) != 0, (seed & 4) != 0);
            var b = new GraphBuilder(seed, 3, height, width);
            string x = b.Conv2d("image", 3, channels, 1, 1);
            (string q, string k, string v) = (b.ShiftSign(b.Affine(x, channels), channels), b.ShiftSign(x, channels), b.ShiftSign(b.Affine(x, channels), channels));
            string y = b.Attention(q, k, v, channels, heads, height * width, levels, maskDiagonal, temperatures);
            AllKernelSetsAgree(b, y, channels, seed, $"{channels} channels, {heads} heads, {height * width} tokens, {levels} levels, {(maskDiagonal ? "masked, " : "")}seed {seed}");
        }
    }

    [Fact]
    public void EveryLevelOfEveryKeyOfALongRowIsCounted()
    {
        // All keys alike and a clip near zero: every pair has all bits, 3 * 10,920 of them, which just fits the counts.
        const int channels = 64;
        var b = new GraphBuilder(3, 3, 91, 120);
        string x = b.Conv2d("image", 3, channels, 1, 1);
        string bits = b.ShiftSign(x, channels);
        string y = b.Attention(b.ShiftSign(b.Pool(x, 91, 120, 1, 1, 0, 0), channels), bits, bits, channels, 1, 91 * 120, levels: 3);
        b.Fill(bits, "shift", 1e6f);
        b.Fill(y, "clip", 1e-9f);
        AllKernelSetsAgree(b, y, channels, 1, "10,920 keys");
    }

    private static void CheckSumsAndSelections(string name, TableAttention kernel)
    {
        var random = new Random(1);
        var buffers = new List<NativeBuffer>();
        foreach (int size in new[] { 1, 7, 24, 63, 64, 65, 125, 126, 127, 128, 200 })
        {
            long[] exp = [.. Enumerable.Range(0, size + 1).Select(_ => random.NextInt64(1L << 46)).Order()];
            exp[size] = 1L << 46;
            byte* table;
            fixed (long* e = exp)
            {
                table = kernel.Table(e, size, bytes =>
                {
                    buffers.Add(new NativeBuffer(bytes));
                    return (nint)buffers[^1].Pointer;
                });
            }

            foreach (int keys in new[] { 1, 2, 15, 31, 32, 33, 49, 63, 64, 65, 127, 128, 196, 1000, 32767 })
            {
                var differences = new ushort[(keys + 63) / 64 * 64];
                for (int j = 0; j < differences.Length; j++)
                {
                    differences[j] = keys == 32767 ? (ushort)0 : (ushort)random.Next(size + 1);
                }

                int most = random.Next(-1, size + 1);
                var attended = new ulong[differences.Length / 64];
                fixed (ushort* d = differences)
                fixed (ulong* a = attended)
                {
                    Assert.Equal(differences.Take(keys).Sum(x => exp[size - x]), kernel.Sum(d, keys, table, size));
                    kernel.Select(d, keys, most, a);
                }

                for (int j = 0; j < differences.Length; j++)
                {
                    bool expected = j < keys && differences[j] <= most;
                    Assert.True(expected == (((attended[j >> 6] >> (j & 63)) & 1) != 0), $"{name}: {keys} keys of {size} bits, at most {most}: key {j}");
                }
            }
        }

        buffers.ForEach(b => b.Dispose());
    }

    private static void AllKernelSetsAgree(GraphBuilder b, string attention, int channels, int seed, string what)
    {
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(attention), channels, 9, name: "logits"));
        float[] input = SelfTest.Input((ulong)seed, graph.InputShape);
        float[] expected = Models.Logits(graph, b.Tensors, input);
        using EvitModel model = Models.Load(graph, b);
        foreach (KernelChoice kernel in KernelSets.Available)
        {
            using Session session = model.CreateSession(new SessionOptions { Kernel = kernel, Threads = 1 + (seed % 3) });
            var logits = new float[expected.Length];
            session.RunNchw(input, logits);
            Models.AssertSameBits(expected, logits, $"{kernel}, {what}");
        }
    }
}
