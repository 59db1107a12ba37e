namespace EdgeVit.Export.Tests;

/// <summary>Float transformers under timm's and Hugging Face's names, recognised from their tensors, against the naive one.</summary>
public class FloatViTTests
{
    private static readonly FloatViTConfig s_plain = new("vit", ImageSize: 12, PatchSize: 4, Width: 48, FfnWidth: 96, Depth: 2, Heads: 2, Classes: 5);

    public static IEnumerable<ITheoryDataRow> Networks => new TheoryData<string, FloatViTConfig>
    {
        { "ViT with a class token", s_plain },
        { "heads of 24, another FFN", s_plain with { Width = 72, Heads = 3, FfnWidth = 100 } },
        { "distilled DeiT", s_plain with { LeadingTokens = 2 } },
        { "DeiT-3: layer scale, no position for the class token", s_plain with { LayerScale = true, LeadingPositions = false } },
        { "mean of the patches, then the norm", s_plain with { Pooling = ViTPooling.NormOfMean } },
        { "no class token", s_plain with { Pooling = ViTPooling.MeanOfNormed, LeadingTokens = 0 } },
        { "a norm before the blocks", s_plain with { PreNorm = true } },
        { "registers with positions", s_plain with { RegisterTokens = 2 } },
        { "registers without positions, layer scale", s_plain with { RegisterTokens = 5, LeadingPositions = false, LayerScale = true } },
        { "registers, mean of the patches", s_plain with { RegisterTokens = 3, Pooling = ViTPooling.NormOfMean, PreNorm = true } },
        { "registers alone", s_plain with { RegisterTokens = 3, LeadingTokens = 0, LeadingPositions = false, Pooling = ViTPooling.NormOfMean } },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    internal void TimmNames(string what, FloatViTConfig config)
    {
        Dictionary<string, FloatTensor> tensors = Tensors(config, ViTNames.Timm, seed: 3);
        if (config.LeadingTokens == 1)
        {
            tensors.Remove("blocks.1.attn.qkv.bias");
        }

        RecognisedNetwork network = NetworkRecogniser.Recognise(tensors, new RecogniserOptions(HeadSize: config.Width / config.Heads));
        Assert.Equal(config, network.Config);
        Assert.Contains("timm", network.Variant, StringComparison.Ordinal);
        Assert.Single(network.Assumed);
        Same(what, config, network, tensors, tensors);
    }

    /// <summary>An epsilon that nobody takes by default, so large that every norm shows it.</summary>
    [Fact]
    public void TheEpsilonOfNormsIsWhatTheOptionsSay()
    {
        FloatViTConfig config = s_plain with { NormEps = 0.25 };
        Dictionary<string, FloatTensor> tensors = Tensors(config, ViTNames.Timm, seed: 6);
        RecognisedNetwork network = NetworkRecogniser.Recognise(tensors, new RecogniserOptions(HeadSize: 24, NormEps: 0.25));
        Assert.Equal(config, network.Config);
        Assert.Empty(network.Assumed);
        Same("a large epsilon", config, network, tensors, tensors);
    }

    /// <summary>Query, key and value under one name or three, and the same network.</summary>
    [Theory]
    [InlineData("vit", false)]
    [InlineData("deit", false)]
    [InlineData("deit", true)]
    public void HuggingFaceNames(string prefix, bool distilled)
    {
        ViTNames names = prefix == "vit" ? ViTNames.HuggingFace : distilled ? ViTNames.HuggingFaceDistilled : ViTNames.HuggingFaceDeiT;
        FloatViTConfig config = s_plain with { LeadingTokens = distilled ? 2 : 1, NormEps = prefix == "vit" ? 1e-5 : 1e-12 };
        Dictionary<string, FloatTensor> tensors = Tensors(config, names, seed: 4);
        tensors.Add($"{prefix}.pooler.dense.weight", new FloatTensor("", [48, 48], new float[48 * 48]));
        RecognisedNetwork network = NetworkRecogniser.Recognise(tensors, new RecogniserOptions(HeadSize: 24));
        Assert.Equal(config, network.Config);
        Same(prefix, config, network, tensors, ToTimm(tensors, names, config));
    }

    /// <summary>DeiTForImageClassification keeps the distillation token and reads the class token alone.</summary>
    [Fact]
    public void ADistillationTokenWithoutAHeadOnlyLeads()
    {
        FloatViTConfig config = s_plain with { LeadingTokens = 2, Pooling = ViTPooling.ClassToken, NormEps = 1e-12 };
        Dictionary<string, FloatTensor> tensors = Tensors(config, ViTNames.HuggingFaceDeiT, seed: 8);
        RecognisedNetwork network = NetworkRecogniser.Recognise(tensors, new RecogniserOptions(HeadSize: 24));
        Assert.Equal(config, network.Config);
        Assert.Contains("one head", network.Variant, StringComparison.Ordinal);
        Same("one head", config, network, tensors, ToTimm(tensors, ViTNames.HuggingFaceDeiT, config));
    }

    [Theory]
    [InlineData("blocks.0.attn.q_norm.weight", "QK-norm")]
    [InlineData("pre_logits.fc.weight", "pre-logits")]
    [InlineData("blocks.1.mlp.w12.weight", "SwiGLU")]
    [InlineData("blocks.0.attn.relative_position_bias_table", "relative position")]
    [InlineData("rope.freqs", "rotary")]
    [InlineData("attn_pool.latent", "attention pooling")]
    [InlineData("blocks.0.attn.q_bias", "BEiT")]
    [InlineData("blocks.0.attn.qkv.lora_A.default.weight", "merge")]
    public void PartsThatNoModelFileHasAreNamed(string tensor, string what)
    {
        Dictionary<string, FloatTensor> tensors = Tensors(s_plain, ViTNames.Timm, seed: 5);
        tensors.Add(tensor, new FloatTensor("", [4], new float[4]));
        string message = Assert.Throws<CheckpointException>(() => NetworkRecogniser.Recognise(tensors)).Message;
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.Contains(tensor, message, StringComparison.Ordinal);
        Assert.Contains("convert --teacher", message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneLogitSaysHowItBecomesTwo()
    {
        Dictionary<string, FloatTensor> tensors = Tensors(s_plain with { Classes = 1 }, ViTNames.Timm, seed: 5);
        Assert.Contains("a row of zeros", Assert.Throws<ModelFormatException>(() => NetworkRecogniser.Recognise(tensors)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryFaultIsNamedAtOnceWithWhatItMayBe()
    {
        Dictionary<string, FloatTensor> tensors = Tensors(s_plain, ViTNames.Timm, seed: 5);
        tensors.Remove("norm.bias");
        tensors.Remove("blocks.1.mlp.fc2.weight", out FloatTensor? moved);
        tensors.Add("blocks.1.mlp.fc3.weight", moved!);
        tensors["blocks.0.attn.qkv.weight"] = new FloatTensor("", [143, 48], new float[143 * 48]);
        tensors["head.bias"].Data[2] = float.NaN;
        RecognisedNetwork network = NetworkRecogniser.Recognise(tensors, new RecogniserOptions(HeadSize: 24));
        string message = Assert.Throws<ModelFormatException>(() => Lowering.Lower(network, tensors)).Message;
        foreach (string part in (string[])[
            "(5 faults)", "missing: norm.bias [48]", "missing: blocks.1.mlp.fc2.weight [48, 96] (is it 'blocks.1.mlp.fc3.weight'?)",
            "blocks.0.attn.qkv.weight is [143, 48]", "expected [144, 48]", "head.bias is NaN", "not of this network: blocks.1.mlp.fc3.weight"])
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    internal static Dictionary<string, FloatTensor> Tensors(FloatViTConfig config, ViTNames names, int seed)
    {
        var random = new Random(seed);
        var tensors = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        List<(string Name, int[] Shape)> all = [.. FloatViTLowering.Checklist(config, names).Required, ($"{names.Patches}.bias", [config.Width])];
        for (int l = 0; l < config.Depth; l++)
        {
            all.AddRange(names.Qkv.Select(q => (names.In(l, $"{q}.bias"), new[] { 3 / names.Qkv.Count * config.Width })));
        }

        foreach ((string name, int[] shape) in all)
        {
            float mean = shape.Length == 1 && name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0;
            float deviation = name.StartsWith(names.Head, StringComparison.Ordinal) ? 0.1f : 0.25f;
            tensors[name] = new FloatTensor(name, shape,
                [.. Enumerable.Range(0, (int)FloatTensor.Count(shape)).Select(_ => mean + (deviation * ((2 * random.NextSingle()) - 1)))]);
        }
        return tensors;
    }

    private static void Same(
        string what, FloatViTConfig config, RecognisedNetwork network, Dictionary<string, FloatTensor> tensors, Dictionary<string, FloatTensor> timm)
    {
        LoweredModel model = Lowering.Lower(network, tensors);
        var random = new Random(9);
        float[] image = [.. Enumerable.Range(0, 3 * config.ImageSize * config.ImageSize).Select(_ => (4 * random.NextSingle()) - 2)];
        double[] expected = new NaiveViT(config, timm).Run(image);
        float[] found = new GraphInterpreter(model.Graph, model.Tensors).Run(image)[Lowering.OutputName].Floats;
        double worst = expected.Zip(found, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst < 5e-6, $"{what}: largest logit difference {worst:E2} of {expected.Max(Math.Abs)}");
    }

    /// <summary>The tensors of a network under Hugging Face's names, under timm's.</summary>
    private static Dictionary<string, FloatTensor> ToTimm(Dictionary<string, FloatTensor> tensors, ViTNames names, FloatViTConfig config)
    {
        var result = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        ViTNames timm = ViTNames.Timm;
        (string, string)[] ends =
        [
            (names.ClassToken, timm.ClassToken), (names.DistillationToken, timm.DistillationToken), (names.Positions, timm.Positions),
            (names.Patches, timm.Patches), (names.Norm, timm.Norm), (names.Head, timm.Head), (names.DistillationHead, timm.DistillationHead),
            .. Enumerable.Range(0, config.Depth).SelectMany(l => ((string, string)[])
            [
                (names.NormBefore, timm.NormBefore), (names.Projection, timm.Projection), (names.NormAfter, timm.NormAfter), (names.Wide, timm.Wide), (names.Narrow, timm.Narrow),
            ], (l, pair) => (names.In(l, pair.Item1), timm.In(l, pair.Item2))),
        ];
        foreach ((string from, string to) in ends)
        {
            foreach (string part in (string[])["", ".weight", ".bias"])
            {
                if (tensors.TryGetValue(from + part, out FloatTensor? tensor))
                {
                    result[to + part] = tensor;
                }
            }
        }
        for (int l = 0; l < config.Depth; l++)
        {
            foreach (string part in (string[])["weight", "bias"])
            {
                result[timm.In(l, $"attn.qkv.{part}")] = new FloatTensor("", [], [.. names.Qkv.SelectMany(q => tensors[names.In(l, $"{q}.{part}")].Data)]);
            }
        }
        return result;
    }
}
