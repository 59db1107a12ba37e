using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>Floats in 16 bits: what is rounded, how small a file gets, and that the check knows rounding from faults.</summary>
public class HalfFloatsTests(ITestOutputHelper output)
{
    private static readonly BinaryViTConfig s_config = BinaryViTPresets.Get("binaryvit-nano").With(classes: 5);

    public static IEnumerable<ITheoryDataRow> Networks { get; } = new TheoryData<BinaryViTConfig, int>
    {
        { s_config, 1 },
        { s_config with { LayerNorm = true, Name = "layer norms" }, 2 },
        { s_config with { Down = DownKind.Float, Branches = BranchKind.None, AttentionLevels = 3, ZeroPoint = true, Locality = true, Name = "float down-sampling, zero points" }, 3 },
        { s_config with { StemWidth = 12, ShiftedPatches = true, Name = "stem and shifted patches" }, 5 },
        { s_config with { Stages = [s_config.Stages[0] with { Mixer = MixerKind.Conv3, Gate = GateKind.Channel }, .. s_config.Stages.Skip(1)], Name = "convolutions" }, 6 },
        { s_config with { Down = DownKind.Depthwise, PatchSize = 1, Stem = [new StemLayer(3, 2, 8), new StemLayer(3, 2, Depthwise: true)], Name = "depthwise" }, 7 },
        { s_config with { Down = DownKind.Conv3, Name = "overlapping" }, 8 },
        { s_config with { Down = DownKind.Attention, Name = "attention from stage to stage" }, 9 },
        {
            new BinaryViTConfig("reduced", 16, 2, [new StageConfig(1, 24, 48, 1, 4), new StageConfig(1, 48, 48, 2, 1)], Classes: 3), 4
        },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    internal void EveryGroupPassesTheCheckOfThePackedFile(BinaryViTConfig config, int seed)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed);
        var folded = FoldedModel.Of(Lowering.Lower(config, tensors));
        foreach (FloatGroups groups in (FloatGroups[])[FloatGroups.Tables, FloatGroups.Scales, FloatGroups.All])
        {
            EvitFile file = Packed(config, HalfFloats.Store(folded.Model, groups));
            Assert.Equal(groups, HalfFloats.GroupsOf(file.Graph, file.Tensors));
            ParityReport report = Check(config, tensors, file, folded.Values, seed);
            output.WriteLine($"{config.Name} {groups}: {report}");
            Assert.True(report.Passed, $"{groups}: {report}");
            using EvitModel loaded = EvitModel.Load(file);
            Assert.True(loaded.RunSelfTest().Passed);
        }
        Assert.Equal(0, Check(config, tensors, Packed(config, folded.Model), folded.Values, seed).Layers.Sum(l => l.Rounded));
    }

    [Fact]
    public void AFaultIsNoRounding()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, 5);
        var folded = FoldedModel.Of(Lowering.Lower(s_config, tensors));
        LoweredModel model = HalfFloats.Store(folded.Model, FloatGroups.All);
        foreach ((string name, string where) in ((string, string)[])[
            ("vit.encoder.layer.0.intermediate.dense.scale", "vit.encoder.layer.0.intermediate.dense"),
            ("vit.encoder.layer.1.layernorm_after.offset", "vit.encoder.layer.1.layernorm_after"),
            ("vit.encoder.layer.1.output.rprelu.slope", "vit.encoder.layer.1.output.rprelu"),
            ("vit.encoder.layer.2.attention.attention.norm_context.scale", "vit.encoder.layer.2.attention.attention.norm_context"),
            ("vit.encoder.layer.3.intermediate.sign.shift", "vit.encoder.layer.3.intermediate.sign"),
            ("vit.embeddings.position", "vit.embeddings"),
            ("logits.weight", "logits")])
        {
            // Ten times the rounding of a half, in every element.
            float[] values = [.. TensorData.Floats(model.Tensors[name]).Select(v => (v * 1.005f) + 0.003f)];
            StoredTensor altered = TensorData.Of(name, values, [.. model.Tensors[name].Shape]);
            var changed = new Dictionary<string, StoredTensor>(model.Tensors) { [name] = altered };
            ParityReport report = Check(s_config, tensors, Packed(s_config, model with { Tensors = changed }), folded.Values, 5);
            Assert.False(report.Passed, name);
            Assert.Equal(where, report.Layers.First(l => l.Mismatches > 0).Name);
        }
    }

    [Fact]
    public void OnlyFloatsThatF16HoldsAreRounded()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, 6);
        tensors["vit.encoder.layer.0.output.layerscale.alpha"].Data[3] = 70_000;
        LoweredModel model = HalfFloats.Store(Lowering.Lower(s_config, tensors), FloatGroups.All);
        string[] added = [".clip", ".offset", ".shift", ".bias"];
        Assert.Equal(
            ["vit.encoder.layer.0.output.layerscale.scale"],
            model.Tensors.Values.Where(t => t.Type == StoredType.F32 && !added.Any(a => t.Name.EndsWith(a, StringComparison.Ordinal))).Select(t => t.Name));
        Assert.DoesNotContain(model.Tensors.Values, t => added.Any(a => t.Name.EndsWith(a, StringComparison.Ordinal)) && t.Type != StoredType.F32);
    }

    /// <summary>The size that the paper's network shall have, with a thousand labels.</summary>
    [Fact]
    public void BinaryViTSmallTakesAtMost5600000Bytes()
    {
        BinaryViTConfig config = BinaryViTPresets.Get("binaryvit-small");
        EvitFile file = Packed(config, HalfFloats.Store(FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, 7))).Model, FloatGroups.All));
        output.WriteLine($"{file.Bytes:N0} bytes");
        Assert.InRange(file.Bytes, 5_000_000, 5_585_000);
    }

    /// <summary>Which files are certified, and which one is taken.</summary>
    [Theory]
    [InlineData(FloatPolicy.F32, true, FloatGroups.None, new[] { FloatGroups.None }, "asked for")]
    [InlineData(FloatPolicy.Auto, true, FloatGroups.None, new[] { FloatGroups.None }, "exact, as no labelled images could show")]
    [InlineData(FloatPolicy.F16, true, FloatGroups.All, new[] { FloatGroups.All }, "asked for")]
    [InlineData(FloatPolicy.F16, false, FloatGroups.None, new[] { FloatGroups.All, FloatGroups.Tables, FloatGroups.None }, "exact, as the certificate does not hold for 16 bits")]
    internal void TheFirstChoiceThatPassesIsTakenAndTheLastIsExact(FloatPolicy policy, bool passes, FloatGroups expected, FloatGroups[] asked, string reason)
    {
        (CertifiedModel certified, List<FloatGroups> seen) = Pack(s_config, policy, passes, null);
        Assert.Equal(expected, HalfFloats.GroupsOf(certified.File.Graph, certified.File.Tensors));
        Assert.Equal(asked, seen);
        Assert.Equal(passes, ParityCertificate.Read(certified.File.Certificate)!.Passed);
        Assert.StartsWith(reason, certified.Certificate.FloatsReason, StringComparison.Ordinal);
        Assert.Equal(certified.Certificate.ToJson(), certified.File.Certificate);
        using EvitModel loaded = EvitModel.Load(certified.File);
        Assert.True(loaded.RunSelfTest().Passed);
        Assert.Throws<EvitFormatException>(() => EvitWriter.WithCertificate(certified.Bytes, "[]"));
    }

    /// <summary>Labelled images decide: just enough of them, just enough the same, no fewer right.</summary>
    [Theory]
    [InlineData(1000, 998, 800, 800, true)]
    [InlineData(1000, 1000, 800, 799, false)]
    [InlineData(1000, 997, 800, 801, false)]
    [InlineData(999, 999, 800, 800, false)]
    [InlineData(2000, 1996, 1500, 1501, true)]
    [InlineData(2000, 1995, 1500, 1501, false)]
    public void AutoRoundsWhereLabelledImagesLoseNothing(int images, int same, int exactRight, int roundedRight, bool rounds)
    {
        BinaryViTConfig config = s_config with { ImageSize = 64, PatchSize = 4, StemWidth = 700, Name = "with a megabyte of floats" };
        var trial = new FloatTrial(images, same, exactRight, roundedRight);
        (CertifiedModel certified, _) = Pack(config, FloatPolicy.Auto, true, trial);
        Assert.Equal(rounds ? FloatGroups.All : FloatGroups.None, HalfFloats.GroupsOf(certified.File.Graph, certified.File.Tensors));
        Assert.Equal(trial.ToString(), certified.Certificate.FloatsReason);
        Assert.Contains(certified.Certificate.Lines(), l => l.EndsWith($": {trial}", StringComparison.Ordinal));

        (certified, _) = Pack(s_config, FloatPolicy.Auto, true, trial);
        Assert.Equal("exact, as less than 1 MB of floats is not worth rounding", certified.Certificate.FloatsReason);
    }

    private static (CertifiedModel Certified, List<FloatGroups> Asked) Pack(BinaryViTConfig config, FloatPolicy policy, bool passes, FloatTrial? trial)
    {
        LoweredModel model = Lowering.Lower(config, RandomNetwork.Tensors(config, 8));
        var asked = new List<FloatGroups>();
        CertifiedModel certified = CertifiedModel.Pack(
            () => model, policy,
            m => EvitWriter.ToBytes(m, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}"),
            (file, values) =>
            {
                asked.Add(HalfFloats.GroupsOf(file.Graph, file.Tensors));
                using var check = new ParityCheck(file, values);
                return ParityCertificate.Of("import", file, check.Report, "nothing", new CertificateImages(0, "none")) with { Passed = passes };
            },
            trial is null ? null : (exact, rounded) =>
            {
                Assert.Equal(FloatGroups.None, HalfFloats.GroupsOf(exact.Graph, exact.Tensors));
                Assert.NotEqual(FloatGroups.None, HalfFloats.GroupsOf(rounded.Graph, rounded.Tensors));
                return trial;
            });
        return (certified, asked);
    }

    private static ParityReport Check(BinaryViTConfig config, Dictionary<string, FloatTensor> tensors, EvitFile file, IReadOnlyDictionary<string, FoldedValue> values, int seed)
    {
        using var check = new ParityCheck(file, values);
        for (int i = 0; i < 2; i++)
        {
            var naive = new NaiveBinaryViT(config, tensors);
            float[] image = RandomNetwork.Images(config, 1, seed + 100 + i);
            check.AddImage(image, naive, naive.Run(image));
        }
        return check.Report;
    }

    private static EvitFile Packed(BinaryViTConfig config, LoweredModel model) =>
        EvitFile.Parse(EvitWriter.ToBytes(model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}"));
}
