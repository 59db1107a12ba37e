using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>The lowered network against the naive one, value by value and end to end.</summary>
public class LoweringTests(ITestOutputHelper output)
{
    /// <summary>Two stages that use everything; head sizes and variants differ.</summary>
    private static BinaryViTConfig Config(
        int width = 32, int heads = 1, int reduction = 2, int expansion = 4, bool binary = true, BranchKind branches = BranchKind.Pool) => new BinaryViTConfig(
        "test", ImageSize: 16, PatchSize: 2,
        [
            new StageConfig(Depth: 1, width, width * expansion, heads, reduction),
            new StageConfig(Depth: 2, 2 * width, 2 * width, heads * 2, Reduction: 1),
        ],
        Classes: 5, Down: binary ? DownKind.Binary : DownKind.Float, Branches: branches).Validate();

    /// <summary>A network whose first stage, or all of them, convolve.</summary>
    private static BinaryViTConfig Convolutions(BinaryViTConfig config, bool all = false, int? dilation = null) => (config with
    {
        Stages = [.. config.Stages.Select((s, i) => i == 0 || all ? s with { Heads = 1, Reduction = 1, Mixer = MixerKind.Conv3, Dilation = dilation } : s)],
    }).Validate();

    /// <summary>The ReActNet form of DeiT with everything but the class token; heads of 24 channels, a grid of 3 x 3.</summary>
    private static BinaryViTConfig DeiT() => new BinaryViTConfig(
        "deit", ImageSize: 12, PatchSize: 4, [new StageConfig(Depth: 2, Width: 72, FfnWidth: 288, Heads: 3, Reduction: 1)], Classes: 5,
        EmbeddingNorm: false).Validate();

    private static BinaryViTConfig Windows(Func<StageConfig, StageConfig> windows) => new BinaryViTConfig(
        "windows", ImageSize: 16, PatchSize: 2, [windows(new StageConfig(2, 32, 64, 1, 1)), windows(new StageConfig(3, 64, 128, 2, 1) { WindowSide = 2 }) with { Shift = 0 }], Classes: 5).Validate();

    private static BinaryViTConfig Mixed(string first, string second, Func<StageConfig, StageConfig>? more = null) => new BinaryViTConfig(
        "mixed", ImageSize: 16, PatchSize: 2,
        [
            .. new[] { (Mixer: first, Width: 32), (Mixer: second, Width: 64) }.Select(s => MixerCycle.Parse(s.Mixer)!.Value is var mixer && (more ?? (m => m)) is var with
                ? with(new StageConfig(mixer.Kinds.Count + 1, s.Width, 2 * s.Width, mixer.Attends ? 2 : 1, 1) { Mixer = mixer }) : null!),
        ],
        Classes: 5).Validate();

    public static IEnumerable<ITheoryDataRow> Networks => new TheoryData<string, BinaryViTConfig, bool>
    {
        { "head size 32", Config(), false },
        { "head size 24", Config(width: 48, heads: 2, reduction: 4), true },
        { "head size 64, one clip for each head", Config(width: 64, heads: 1, reduction: 1, expansion: 8), true },
        { "head size 16 in four and eight heads", Config(width: 64, heads: 4, reduction: 8, expansion: 2), true },
        { "float down-sampling", Config(binary: false), false },
        { "a large epsilon in norms", Config(binary: false) with { BatchNormEps = 0.25 }, false },
        { "a large epsilon in norms, class attention and stem", Config() with { BatchNormEps = 0.25, ClassAttention = 1, StemWidth = 5 }, false },
        { "a large epsilon in LayerNorms", Config() with { BatchNormEps = 0.25, LayerNorm = true }, false },
        { "spatial shifts", Config(branches: BranchKind.Shift), false },
        { "spatial shifts of one block and a half", Config(width: 24, heads: 1, branches: BranchKind.Shift), true },
        { "spatial shifts without norm", DeiT() with { Branches = BranchKind.Shift, LayerScale = false }, false },
        { "class attention", Config() with { ClassAttention = 1 }, false },
        { "two layers of class attention, one clip for each head", Config(width: 48, heads: 2, expansion: 2) with { ClassAttention = 2 }, true },
        { "class attention of three levels with locality", Config(branches: BranchKind.Shift) with { ClassAttention = 1, AttentionLevels = 3, Locality = true }, true },
        { "class attention behind a single stage", DeiT() with { ClassAttention = 2 }, true },
        { "class attention behind a reduction, with LayerNorm", Config() with { ClassAttention = 1, LayerNorm = true, Stages = [new StageConfig(1, 32, 64, 2, 2)] }, false },
        { "no branches", Config(branches: BranchKind.None), false },
        { "shifted patches", Config() with { ShiftedPatches = true }, false },
        { "three levels of attention", Config() with { AttentionLevels = 3 }, false },
        { "three levels of attention, LayerNorm, one clip for each head", Config(width: 64, heads: 4) with { AttentionLevels = 3, LayerNorm = true }, true },
        { "locality", Config() with { Locality = true }, false },
        { "locality in heads of 64 channels and three levels", Config(width: 64, heads: 1, reduction: 1) with { Locality = true, AttentionLevels = 3 }, true },
        { "locality of one stage, LayerNorm", DeiT() with { Locality = true, Branches = BranchKind.None, LayerNorm = true }, false },
        { "windows, moved in every second block", Windows(s => s with { WindowSide = 2, Shift = 1 }), false },
        { "windows in a grid", Windows(s => s with { WindowSide = 4, Pattern = WindowPattern.Grid }), true },
        { "blocks and grids by turns, with a bias", Windows(s => s with { WindowSide = 2, Pattern = WindowPattern.BlockGrid, Bias = BiasKind.Relative }), false },
        { "blocks and the whole grid by turns, with a bias", Windows(s => s with { WindowSide = 2, Pattern = WindowPattern.BlockAll, Bias = BiasKind.Distance }), true },
        { "moved windows, bias, locality and three levels", Windows(s => s with { WindowSide = 4, Shift = 2, Bias = BiasKind.Relative }) with { Locality = true, AttentionLevels = 3 }, true },
        { "bias with a reduction", Config() with { Stages = [.. Config().Stages.Select(s => s with { Bias = BiasKind.Relative })] }, false },
        { "bias of distances, with a reduction and class attention", Config() with { Stages = [.. Config().Stages.Select(s => s with { Bias = BiasKind.Distance })], ClassAttention = 1 }, false },
        { "three levels with zero points", Config() with { AttentionLevels = 3, ZeroPoint = true }, true },
        { "three levels with zero points and locality", Config(width: 64, heads: 4, reduction: 1) with { AttentionLevels = 3, ZeroPoint = true, Locality = true }, true },
        { "zero points, windows, bias and class attention", Windows(s => s with { WindowSide = 4, Bias = BiasKind.Relative }) with { ZeroPoint = true, ClassAttention = 1, AttentionLevels = 3 }, false },
        { "bias and windows with LayerNorm", Windows(s => s with { WindowSide = 2, Bias = BiasKind.Relative }) with { LayerNorm = true }, false },
        { "stem", Config() with { StemWidth = 5 }, false },
        { "stem and shifted patches without norm", DeiT() with { StemWidth = 24, ShiftedPatches = true, LayerScale = false, Branches = BranchKind.None }, true },
        { "LayerNorm", Config() with { LayerNorm = true }, false },
        { "LayerNorm and float down-sampling", Config(binary: false) with { LayerNorm = true, LayerScale = false }, false },
        { "3x3 convolutions before attention", Convolutions(Config()), false },
        { "3x3 convolutions of every second token, half a block, without branches", Convolutions(Config(width: 24, branches: BranchKind.None), dilation: 2), false },
        { "3x3 convolutions alone, LayerNorm", Convolutions(Config(), all: true) with { LayerNorm = true }, false },
        { "3x3 convolutions alone, float down-sampling, without layer scale", Convolutions(Config(binary: false), all: true, dilation: 3) with { LayerScale = false }, false },
        { "overlapping down-sampling", Config() with { Down = DownKind.Conv3 }, false },
        { "overlapping down-sampling, half a block, LayerNorm", Config(width: 24) with { Down = DownKind.Conv3, LayerNorm = true }, false },
        { "attention from stage to stage", Config() with { Down = DownKind.Attention }, false },
        { "attention from stage to stage in three levels, locality", Config(width: 64, heads: 4, reduction: 1) with { Down = DownKind.Attention, AttentionLevels = 3, Locality = true }, true },
        { "attention from stage to stage behind convolutions, zero points, LayerNorm", Convolutions(Config()) with { Down = DownKind.Attention, ZeroPoint = true, LayerNorm = true }, false },
        { "depthwise down-sampling", Config(branches: BranchKind.Shift) with { Down = DownKind.Depthwise }, false },
        { "depthwise down-sampling, LayerNorm", Config() with { Down = DownKind.Depthwise, LayerNorm = true }, false },
        { "a stem of three layers, one of them depthwise", Config() with { ImageSize = 64, Stem = [new(3, 2, 6), new(5, 2, Depthwise: true), new(1, 1, 9)] }, false },
        { "depthwise convolutions, then pools and attention by turns", Mixed("depthwise", "pool+attention"), false },
        { "depthwise convolutions of 5x5 tokens without layer scale", Mixed("depthwise", "pool", s => s.Mixer.Has(MixerKind.Depthwise) ? s with { Kernel = 5 } : s) with { LayerScale = false }, false },
        { "3x3 convolutions, blocks and grids by turns", Mixed("conv3+attention+attention", "attention+conv3", s => s with { WindowSide = 2, Pattern = WindowPattern.BlockGrid, Bias = BiasKind.Relative }), true },
        { "convolutions before queries, keys and values", Mixed("attention", "attention", s => s with { Projection = ProjectionKind.Depthwise }), false },
        { "the same with a stride before keys and values, and class attention", Mixed("attention", "conv3+attention", s => s with { Projection = ProjectionKind.Depthwise, Reduction = 2 }) with { ClassAttention = 1 }, false },
        { "convolutions in the hidden layer, and class attention", Mixed("attention", "pool+attention", s => s with { Ffn = FfnKind.Local }) with { ClassAttention = 1 }, false },
        { "gates of 3x3 convolutions, with attention by turns", Mixed("conv3+attention", "conv3", s => s with { Gate = GateKind.Channel }), true },
        { "gates of depthwise convolutions without layer scale", Mixed("depthwise", "pool", s => s.Mixer.Has(MixerKind.Depthwise) ? s with { Gate = GateKind.Channel } : s) with { LayerScale = false }, false },
        { "gates of 3x3 convolutions, LayerNorm", Convolutions(Config(), all: true) is var c ? c with { LayerNorm = true, Stages = [.. c.Stages.Select(s => s with { Gate = GateKind.Channel })] } : null!, false },
        { "pools with LayerNorm", Mixed("pool", "attention") with { LayerNorm = true }, false },
        { "class token", DeiT() with { ClassToken = true, LayerScale = false, Branches = BranchKind.None }, false },
        { "class token, LayerNorm, layer scale", DeiT() with { ClassToken = true, Branches = BranchKind.None, LayerNorm = true }, true },
        { "average pooling", DeiT() with { LayerScale = false, Branches = BranchKind.None }, false },
        { "average pooling and branches", DeiT() with { LayerScale = false }, false },
        { "average pooling, branches and layer scale", DeiT(), false },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    internal void TheGraphComputesWhatTheDescriptionSays(string what, BinaryViTConfig config, bool clipPerHead)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 5, clipPerHead);
        ParityReport report = Compare(config, tensors, images: 3);
        output.WriteLine($"{what}: {report}");
        Assert.True(report.Passed, report.ToString());
        Assert.True(report.TieImages < 3, report.ToString());
        Assert.True(report.MaxLogitDifference <= 1e-4, report.ToString());
        Assert.All(report.Layers.Where(l => l.Op is "BinaryAttention" or "ShiftSign"), l => Assert.True(l.Compared > 0));
    }

    [Fact]
    public void AttentionBitsAreNeitherAllZeroNorAllOne()
    {
        // The comparisons mean little where the random clips never let a bit through.
        BinaryViTConfig config = Config();
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 5);
        var naive = new NaiveBinaryViT(config, tensors);
        naive.Run(RandomNetwork.Images(config, 1, 1));
        foreach ((string module, double[][][] heads) in naive.Probabilities)
        {
            float clip = tensors[$"{module}.att_prob_clip"].Data[0];
            double share = heads.SelectMany(h => h).SelectMany(row => row).Average(p => p > clip / 2 ? 1.0 : 0.0);
            Assert.InRange(share, 0.02, 0.98);
        }
    }

    [Fact]
    public void AttentionsOptionsAreInTheGraphWhereTheyAreAskedFor()
    {
        GraphNode[] Attentions(BinaryViTConfig config) => [.. Lowering.Lower(config, RandomNetwork.Tensors(config, seed: 5)).Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.All(Attentions(Config()), n => Assert.Equal(["heads"], n.Attributes.Keys));
        Assert.Single(Attentions(DeiT()).Select(n => n.Tensors["exp"]).Distinct());

        GraphNode[] local = Attentions(Config() with { Locality = true, AttentionLevels = 3 });
        Assert.Equal(local.Length, local.Select(n => n.Tensors["exp"]).Distinct().Count());
        Assert.All(local, n => Assert.Equal(3, n.Attributes["levels"]));
        // The first stage's keys are of a reduced grid.
        Assert.Equal([false, true], local.Select(AttentionAttributes.MasksDiagonal).Distinct());
    }

    [Fact]
    public void SignsOfZeroAreOne()
    {
        BinaryViTConfig config = Config();
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 7);
        string layer = "vit.encoder.layer.0";

        // gamma = 0 leaves the bias, and the shift takes it away: the argument is exactly 0 in every token.
        tensors[$"{layer}.layernorm_before.weight"].Data[3] = 0;
        tensors[$"{layer}.layernorm_before.bias"].Data[3] = 0.625f;
        tensors[$"{layer}.attention.attention.moveq"].Data[3] = -0.625f;

        // Every weight of a row equals the row's mean; a zero of a convolution.
        Array.Fill(tensors[$"{layer}.intermediate.dense.weight"].Data, 0.25f, 0, 32);
        tensors["vit.encoder.patch_embed1.proj.weight"].Data[0] = 0;
        tensors["vit.encoder.patch_embed1.proj.weight"].Data[1] = -0f;

        LoweredModel model = Lowering.Lower(config, tensors);
        Assert.Equal(uint.MaxValue, TensorData.Words(model.Tensors[$"{layer}.intermediate.dense.weight"])[0]);
        ulong first = TensorData.Words(model.Tensors["vit.encoder.patch_embed1.proj.weight"])[0];
        Assert.Equal(1UL | (1UL << 32), first & (1UL | (1UL << 32)));
        Value signs = new GraphInterpreter(model.Graph, model.Tensors).Run(RandomNetwork.Images(config, 1, 3))[$"{layer}.attention.attention.query.sign"];
        Assert.All(Enumerable.Range(0, signs.Shape.Tokens), t => Assert.True(signs.Bit(t, 3)));
        Assert.True(Compare(config, tensors, images: 1).Passed);
    }

    [Fact]
    public void ARowMeanThatTheSimulatorNamesDecidesTheSign()
    {
        BinaryViTConfig config = Config();
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 7);
        FloatTensor weight = tensors["vit.encoder.layer.0.output.dense.weight"];
        float nearTie = weight.Data[5];
        var means = new float[32];
        means[0] = nearTie;
        means[1] = 100;
        string name = "vit.encoder.layer.0.output.dense.row_mean";
        tensors.Add(name, new FloatTensor(name, [32], means));
        ulong[] words = TensorData.Words(Lowering.Lower(config, tensors).Tensors[weight.Name]);
        Assert.NotEqual(0UL, words[0] & (1UL << 5));
        Assert.Equal([0UL, 0UL], words[2..4]);

        means[0] = MathF.BitIncrement(nearTie);
        Assert.Equal(0UL, TensorData.Words(Lowering.Lower(config, tensors).Tensors[weight.Name])[0] & (1UL << 5));
    }

    [Fact]
    public void PartsThatDoNothingAreLeftOut()
    {
        BinaryViTConfig config = Config(expansion: 1);
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 9);
        foreach (string branch in (string[])["h3", "w5"])
        {
            Array.Clear(tensors[$"vit.encoder.layer.0.layerscale_{branch}.alpha"].Data);
            Array.Clear(tensors[$"vit.encoder.layer.0.layerscale_{branch}.move"].Data);
        }
        Array.Clear(tensors["vit.encoder.layer.1.layerscale_h3.alpha"].Data);
        LoweredModel model = Lowering.Lower(config, tensors);
        HashSet<string> names = [.. model.Graph.Nodes.Select(n => n.Name)];
        Assert.DoesNotContain("vit.encoder.layer.0.pool_h3", names);
        Assert.DoesNotContain("vit.encoder.layer.0.layerscale_w5", names);
        Assert.Contains("vit.encoder.layer.0.pool_w3", names);
        Assert.Contains("vit.encoder.layer.1.pool_h3", names);
        Assert.DoesNotContain(model.Graph.Nodes, n => n.Op is Op.GroupMeanChannels);
        Assert.True(Compare(config, tensors, images: 2).Passed);
    }

    [Fact]
    public void EveryFaultOfASetOfTensorsIsNamedAtOnce()
    {
        BinaryViTConfig config = Config();
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 9);
        string att = "vit.encoder.layer.0.attention.attention";
        tensors.Remove($"{att}.mover");
        tensors.Remove("classifier.bias");
        tensors.Add("cls_token", new FloatTensor("cls_token", [1, 1, 32], new float[32]));
        tensors.Add("vit.embeddings.norm.num_batches_tracked", new FloatTensor("vit.embeddings.norm.num_batches_tracked", [], [7]));
        tensors[$"{att}.query.weight"] = new FloatTensor($"{att}.query.weight", [32, 16], new float[512]);
        tensors[$"{att}.att_prob_clip"].Data[0] = -0.1f;
        tensors["vit.layernorm.running_var"].Data[2] = -1;
        tensors["vit.layernorm.bias"].Data[4] = float.NaN;
        string message = Assert.Throws<ModelFormatException>(() => Lowering.Lower(config, tensors)).Message;
        Assert.Contains("(7 faults)", message, StringComparison.Ordinal);
        foreach (string part in (string[])[
            $"missing: {att}.mover [32]", "missing: classifier.bias [5]", "not of this network: cls_token [1, 1, 32]",
            $"{att}.query.weight is [32, 16] with 512 values, expected [32, 32]", $"{att}.att_prob_clip is -0.1, expected a positive clip",
            "vit.layernorm.running_var has a negative variance", "vit.layernorm.bias is NaN at element 4"])
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheManifestIsThePapers()
    {
        // 22,618,037 values: 22,491,771 trained and 126,266 of batch norm buffers without the 186 counters.
        long Count(string preset) => new TensorManifest(BinaryViTPresets.Get(preset)).Required.Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b));
        Assert.Equal(22_618_037 - 186, Count("binaryvit-small"));
        Assert.Equal(22_614_901 - 186, Count("binaryvit-small-fp"));
    }

    [Fact]
    public void ValuesCarryTheNamesThatTheSimulatorReports()
    {
        BinaryViTConfig config = Config();
        IReadOnlyList<GraphNode> nodes = Lowering.Lower(config, RandomNetwork.Tensors(config, seed: 9)).Graph.Nodes;
        string[] Names(string prefix) =>
            [.. nodes.Where(n => n.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n.Name[prefix.Length..])];
        Assert.All(nodes, n => Assert.Equal(n.Name, n.Output));
        Assert.Equal(["vit.embeddings.norm", "vit.embeddings"], nodes.Take(2).Select(n => n.Name));
        Assert.Equal(["vit.pooled", "logits"], nodes.TakeLast(2).Select(n => n.Name));
        Assert.Equal(
            [
                ".reduction.pool", ".reduction.sign", ".reduction", ".reduction.sum", ".rprelur",
                ".query.sign", ".query", ".query.sum", ".rpreluq", ".key.sign", ".key", ".key.sum", ".rpreluk",
                ".value.sign", ".value", ".value.sum", ".rpreluv", ".query.bits", ".key.bits", ".value.bits",
                ".norm_context", ".rpreluk.up", ".rpreluv.up", ".context.sum", ".rprelu_context",
            ],
            Names("vit.encoder.layer.0.attention.attention"));
        Assert.Equal(
            [
                ".layernorm_before", ".attention.output.sign", ".attention.output.dense", ".attention.output.sum",
                ".attention.output.rprelu", ".attention.output.layerscale", ".attention", ".layernorm_after",
                ".intermediate.sign", ".intermediate.dense", ".intermediate.tile", ".intermediate.sum", ".intermediate",
                ".output.sign", ".output.dense", ".output.mean", ".output.sum", ".output.rprelu", ".output.layerscale",
                ".pool_h3", ".layerscale_h3", ".pool_w3", ".layerscale_w3", ".pool_h5", ".layerscale_h5", ".pool_w5", ".layerscale_w5", "",
            ],
            Names("vit.encoder.layer.0").Where(n => !n.StartsWith(".attention.attention", StringComparison.Ordinal)));
        Assert.Equal([".norm0", ".sign", ".proj", ".pool", ".tile", ".sum", ".rprelu", ""], Names("vit.encoder.patch_embed1"));
    }

    internal static ParityReport Compare(BinaryViTConfig config, Dictionary<string, FloatTensor> tensors, int images)
    {
        var folded = FoldedModel.Of(Lowering.Lower(config, tensors));
        byte[] bytes = EvitWriter.ToBytes(folded.Model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}");
        using var check = new ParityCheck(EvitFile.Parse(bytes), folded.Values);
        float[] pixels = RandomNetwork.Images(config, images, seed: 11);
        int size = pixels.Length / images;
        for (int i = 0; i < images; i++)
        {
            var naive = new NaiveBinaryViT(config, tensors);
            float[] logits = naive.Run(pixels.AsSpan(i * size, size));
            check.AddImage(pixels.AsSpan(i * size, size), naive, logits);
        }
        return check.Report;
    }
}
