namespace EdgeVit.Runtime.Tests;

public class SessionTests
{
    public static TheoryData<string> Kernels => [.. KernelSets.Available.Select(KernelSets.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void RandomNetworksGiveTheInterpretersBits(string kernel)
    {
        (int Image, int Patch, Stage[] Stages, int Classes, bool Binary, Branches Branches)[] networks =
        [
            (8, 2, [new(1, 64, 128, 1, 1)], 3, true, Branches.Pools),
            (16, 2, [new(1, 64, 512, 1, 4), new(2, 128, 1024, 2, 2), new(1, 256, 1024, 4, 1)], 10, true, Branches.Pools),
            (16, 4, [new(1, 24, 96, 1, 2), new(1, 48, 96, 2, 1)], 7, true, Branches.Pools),
            (12, 2, [new(1, 96, 192, 3, 3), new(1, 192, 384, 8, 1)], 101, false, Branches.Pools),
            (10, 1, [new(1, 5, 15, 1, 5), new(1, 10, 50, 2, 1)], 1, true, Branches.None),
            (28, 4, [new(1, 40, 280, 5, 7)], 65, true, Branches.Pools),
            (14, 2, [new(2, 130, 260, 1, 1)], 64, true, Branches.Pools),
            (14, 2, [new(2, 72, 288, 2, 7)], 9, true, Branches.Shifts),
            (20, 2, [new(1, 64, 256, 1, 2), new(1, 128, 512, 2, 1)], 12, true, Branches.Shifts),
            (44, 2, [new(1, 64, 320, 1, 2), new(1, 128, 512, 2, 11)], 6, true, Branches.Shifts),
            (6, 6, [new(1, 33, 33, 1, 1)], 2, true, Branches.Shifts),
        ];
        for (int i = 0; i < networks.Length; i++)
        {
            var n = networks[i];
            (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(100 + i, n.Image, n.Patch, n.Stages, n.Classes, n.Binary, n.Branches);
            Same(graph, b, kernel, [1, 2, 3, 4], $"network {i}");
            Same(graph with { Name = EvitBytes.AsItIs }, b, kernel, [1], $"network {i}, unfolded");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ClassAttentionGivesTheInterpretersBits(string kernel)
    {
        (int Image, int Patch, Stage[] Stages, Branches Branches, int Layers)[] networks =
        [
            (16, 2, [new(1, 64, 256, 1, 2), new(1, 128, 256, 2, 1)], Branches.Pools, 2),
            (16, 4, [new(1, 24, 96, 1, 2), new(1, 48, 96, 2, 1)], Branches.Shifts, 1),
            (10, 1, [new(1, 130, 260, 1, 1)], Branches.None, 1),
            (8, 8, [new(1, 64, 128, 4, 1)], Branches.None, 2),
            (34, 2, [new(1, 64, 64, 2, 1)], Branches.Shifts, 1),
        ];
        for (int i = 0; i < networks.Length; i++)
        {
            var n = networks[i];
            (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(200 + i, n.Image, n.Patch, n.Stages, 5, true, n.Branches, n.Layers);
            Same(graph, b, kernel, [1, 3], $"network {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void RandomGraphsGiveTheInterpretersBits(string kernel)
    {
        for (int seed = 0; seed < 150; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = RandomGraphs.Build(seed);
            Same(graph, b, kernel, [1, 3], $"graph {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void NanAndInfinityDoNotCrash(string kernel)
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(5, 16, 2, [new(1, 64, 128, 1, 2), new(1, 128, 256, 2, 1)], 4);
        using EvitModel model = Models.Load(graph, b);
        using Session session = model.CreateSession(new SessionOptions { Kernel = Models.Choice(kernel) });
        var input = SelfTest.Input(1, graph.InputShape);
        var logits = new float[4];
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue })
        {
            for (int i = 0; i < input.Length; i += 5)
            {
                input[i] = bad;
            }

            session.RunNchw(input, logits);
            float[] expected = Models.Logits(graph, b.Tensors, input);
            Models.AssertSameBits(expected, logits, $"{kernel}, {bad}");
        }
    }

    [Fact]
    public void SessionsShareTheWeightsOfTheirKernelSet()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(6, 16, 2, [new(1, 64, 128, 1, 2)], 4);
        using EvitModel model = Models.Load(graph, b);
        using Session first = model.CreateSession();
        long bytes = first.WeightBytes;
        using Session second = model.CreateSession(new SessionOptions { Threads = 2 });
        using Session other = model.CreateSession(new SessionOptions { Kernel = KernelChoice.Scalar });
        Assert.Same(first.Plan, second.Plan);
        Assert.NotSame(first.Plan, other.Plan);
        Assert.Equal((bytes, bytes), (first.WeightBytes, second.WeightBytes));
        Assert.True(bytes > 0);
    }

    [Fact]
    public void SessionsRunAtTheSameTimeAndOutliveTheModel()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(7, 16, 2, [new(1, 64, 128, 1, 2), new(1, 128, 256, 2, 1)], 4);
        Session[] sessions;
        using (EvitModel model = Models.Load(graph, b))
        {
            sessions = [.. Enumerable.Range(0, 4).Select(i => model.CreateSession(new SessionOptions { Threads = 1 + (i % 2) }))];
        }

        float[][] inputs = [.. Enumerable.Range(0, 4).Select(i => SelfTest.Input((ulong)i, graph.InputShape))];
        float[][] expected = [.. inputs.Select(x => Models.Logits(graph, b.Tensors, x))];
        Parallel.For(0, 4, i =>
        {
            var logits = new float[4];
            for (int run = 0; run < 50; run++)
            {
                sessions[i].RunNchw(inputs[(i + run) % 4], logits);
                Models.AssertSameBits(expected[(i + run) % 4], logits, $"session {i}, run {run}");
            }
        });
        foreach (Session session in sessions)
        {
            session.Dispose();
            Assert.Throws<ObjectDisposedException>(() => session.RunNchw(inputs[0], new float[4]));
        }
    }

    [Fact]
    public void BatchesAndPixelsAgreeWithSingleRuns()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(8, 8, 2, [new(1, 64, 128, 1, 1)], 3);
        using EvitModel model = Models.Load(graph, b);
        using Session session = model.CreateSession();
        var pixels = new byte[3 * 8 * 8 * 3];
        new Random(1).NextBytes(pixels);
        var fromPixels = new float[9];
        session.RunNhwc(pixels, fromPixels);

        var input = new float[pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            (int image, int rest) = int.DivRem(i, 8 * 8 * 3);
            (int pixel, int channel) = int.DivRem(rest, 3);
            double std = model.Preprocess.Std[channel];
            input[(((image * 3) + channel) * 64) + pixel] = MathF.FusedMultiplyAdd(pixels[i], (float)(1 / (255 * std)), (float)(-model.Preprocess.Mean[channel] / std));
        }

        var batch = new float[9];
        session.RunNchw(input, batch);
        Models.AssertSameBits(batch, fromPixels, "pixels");
        var single = new float[3];
        for (int i = 0; i < 3; i++)
        {
            session.RunNchw(input.AsSpan(i * 192, 192), single);
            Models.AssertSameBits(batch.AsSpan(3 * i, 3), single, $"image {i}");
        }

        Assert.Throws<ArgumentException>(() => session.RunNchw(input.AsSpan(1), single));
        Assert.Throws<ArgumentException>(() => session.RunNchw(input, single));
    }

    [Fact]
    public void TheProfileNamesEveryStep()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(9, 16, 2, [new(1, 64, 128, 1, 2)], 3);
        using EvitModel model = Models.Load(graph, b);
        using Session session = model.CreateSession();
        IReadOnlyList<StepTime> steps = session.Profile(3);
        Assert.Contains(steps, s => s.Kind.StartsWith("BinaryLinear + Add + RPReLU + ShiftSign", StringComparison.Ordinal));
        Assert.All(steps, s => Assert.True(s.Milliseconds >= 0));
        IReadOnlyList<NodeFacts> facts = GraphCost.Of(graph, b.Tensors);
        Assert.Equal(facts.Sum(f => f.Cost.BinaryMacs), steps.Sum(s => s.Work.BinaryMacs));
        // Repeated rows are looked up, not computed, and the six scales before sums belong to them.
        double scales = 6 * 64 * 64;
        Assert.Equal(facts.Where(f => f.Node.Op is not (Op.Upsample or Op.TileChannels)).Sum(f => f.Cost.FloatMacs + f.Cost.ElementOps) - scales, steps.Sum(s => s.Work.FloatOps));
        Assert.InRange(steps.Sum(s => s.Work.Bytes), b.Tensors.Values.Sum(t => (long)t.Bytes.Length), 10_000_000);
        Assert.Contains(steps, s => s.Work.Shape == "64 x 128 x 64");
        Assert.True(steps.Count < graph.Nodes.Count / 3, $"{steps.Count} steps of {graph.Nodes.Count} nodes");
    }

    private static void Same(ModelGraph graph, GraphBuilder b, string kernel, int[] threads, string what)
    {
        using EvitModel model = Models.Load(graph, b);
        float[] input = SelfTest.Input(3, graph.InputShape);
        float[] expected = Models.Logits(graph, b.Tensors, input);
        var logits = new float[expected.Length];
        foreach (int count in threads)
        {
            using Session session = model.CreateSession(new SessionOptions { Kernel = Models.Choice(kernel), Threads = count });
            for (int run = 0; run < 2; run++)
            {
                session.RunNchw(input, logits);
                Models.AssertSameBits(expected, logits, $"{what}, {kernel}, {count} threads, run {run}");
            }
        }
    }
}
