using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>Windows and biases of binary attention on every kernel set against the interpreter.</summary>
public unsafe class AttentionWindowsTests
{
    /// <summary>Channels, heads, height, width, window.</summary>
    public static TheoryData<int, int, int, int, int> Grids => new()
    {
        { 64, 1, 8, 8, 4 }, { 64, 2, 14, 14, 7 }, { 128, 2, 16, 8, 8 }, { 192, 2, 6, 9, 3 }, { 150, 3, 4, 6, 2 }, { 21, 7, 10, 5, 5 }, { 256, 4, 7, 7, 7 }, { 96, 1, 12, 4, 1 },
        { 130, 2, 18, 9, 9 }, { 64, 1, 32, 16, 16 },
    };

    [Theory]
    [MemberData(nameof(Grids))]
    public void EveryFormIsTheInterpretersOnEveryKernelSet(int channels, int heads, int height, int width, int side)
    {
        for (int seed = 0; seed < 6; seed++)
        {
            var form = new WindowForm(side, IsGrid: seed % 3 == 2, Shift: seed % 3 == 1 ? side / 2 : 0);
            int? most = (seed % 4) switch { 0 => null, 1 => 127, _ => 5 };
            (GraphBuilder b, string y) = Attention(seed, channels, heads, height, width, form, most, levels: seed < 3 ? 1 : 3, maskDiagonal: seed == 4, temperatures: seed == 5);
            AllKernelSetsAgree(b, y, channels, seed, $"{form}, bias {most}");
        }
    }

    [Theory]
    [MemberData(nameof(Grids))]
    public void ABiasOfAllPairsIsTheInterpretersOnEveryKernelSet(int channels, int heads, int height, int width, int side)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            (GraphBuilder b, string y) = Attention(seed, channels, heads, height, width, null, seed == 0 ? 127 : side, levels: seed < 2 ? 1 : 3, maskDiagonal: seed == 1);
            AllKernelSetsAgree(b, y, channels, seed, $"bias {side}");
        }
    }

    [Theory]
    [MemberData(nameof(Grids))]
    public void AZeroPointMovesEveryThresholdAlikeOnEveryKernelSet(int channels, int heads, int height, int width, int side)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            (GraphBuilder b, string y) = Attention(seed, channels, heads, height, width, seed == 3 ? new WindowForm(side, false, 0) : null, null, levels: seed == 0 ? 1 : 3, maskDiagonal: seed == 2, zero: true);
            AllKernelSetsAgree(b, y, channels, seed, "zero point");
        }
    }

    [Fact]
    public void AZeroPointOfZeroHasTheBitsOfNoneAndOneOfALevelThoseOfOneLevelLess()
    {
        float[] Of(int levels, float? zero)
        {
            (GraphBuilder b, string y) = Attention(6, 128, 2, 8, 8, null, null, levels, zero: zero is not null);
            b.Fill(y, "clip", 0.02f);
            b.Fill(y, "scale", 0.125f);
            b.Fill(y, "offset", 0.5f);
            if (zero is { } value)
            {
                b.Fill(y, "zero", value);
            }

            return Logits((b, y));
        }

        Assert.Equal(Of(3, null), Of(3, 0));
        // Levels from 1.5 and 2.5 on in place of 0.5, 1.5 and 2.5; one of -0.5 takes every key at the first level.
        (float[] three, float[] less, float[] one) = (Of(3, null), Of(2, 1), Of(1, null));
        Assert.Equal(three.Zip(one, (a, b) => (8 * (a - 0.5f)) - (8 * (b - 0.5f))), less.Select(v => 8 * (v - 0.5f)));
        Assert.All(Of(1, -0.5f).Chunk(128).Skip(1), row => Assert.Equal(Of(1, -0.5f)[..128], row));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AWindowOfTheWholeGridHasTheBitsOfAttentionWithoutWindows(bool grid)
    {
        foreach (int? most in (int?[])[null, 9])
        {
            float[] with = Logits(Attention(3, 128, 2, 7, 7, new WindowForm(7, grid, 0), most, levels: 3));
            Models.AssertSameBits(Logits(Attention(3, 128, 2, 7, 7, null, most, levels: 3)), with, $"bias {most}");
        }
    }

    [Fact]
    public void ABiasOfZeroHasTheBitsOfNoBias()
    {
        float[] none = Logits(Attention(4, 128, 2, 8, 8, null, null));
        Models.AssertSameBits(none, Logits(Attention(4, 128, 2, 8, 8, null, 0)), "bias 0");
        Assert.NotEqual(none, Logits(Attention(4, 128, 2, 8, 8, null, 20)));
    }

    [Theory]
    [InlineData(127)]
    [InlineData(-128)]
    public void ABiasIsBoundedByTheHeadsSize(int bias)
    {
        // All 64 channels match for every pair, or none: keys are alike, and a clip of 1/16 takes all sixteen.
        (GraphBuilder b, string y) = Attention(5, 64, 1, 4, 4, null, 1);
        b.FillBytes(y, "bias", (sbyte)bias);
        b.Fill(y, "clip", 1f / 16);
        ModelGraph graph = Pooled(b, y, 64);
        GraphNode node = graph.Nodes.Single(n => n.Output == y);
        IReadOnlyDictionary<string, Value> values = new GraphInterpreter(graph, b.Tensors).Run(SelfTest.Input(1, b.InputShape));
        (float[] found, Value value) = (values[y].Floats, values[node.Inputs[2]]);
        float[] scale = TensorData.Floats(b.Tensors[node.Tensors["scale"]]), offset = TensorData.Floats(b.Tensors[node.Tensors["offset"]]);
        for (int i = 0; i < found.Length; i++)
        {
            int count = Enumerable.Range(0, 16).Sum(t => value.Bit(t, i % 64) ? 1 : -1);
            Assert.Equal(MathF.FusedMultiplyAdd(scale[i % 64], count, offset[i % 64]), found[i]);
        }

        AssertAllKernelSetsAgree(graph, b, 1, $"bias {bias}");
    }

    [Fact]
    public void TheVectorLoopOfBiasesIsTheScalarOne()
    {
        var random = new Random(1);
        foreach (int size in (int[])[1, 7, 64, 96, 200, 32767])
        {
            foreach (int keys in (int[])[1, 7, 8, 9, 49, 64, 65])
            {
                int padded = (keys + 63) & ~63;
                ushort[] matches = [.. Enumerable.Range(0, padded).Select(_ => (ushort)random.Next(size + 1))];
                sbyte[] bias = [.. Enumerable.Range(0, padded).Select(_ => (sbyte)random.Next(-128, 128))];
                (ushort[] added, ushort[] expected) = ([.. matches], [.. matches]);
                ushort[] subtracted = [.. matches.Select(m => (ushort)(size - m))];
                fixed (ushort* a = added, e = expected, s = subtracted)
                fixed (sbyte* b = bias)
                {
                    AttentionBias.Add(a, b, keys, size);
                    AttentionBias.AddScalar(e, b, keys, size);
                    AttentionBias.Subtract(s, b, keys, size);
                }

                Assert.Equal(expected.Take(keys), added.Take(keys));
                Assert.Equal(expected.Take(keys), subtracted.Take(keys).Select(d => (ushort)(size - d)));
            }
        }
    }

    [Theory]
    [InlineData(6, 9, 3, false, 0)]
    [InlineData(6, 9, 3, false, 2)]
    [InlineData(8, 4, 4, false, 1)]
    [InlineData(6, 9, 3, true, 0)]
    [InlineData(5, 5, 5, false, 4)]
    [InlineData(4, 6, 1, false, 0)]
    public void ListsOfWindowsAreWhatTheDefinitionSays(int height, int width, int side, bool grid, int shift)
    {
        var form = new WindowForm(side, grid, shift);
        var windows = new TokenWindows(form, height, width);
        var keys = new AttentionKeys(form, new ValueShape(ValueKind.Bits, 8, height, width), height * width);
        for (int t = 0; t < height * width; t++)
        {
            int[] tokens = windows.Tokens(windows.Of(t));
            Assert.Equal(keys.Of(t), tokens);
            Assert.Equal(t, tokens[windows.Index(t)]);
            Assert.Equal(keys.Place(t), windows.Places(windows.Of(t))[windows.Index(t)]);
        }

        Assert.Equal(height * width, Enumerable.Range(0, windows.Count).Sum(w => windows.Tokens(w).Length));
        Assert.Equal(grid ? height / side * (width / side) : ((height / side) + Math.Sign(shift)) * ((width / side) + Math.Sign(shift)), windows.Count);
    }

    [Fact]
    public void WindowsAreSwinsAndMaxVits()
    {
        // Rows of 4: blocks of 2 join neighbours; moved by 1 they are 1, 2 and 1 wide; a grid of 2 joins what lies 2 apart.
        Assert.Equal([0, 1, 4, 5], new TokenWindows(new WindowForm(2, false, 0), 4, 4).Tokens(0));
        var moved = new TokenWindows(new WindowForm(2, false, 1), 4, 4);
        Assert.Equal([[0], [1, 2], [3], [4, 8], [5, 6, 9, 10], [7, 11], [12], [13, 14], [15]], Enumerable.Range(0, moved.Count).Select(moved.Tokens));
        Assert.Equal([3], moved.Places(0));
        Assert.Equal([0, 1, 2, 3], moved.Places(4));
        Assert.Equal([0], moved.Places(8));
        Assert.Equal([1, 3, 9, 11], new TokenWindows(new WindowForm(2, true, 0), 4, 4).Tokens(1));
    }

    private static (GraphBuilder Builder, string Attention) Attention(
        int seed, int channels, int heads, int height, int width, WindowForm? form, int? bias, int levels = 1, bool maskDiagonal = false, bool temperatures = false, bool zero = false)
    {
        var b = new GraphBuilder(seed, 3, height, width);
        string x = b.Conv2d("image", 3, channels, 1, 1);
        (string q, string k, string v) = (b.ShiftSign(b.Affine(x, channels), channels), b.ShiftSign(x, channels), b.ShiftSign(b.Affine(x, channels), channels));
        string y = b.Attention(
            q, k, v, channels, heads, height * width, levels, maskDiagonal && form is not { Side: 1 }, temperatures, form, bias is { } most ? (height * width, most) : null, zero);
        return (b, y);
    }

    private static float[] Logits((GraphBuilder Builder, string Attention) of)
    {
        (GraphBuilder b, string y) = of;
        return [.. new GraphInterpreter(Pooled(b, y, 128), b.Tensors).Run(SelfTest.Input(1, b.InputShape))[y].Floats];
    }

    private static ModelGraph Pooled(GraphBuilder b, string attention, int channels) => b.Build(b.Linear(b.MeanTokens(attention), channels, 9, name: "logits"));

    private static void AllKernelSetsAgree(GraphBuilder b, string attention, int channels, int seed, string what)
    {
        AssertAllKernelSetsAgree(Pooled(b, attention, channels), b, seed, $"{channels} channels, seed {seed}, {what}");
    }

    private static void AssertAllKernelSetsAgree(ModelGraph graph, GraphBuilder b, int seed, string what)
    {
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
