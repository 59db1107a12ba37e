namespace EdgeVit.Runtime.Tests.Processes;

/// <summary>Whole networks with the logits that they must give: written by the reference interpreter in one process, checked in another, with
/// other instructions or on another machine.</summary>
internal static class ReferenceNetworks
{
    private const ulong InputSeed = 3;
    private const int RandomGraphCount = 40;
    private const int FoldedGraphCount = 12;

    private static readonly (int Channels, int Heads, int Height, int Width, bool Masked)[] s_attentions =
        [(64, 1, 8, 8, false), (128, 2, 7, 9, true), (150, 3, 6, 6, true), (192, 2, 5, 13, false), (260, 4, 4, 5, true)];

    /// <summary>BinaryViTs with heads of 24, 32, 5 and 130 channels, odd widths, windows of 2 x 2, float down-sampling, tokens enough for tables of weights; then random graphs of
    /// all ops and of all folded forms.</summary>
    internal static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        (int Image, int Patch, Stage[] Stages, int Classes, bool Binary, Branches Branches)[] networks =
        [
            (16, 2, [new(1, 64, 512, 1, 4), new(2, 128, 1024, 2, 2), new(1, 256, 1024, 4, 1)], 10, true, Branches.Pools),
            (16, 4, [new(1, 24, 96, 1, 2), new(1, 48, 96, 2, 1)], 7, true, Branches.Pools),
            (12, 2, [new(1, 96, 192, 3, 3), new(1, 192, 384, 8, 1)], 101, false, Branches.Pools),
            (10, 1, [new(1, 5, 15, 1, 5), new(1, 10, 50, 2, 1)], 1, true, Branches.None),
            (28, 4, [new(1, 40, 280, 5, 7)], 65, true, Branches.Pools),
            (14, 2, [new(2, 130, 260, 1, 1)], 64, true, Branches.Pools),
            (28, 2, [new(1, 64, 256, 1, 1)], 12, true, Branches.Pools),
            (14, 2, [new(2, 72, 288, 2, 7)], 9, true, Branches.Shifts),
            (20, 2, [new(1, 64, 256, 1, 2), new(1, 128, 512, 2, 1)], 12, true, Branches.Shifts),
            (44, 2, [new(1, 64, 320, 1, 2), new(1, 128, 512, 2, 11)], 6, true, Branches.Shifts),
        ];
        for (int i = 0; i < networks.Length; i++)
        {
            var n = networks[i];
            (ModelGraph graph, GraphBuilder builder) = BinaryViTGraphs.Build(100 + i, n.Image, n.Patch, n.Stages, n.Classes, n.Binary, n.Branches);
            Write(folder, $"network-{i}", (graph, builder));
            Write(folder, $"network-{i}-unfolded", (graph with { Name = EvitBytes.AsItIs }, builder));
        }

        Write(folder, "class-attention", BinaryViTGraphs.Build(300, 16, 2, [new(1, 64, 256, 1, 2), new(1, 128, 256, 2, 1)], 9, true, Branches.Shifts, classLayers: 2));
        Write(folder, "gate", Gate(300));
        for (int i = 0; i < s_attentions.Length; i++)
        {
            Write(folder, $"attention-{i}", Attention(200 + i, s_attentions[i]));
        }

        for (int seed = 0; seed < RandomGraphCount; seed++)
        {
            Write(folder, $"graph-{seed}", RandomGraphs.Build(seed));
        }

        for (int seed = 0; seed < FoldedGraphCount; seed++)
        {
            Write(folder, $"folded-{seed}", RandomGraphs.BuildFolded(seed));
        }
    }

    /// <summary>An attention of tokens to themselves: three levels, a temperature for each head, with or without the own key.</summary>
    private static (ModelGraph Graph, GraphBuilder Builder) Attention(int seed, (int Channels, int Heads, int Height, int Width, bool Masked) a)
    {
        var b = new GraphBuilder(seed, 3, a.Height, a.Width);
        string x = b.Conv2d("image", 3, a.Channels, 1, 1);
        (string q, string k) = (b.ShiftSign(b.Affine(x, a.Channels), a.Channels), b.ShiftSign(x, a.Channels));
        string y = b.Attention(q, k, k, a.Channels, a.Heads, a.Height * a.Width, levels: 3, a.Masked, temperatures: true);
        return (b.Build(b.Linear(b.MeanTokens(y), a.Channels, 9, name: "logits")), b);
    }

    /// <summary>A binary convolution whose channels are weighed by a gate of its input's mean, with a tail of channels.</summary>
    private static (ModelGraph Graph, GraphBuilder Builder) Gate(int seed)
    {
        const int Channels = 70;
        var b = new GraphBuilder(seed, 3, 9, 7);
        string x = b.Affine(b.Conv2d("image", 3, Channels, 1, 1), Channels);
        string gate = b.Linear(b.Leaky(b.Linear(b.MeanTokens(x), Channels, 8), 8), 8, Channels);
        string y = b.ScaledSum(Channels, 2, x, b.Gate(b.BinaryConv(b.ShiftSign(x, Channels), Channels, Channels, new ConvWindow(3, 1, 1, 1), counts: false), gate));
        return (b.Build(b.Linear(b.MeanTokens(y), Channels, 9, name: "logits")), b);
    }

    private static void Write(string folder, string name, (ModelGraph Graph, GraphBuilder Builder) network)
    {
        (ModelGraph graph, GraphBuilder builder) = network;
        float[] input = SelfTest.Input(InputSeed, graph.InputShape);
        float[] logits = Models.Logits(graph, builder.Tensors, input);
        File.WriteAllBytes(Path.Combine(folder, name + ".evit"), EvitBytes.Model(graph, builder.Tensors, new SelfTest(InputSeed, logits)));
    }
}
