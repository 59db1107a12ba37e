using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>What a page shows of a network's inside is what the interpreter computes, for every form of attention.</summary>
public class ExplainedImageTests
{
    private static readonly StageConfig[] s_pyramid = [new(1, 64, 128, 1, 2), new(2, 128, 128, 2, 1)];

    private static readonly Dictionary<string, BinaryViTConfig> s_networks = new()
    {
        ["pyramid"] = new("pyramid", 16, 2, s_pyramid, 4),
        ["levels"] = new("levels", 16, 2, s_pyramid, 4) { AttentionLevels = 3 },
        ["locality"] = new("locality", 16, 2, s_pyramid, 4) { Locality = true },
        ["shifts"] = new("shifts", 16, 2, s_pyramid, 4) { Branches = BranchKind.Shift },
        ["class attention"] = new("class attention", 16, 2, s_pyramid, 4) { ClassAttention = 2 },
        ["class token"] = new("class token", 16, 4, [new StageConfig(2, 64, 128, 2, 1)], 4, Down: DownKind.Binary)
        {
            ClassToken = true,
            EmbeddingNorm = false,
            Branches = BranchKind.None,
            LayerScale = false,
        },
        ["convolutions first"] = new("convolutions first", 16, 2, [s_pyramid[0] with { Mixer = MixerKind.Conv3, Reduction = 1 }, s_pyramid[1]], 4),
        ["gates"] = new("gates", 16, 2, [s_pyramid[0] with { Mixer = MixerKind.Conv3, Reduction = 1, Gate = GateKind.Channel }, s_pyramid[1]], 4),
        ["convolutions alone"] = new("convolutions alone", 16, 2, [.. s_pyramid.Select(s => s with { Mixer = MixerKind.Conv3, Heads = 1, Reduction = 1 })], 4),
        ["mixers by turns"] = new("mixers by turns", 16, 2,
            [s_pyramid[0] with { Depth = 3, Mixer = MixerCycle.Of([MixerKind.Depthwise, MixerKind.Pool, MixerKind.Attention]), Reduction = 2, Projection = ProjectionKind.Depthwise }, s_pyramid[1] with { Ffn = FfnKind.Local }], 4),
        ["stem"] = new("stem", 16, 2, s_pyramid, 4) { StemWidth = 16 },
        ["attention down"] = new("attention down", 16, 2, s_pyramid, 4, Down: DownKind.Attention) { AttentionLevels = 3 },
        ["float down"] = new("float down", 16, 2, s_pyramid, 4, Down: DownKind.Float),
        ["windows"] = new("windows", 16, 2, [new(2, 64, 128, 1, 1) { WindowSide = 4, Shift = 1, Bias = BiasKind.Relative }, new(2, 128, 128, 2, 1) { WindowSide = 2, Pattern = WindowPattern.BlockGrid }], 4) { AttentionLevels = 3 },
    };

    public static TheoryData<string> Networks => [.. s_networks.Keys];

    /// <summary>The packed bits, read again, and the signs of the values give the sums that the next node got.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void TheBitsOfThePageAreThoseOfTheInterpreter(string name)
    {
        for (int seed = 1; seed <= 3; seed++)
        {
            (EvitFile file, NetworkLayout layout) = Make(name, seed);
            var interpreter = new GraphInterpreter(file.Graph, file.Tensors);
            float[] input = RandomNetwork.Images(s_networks[name], 1, seed);
            IReadOnlyDictionary<string, Value> values = interpreter.Run(input);
            var image = ExplainedImage.Of(file.Graph, interpreter, layout, input);
            Assert.Equal(file.Graph.Nodes.Count(n => n.Op == Op.BinaryAttention), image.Attention.Count);
            foreach (AttentionMaps maps in image.Attention)
            {
                GraphNode node = maps.Layer.Node;
                float[] scale = TensorData.Floats(file.Tensors[node.Tensors["scale"]]), offset = TensorData.Floats(file.Tensors[node.Tensors["offset"]]);
                Value value = values[node.Inputs[2]], output = values[node.Output];
                byte[] bits = maps.Packed();
                int queries = maps.Layer.Queries.Tokens;
                Assert.Equal((queries, maps.Layer.Keys.Tokens), (output.Shape.Tokens, value.Shape.Tokens));
                int[]? windows = maps.WindowOfToken();
                int[][] met = [.. Enumerable.Range(0, queries).Select(q => Enumerable.Range(0, maps.Layer.Keys.Tokens).Where(k => windows is null || windows[k] == windows[q]).ToArray())];
                int[] begin = [.. met.Select((_, q) => met.Take(q).Sum(m => m.Length))];
                int pairs = met.Sum(m => m.Length);
                Assert.Equal((long)maps.Layer.Levels * maps.Layer.Heads * pairs, maps.BitCount);
                int channels = output.Shape.Channels;
                for (int i = 0; i < output.Floats.Length; i++)
                {
                    (int query, int channel) = int.DivRem(i, channels);
                    int head = channel / (channels / maps.Layer.Heads), count = 0;
                    for (int level = 0; level < maps.Layer.Levels; level++)
                    {
                        for (int k = 0; k < met[query].Length; k++)
                        {
                            int at = (((level * maps.Layer.Heads) + head) * pairs) + begin[query] + k;
                            count += ((bits[at >> 3] >> (at & 7)) & 1) * (value.Bit(met[query][k], channel) ? 1 : -1);
                        }
                    }

                    Assert.Equal(MathF.FusedMultiplyAdd(scale[channel], count, offset[channel]), output.Floats[i]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void TheLogitsAreTheKernelsAndOneOtherBitIsNoticed(string name)
    {
        (EvitFile file, NetworkLayout layout) = Make(name, 5);
        float[] input = RandomNetwork.Images(s_networks[name], 1, 5), logits = new float[file.Labels.Count];
        var image = ExplainedImage.Of(file.Graph, new GraphInterpreter(file.Graph, file.Tensors), layout, input);
        using var model = EvitModel.Load(file);
        foreach (KernelChoice kernel in SessionOptions.AvailableKernels)
        {
            using Session session = model.CreateSession(new SessionOptions { Kernel = kernel });
            session.RunNchw(input, logits);
            Assert.True(image.HasLogits(logits), kernel.ToString());
        }

        for (int i = 0; i < logits.Length; i++)
        {
            float[] other = [.. logits];
            other[i] = MathF.BitIncrement(other[i]);
            Assert.False(image.HasLogits(other));
        }

        Assert.False(image.HasLogits(logits.AsSpan(1)));
    }

    [Theory]
    [InlineData("pyramid", "8 x 8:64 4 x 4:128", "1/8 x 8/4 x 4 2/4 x 4/4 x 4 2/4 x 4/4 x 4")]
    [InlineData("stem", "8 x 8:64 4 x 4:128", "1/8 x 8/4 x 4 2/4 x 4/4 x 4 2/4 x 4/4 x 4")]
    [InlineData("float down", "8 x 8:64 4 x 4:128", "1/8 x 8/4 x 4 2/4 x 4/4 x 4 2/4 x 4/4 x 4")]
    [InlineData("class attention", "8 x 8:64 4 x 4:128", "1/8 x 8/4 x 4 2/4 x 4/4 x 4 2/4 x 4/4 x 4 3/1/1 + 4 x 4 3/1/1 + 4 x 4")]
    [InlineData("class token", "1 + 4 x 4:64", "1/1 + 4 x 4/1 + 4 x 4 1/1 + 4 x 4/1 + 4 x 4")]
    public void StagesAndGridsAreReadOutOfTheGraph(string name, string stages, string layers)
    {
        (_, NetworkLayout layout) = Make(name, 1);
        Assert.Equal(stages, string.Join(' ', layout.Stages.Select(s => $"{s.Grid}:{s.Channels}")));
        Assert.Equal(layers, string.Join(' ', layout.Attention.Select(l => $"{l.Stage + 1}/{l.Queries}/{l.Keys}")));
        Assert.Equal(0, layout.FloatAttention);
    }

    [Fact]
    public void WhatElseMixesTokensIsNamed()
    {
        Assert.Contains("shifted tokens", Make("shifts", 1).Layout.OtherMixers);
        Assert.Contains("pooling of neighbours", Make("pyramid", 1).Layout.OtherMixers);
        Assert.Empty(Make("class token", 1).Layout.OtherMixers);
        Assert.All(Make("levels", 1).Layout.Attention, l => Assert.Equal(3, l.Levels));
        Assert.Equal([false, true, true], Make("locality", 1).Layout.Attention.Select(l => l.MasksDiagonal));
    }

    /// <summary>The cut network's kernels give the means of the whole network's tokens.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void AProbeGivesTheMeansOfTheChannels(string name)
    {
        (EvitFile file, NetworkLayout layout) = Make(name, 2);
        float[] input = RandomNetwork.Images(s_networks[name], 1, 9);
        IReadOnlyDictionary<string, Value> values = new GraphInterpreter(file.Graph, file.Tensors).Run(input);
        foreach (NetworkStage stage in layout.Stages)
        {
            using EvitModel probe = StageProbe.Of(file, stage);
            using Session session = probe.CreateSession();
            float[] means = new float[stage.Channels], expected = new float[stage.Channels];
            session.RunNchw(input, means);
            ReferencePooling.MeanTokens(values[stage.Value], expected);
            Assert.Equal(expected, means);
        }
    }

    /// <summary>A rollout shares out the patches: what the class token itself keeps is all that is missing.</summary>
    [Theory]
    [InlineData("class attention", true)]
    [InlineData("class token", true)]
    [InlineData("pyramid", false)]
    public void ARolloutIsThereWhereAClassTokenAttends(string name, bool there)
    {
        (EvitFile file, NetworkLayout layout) = Make(name, 4);
        var image = ExplainedImage.Of(file.Graph, new GraphInterpreter(file.Graph, file.Tensors), layout, RandomNetwork.Images(s_networks[name], 1, 4));
        Assert.Equal(there, image.Rollout is not null);
        if (image.Rollout is { } rollout)
        {
            Assert.Equal(16, rollout.Shares.Length);
            Assert.All(rollout.Shares, s => Assert.InRange(s, 0, 1));
            Assert.InRange(rollout.Shares.Sum(), rollout.FromMean ? 0.999 : 0, 1.001);
        }
    }

    private static (EvitFile File, NetworkLayout Layout) Make(string name, int seed)
    {
        BinaryViTConfig config = s_networks[name].Validate();
        LoweredModel model = FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, seed))).Model;
        var file = EvitFile.Parse(EvitWriter.ToBytes(model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}"));
        return (file, NetworkLayout.Of(file.Graph, file.Shapes));
    }
}
