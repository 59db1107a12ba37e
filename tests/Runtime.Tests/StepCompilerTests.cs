using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>Compiled steps against the scalar ones; skipped where this processor cannot run such code.</summary>
public unsafe class StepCompilerTests
{
    private const string NothingIsCompiled = "steps are compiled for x64 with AVX2 only";

    private static readonly (int Image, int Patch, Stage[] Stages, bool Binary, Branches Branches)[] s_networks =
    [
        (16, 2, [new(1, 64, 512, 1, 4), new(2, 128, 1024, 2, 2), new(1, 256, 1024, 4, 1)], true, Branches.Pools),
        (28, 2, [new(1, 64, 256, 1, 2), new(1, 128, 256, 2, 1)], true, Branches.Pools),
        (24, 2, [new(1, 128, 512, 2, 3), new(1, 192, 768, 3, 1)], false, Branches.Pools),
        (20, 2, [new(1, 192, 768, 2, 2), new(1, 384, 1536, 4, 1)], true, Branches.Pools),
        (22, 2, [new(2, 64, 512, 1, 1)], true, Branches.None),
        (26, 2, [new(1, 64, 128, 1, 1)], true, Branches.Pools),
        (12, 4, [new(1, 64, 512, 1, 1)], true, Branches.Pools),
        (16, 1, [new(1, 64, 64, 1, 1)], true, Branches.Pools),
        (16, 2, [new(1, 96, 384, 1, 1)], true, Branches.Pools),
        (16, 2, [new(1, 128, 512, 4, 1)], true, Branches.Pools),
        (16, 4, [new(1, 40, 280, 5, 1)], true, Branches.Pools),
        (16, 2, [new(1, 64, 512, 1, 4), new(1, 128, 1024, 2, 2)], true, Branches.Shifts),
        (20, 2, [new(1, 192, 768, 2, 2), new(1, 384, 1536, 4, 1)], false, Branches.Shifts),
        (22, 2, [new(1, 64, 256, 1, 1)], true, Branches.Shifts),
        (7, 1, [new(1, 40, 280, 5, 1)], true, Branches.Shifts),
        (26, 2, [new(1, 96, 384, 1, 1)], true, Branches.Shifts),
        (8, 8, [new(1, 64, 2048, 1, 1)], true, Branches.Pools),
        (32, 16, [new(1, 128, 256, 2, 1)], true, Branches.Pools),
        (8, 2, [new(1, 192, 1536, 3, 1)], true, Branches.None),
    ];

    public static TheoryData<int> Networks => [.. Enumerable.Range(0, s_networks.Length)];

    private static KernelChoice[] Compiled => [.. KernelSets.Available.Where(k => k is KernelChoice.Avx2 or KernelChoice.Avx512Popcnt)];

    [Theory]
    [MemberData(nameof(Networks))]
    public void CompiledNetworksComputeTheBitsOfScalarOnes(int index)
    {
        Assert.SkipUnless(Compiled.Length > 0, NothingIsCompiled);
        (int image, int patch, Stage[] stages, bool binary, Branches branches) = s_networks[index];
        for (int seed = 0; seed < 3; seed++)
        {
            (ModelGraph graph, GraphBuilder builder) = BinaryViTGraphs.Build(seed, image, patch, stages, 7, binary, branches);
            using EvitModel model = EvitModel.Load(EvitFile.Parse(EvitBytes.Model(graph with { Name = seed % 2 == 0 ? EvitBytes.AsItIs : graph.Name }, builder.Tensors)));
            float[] input = SelfTest.Input((ulong)seed, model.InputShape);
            uint[] scalar = Run(model, KernelChoice.Scalar, 1, input);
            for (int threads = 1; threads <= 3; threads++)
            {
                Assert.All(Compiled, kernel => Assert.Equal(scalar, Run(model, kernel, threads, input)));
            }
        }
    }

    [Theory]
    [InlineData(Branches.Pools)]
    [InlineData(Branches.Shifts)]
    internal void EveryStepOfAnOrdinaryNetworkIsCompiled(Branches branches)
    {
        Assert.SkipUnless(Compiled.Length > 0, NothingIsCompiled);
        (ModelGraph graph, GraphBuilder builder) = BinaryViTGraphs.Build(1, 32, 2, [new(1, 64, 512, 1, 4), new(1, 128, 1024, 2, 2), new(1, 256, 1024, 4, 1)], 10, true, branches);
        foreach (KernelChoice kernel in Compiled)
        {
            foreach (string name in (string[])[EvitBytes.AsItIs, graph.Name])
            {
                EvitFile file = EvitFile.Parse(EvitBytes.Model(graph with { Name = name }, builder.Tensors));
                var plan = ExecutionPlan.Build(file, KernelSets.Make(kernel));
                string[] others = [.. plan.Steps.Where(s => s is not (CompiledStep or AttentionPackStep or TableAttentionPackStep)).Select(s => s.Kind)];
                plan.Release();
                Assert.Equal(["Linear"], others);
            }
        }
    }

    [Theory]
    [InlineData(1, 7, 3, false)]
    [InlineData(1, 9, 3, true)]
    [InlineData(2, 14, 3, true)]
    [InlineData(4, 16, 1, true)]
    [InlineData(3, 2, 1, true)]
    public void AttentionOfLevelsAndLocalityIsCompiledForAvx512(int heads, int side, int levels, bool locality)
    {
        Assert.SkipUnless(Compiled.Length > 0, NothingIsCompiled);
        var b = new GraphBuilder(1, 3, side, side);
        string x = b.Conv2d("image", 3, 64 * heads, 1, 1);
        string bits = b.ShiftSign(x, 64 * heads);
        string y = b.Attention(bits, bits, b.ShiftSign(b.Affine(x, 64 * heads), 64 * heads), 64 * heads, heads, side * side, levels, locality, locality);
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(y), 64 * heads, 9, name: "logits"));
        foreach (KernelChoice kernel in Compiled.Where(k => k == KernelChoice.Avx512Popcnt))
        {
            var plan = ExecutionPlan.Build(EvitFile.Parse(EvitBytes.Model(graph, b.Tensors)), KernelSets.Make(kernel));
            Assert.Contains(plan.Steps, s => s is AttentionPackStep);
            plan.Release();
        }
        float[] input = SelfTest.Input(5, graph.InputShape);
        float[] expected = new GraphInterpreter(graph, b.Tensors).Run(input)[graph.OutputName].Floats;
        using EvitModel model = Models.Load(graph, b);
        foreach (KernelChoice kernel in Compiled)
        {
            using Session session = model.CreateSession(new SessionOptions { Kernel = kernel });
            var logits = new float[expected.Length];
            session.RunNchw(input, logits);
            Models.AssertSameBits(expected, logits, $"{kernel}, {heads} heads, {side * side} tokens");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(64)]
    [InlineData(130)]
    [InlineData(192)]
    [InlineData(194)]
    [InlineData(255)]
    [InlineData(576)]
    [InlineData(2048)]
    [InlineData(16384)]
    public void TheLargestCountsFit(int inputs)
    {
        Assert.SkipUnless(Compiled.Length > 0, NothingIsCompiled);
        // Shifts far from 0 make all signs equal, so that rows of equal weights match or differ in every bit.
        foreach (float shift in new[] { 1e30f, -1e30f })
        {
            var b = new GraphBuilder(3, 3, 3, 3);
            string x = b.ShiftSign(b.Conv2d("image", 3, inputs, 1, 1), inputs);
            b.Fill(x, "shift", shift);
            string y = b.BinaryLinear(x, inputs, 80);
            b.Fill(y, "weight", (row, word) => (row % 3 == 0 ? ulong.MaxValue : row % 3 == 1 ? 0 : 0x5555555555555555UL << (word & 1))
                & (ulong.MaxValue >> Math.Max(0, (64 * (word + 1)) - inputs)));
            ModelGraph graph = b.Build(b.Linear(b.MeanTokens(y), 80, 80, name: "logits"));
            using EvitModel model = EvitModel.Load(EvitFile.Parse(EvitBytes.Model(graph, b.Tensors)));
            float[] input = SelfTest.Input(1, model.InputShape);
            uint[] scalar = Run(model, KernelChoice.Scalar, 1, input);
            Assert.All(Compiled, kernel => Assert.Equal(scalar, Run(model, kernel, 1, input)));
        }
    }

    [Fact]
    public void BlocksOfBitsAreTransposedAsByTheScalarLoop()
    {
        Assert.SkipUnless(KernelSets.Available.Contains(KernelChoice.Avx512Popcnt), "this processor lacks AVX-512, which the transposition uses");
        var random = new Random(5);
        ulong* expected = stackalloc ulong[64];
        ulong* found = stackalloc ulong[64];
        for (int round = 0; round < 50; round++)
        {
            for (int i = 0; i < 64; i++)
            {
                expected[i] = found[i] = round == 0 ? 1UL << i : (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            }

            BitRows.Transpose(expected);
            AttentionPackStep.Transpose(found);
            Assert.Equal(new Span<ulong>(expected, 64).ToArray(), new Span<ulong>(found, 64).ToArray());
        }
    }

    [Fact]
    public void GroupOrderIsAPermutation()
    {
        var random = new Random(4);
        foreach ((int groups, int size) in new[] { (64, 2), (64, 4), (64, 8), (192, 4), (512, 4), (128, 8) })
        {
            foreach (int lanes in new[] { 4, 8, 16 })
            {
                var order = new GroupOrder(groups, size, lanes);
                Assert.True(order.IsSupported);
                Assert.Equal(Enumerable.Range(0, order.Channels), Enumerable.Range(0, order.Channels).Select(order.Channel).Order());
                var bits = new byte[order.Channels / 8 * 3];
                random.NextBytes(bits);
                byte[] permuted = order.Permute(bits);
                for (int i = 0; i < bits.Length * 8; i++)
                {
                    int from = (i / order.Channels * order.Channels) + order.Channel(i % order.Channels);
                    Assert.Equal((bits[from >> 3] >> (from & 7)) & 1, (permuted[i >> 3] >> (i & 7)) & 1);
                }
            }
        }
    }

    /// <summary>Channels equal modulo the group's size, of which there are groups / size, fill whole vectors or are half of one of 16.</summary>
    [Theory]
    [InlineData(64, 8, 4, true)]
    [InlineData(96, 4, 4, false)]
    [InlineData(64, 8, 8, true)]
    [InlineData(64, 8, 16, true)]
    [InlineData(128, 8, 16, true)]
    [InlineData(192, 8, 8, true)]
    [InlineData(192, 8, 16, false)]
    [InlineData(320, 8, 16, false)]
    [InlineData(320, 8, 8, true)]
    [InlineData(192, 4, 16, true)]
    [InlineData(64, 2, 16, true)]
    [InlineData(32, 2, 16, false)]
    [InlineData(96, 4, 8, false)]
    [InlineData(64, 1, 8, false)]
    [InlineData(192, 3, 8, false)]
    [InlineData(128, 16, 8, false)]
    public void GroupOrderHasCodeForWholeVectorsOnly(int groups, int size, int lanes, bool supported) =>
        Assert.Equal(supported, new GroupOrder(groups, size, lanes).IsSupported);

    [Theory]
    [InlineData(64, 1)]
    [InlineData(100, 3)]
    [InlineData(7, 5)]
    public void WeightsOfLookUpsStandByTheirFourBits(int outputs, int words)
    {
        Assert.SkipUnless(KernelSets.Available.Contains(KernelChoice.Avx2), "this processor lacks AVX2, for which the weights are packed");
        var rows = new byte[outputs * words * 8];
        new Random(outputs).NextBytes(rows);
        using var weights = new PlanWeights(new Dictionary<string, StoredTensor>());
        var source = new BitsSource(0, new ValueShape(ValueKind.Bits, words * 64, 1, 1), 1, ConvWindow.Token);
        byte* packed = (byte*)PairTables.Pack(new BinaryOperands(source, rows, outputs, false, false), weights, null);
        for (int o = 0; o < ValueShape.Pad(outputs); o++)
        {
            for (int k = 0; k < words * 8; k++)
            {
                byte expected = o < outputs ? rows[(o * words * 8) + k] : (byte)0;
                byte* at = packed + ((((long)(o >> 6) * words * 8) + k) * 128) + (o & 63);
                Assert.Equal((expected & 15, expected >> 4), (at[0], at[64]));
            }
        }
    }

    private static uint[] Run(EvitModel model, KernelChoice kernel, int threads, float[] input)
    {
        using Session session = model.CreateSession(new SessionOptions { Kernel = kernel, Threads = threads });
        var logits = new float[model.Classes];
        session.RunNchw(input, logits);
        session.RunNchw(input, logits);
        return [.. logits.Select(BitConverter.SingleToUInt32Bits)];
    }
}
