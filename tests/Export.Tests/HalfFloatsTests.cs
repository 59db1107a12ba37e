using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>Floats in 16 bits: what is rounded, how small a file gets, and that the check knows rounding from faults.</summary>
public class HalfFloatsTests(ITestOutputHelper output)
{
    private static readonly BinaryViTConfig s_config = BinaryViTPresets.Get("binaryvit-nano").With(classes: 5);

    public static TheoryData<BinaryViTConfig, int> Networks { get; } = new()
    {
        { s_config, 1 },
        { s_config with { LayerNorm = true, Name = "layer norms" }, 2 },
        { s_config with { BinaryDownsampling = false, Branches = BranchKind.None, Name = "float down-sampling" }, 3 },
        { s_config with { StemWidth = 12, ShiftedPatches = true, Name = "stem and shifted patches" }, 5 },
        {
            new BinaryViTConfig("reduced", 16, 2, [new StageConfig(1, 24, 48, 1, 4), new StageConfig(1, 48, 48, 2, 1)], Classes: 3), 4
        },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void EveryGroupPassesTheCheckOfThePackedFile(BinaryViTConfig config, int seed)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed);
        LoweredModel model = Lowering.Lower(config, tensors);
        foreach (FloatGroups groups in (FloatGroups[])[FloatGroups.Tables, FloatGroups.Affines, FloatGroups.Thresholds, FloatGroups.All])
        {
            EvitFile file = Packed(config, HalfFloats.Store(model, groups));
            Assert.Equal(groups, HalfFloats.GroupsOf(file.Graph, file.Tensors));
            ParityReport report = Check(config, tensors, file, seed);
            output.WriteLine($"{config.Name} {groups}: {report}");
            Assert.True(report.Passed, $"{groups}: {report}");
            using EvitModel loaded = EvitModel.Load(file);
            Assert.True(loaded.RunSelfTest().Passed);
        }
        Assert.Equal(0, Check(config, tensors, Packed(config, model), seed).Layers.Sum(l => l.Rounded));
    }

    [Fact]
    public void AFaultIsNoRounding()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, 5);
        LoweredModel model = HalfFloats.Store(Lowering.Lower(s_config, tensors), FloatGroups.All);
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
            Half[] values = [.. TensorData.Floats(model.Tensors[name]).Select(v => (Half)((v * 1.005f) + 0.003f))];
            StoredTensor altered = model.Tensors[name] with { Bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes<Half>(values).ToArray() };
            var changed = new Dictionary<string, StoredTensor>(model.Tensors) { [name] = altered };
            ParityReport report = Check(s_config, tensors, Packed(s_config, model with { Tensors = changed }), 5);
            Assert.False(report.Passed, name);
            Assert.Equal(where, report.Layers.First(l => l.Mismatches > 0).Name);
        }
    }

    [Fact]
    public void OnlyFloatsThatF16HoldsAreRounded()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, 6);
        tensors["vit.encoder.layer.0.output.layerscale.alpha"].Data[3] = 70_000;
        Array.Fill(tensors["vit.encoder.layer.0.output.layerscale.move"].Data, 1e-7f);
        LoweredModel model = HalfFloats.Store(Lowering.Lower(s_config, tensors), FloatGroups.All);
        Assert.Equal(
            ["vit.encoder.layer.0.output.layerscale.offset", "vit.encoder.layer.0.output.layerscale.scale"],
            model.Tensors.Values.Where(t => t.Type == StoredType.F32 && !t.Name.EndsWith(".clip", StringComparison.Ordinal)).Select(t => t.Name).Order());
        Assert.DoesNotContain(model.Tensors.Values, t => t.Name.EndsWith(".clip", StringComparison.Ordinal) && t.Type != StoredType.F32);
    }

    /// <summary>The size that the paper's network shall have, with a thousand labels.</summary>
    [Fact]
    public void BinaryViTSmallTakesAtMost5600000Bytes()
    {
        BinaryViTConfig config = BinaryViTPresets.Get("binaryvit-small");
        EvitFile file = Packed(config, HalfFloats.Store(Lowering.Lower(config, RandomNetwork.Tensors(config, 7)), FloatGroups.All));
        output.WriteLine($"{file.Bytes:N0} bytes");
        Assert.InRange(file.Bytes, 5_000_000, 5_585_000);
    }

    [Theory]
    [InlineData(FloatPolicy.F32, true, FloatGroups.None)]
    [InlineData(FloatPolicy.Auto, true, FloatGroups.None)]
    [InlineData(FloatPolicy.F16, true, FloatGroups.All)]
    [InlineData(FloatPolicy.F16, false, FloatGroups.None)]
    public void TheFirstChoiceThatPassesIsTakenAndTheLastIsExact(FloatPolicy policy, bool passes, FloatGroups expected)
    {
        LoweredModel model = Lowering.Lower(s_config, RandomNetwork.Tensors(s_config, 8));
        var asked = new List<FloatGroups>();
        CertifiedModel certified = CertifiedModel.Pack(
            () => model, policy,
            m => EvitWriter.ToBytes(m, RandomNetwork.Preprocess(s_config), RandomNetwork.Labels(s_config), "{}"),
            file =>
            {
                asked.Add(HalfFloats.GroupsOf(file.Graph, file.Tensors));
                using var check = new ParityCheck(file);
                return ParityCertificate.Of("import", file, check.Report, "nothing", new CertificateImages(0, "none")) with { Passed = passes };
            });
        Assert.Equal(expected, HalfFloats.GroupsOf(certified.File.Graph, certified.File.Tensors));
        Assert.Equal(passes ? 1 : 4, asked.Count);
        Assert.Equal(passes, ParityCertificate.Read(certified.File.Certificate)!.Passed);
        Assert.Equal(certified.Certificate.ToJson(), certified.File.Certificate);
        using EvitModel loaded = EvitModel.Load(certified.File);
        Assert.True(loaded.RunSelfTest().Passed);
        Assert.Throws<EvitFormatException>(() => EvitWriter.WithCertificate(certified.Bytes, "[]"));
    }

    private static ParityReport Check(BinaryViTConfig config, Dictionary<string, FloatTensor> tensors, EvitFile file, int seed)
    {
        using var check = new ParityCheck(file);
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
