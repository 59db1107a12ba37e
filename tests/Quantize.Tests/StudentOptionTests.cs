using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>Students that are built otherwise than their preset.</summary>
[Collection(nameof(SwitchesKernels))]
public class StudentOptionTests
{
    [Fact]
    public void OptionsChangeTheLayoutAndAreKept()
    {
        using var folder = new TempFolder();
        var layout = new BinaryViTConfig("small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1), new StageConfig(1, 64, 64, 2, 1)], Classes: 10);
        ConvertOptions options = ShortRun.Of(folder, layout) with { FloatDownsampling = true, Branches = BranchKind.Shift, ShiftedPatches = true, Stem = 6, AttentionLevels = 3, Locality = true };
        ConvertResult result = ShortRun.Proven(options);
        IReadOnlyList<GraphNode> nodes = EvitFile.Read(result.Model).Graph.Nodes;
        Assert.Equal(["vit.embeddings.stem.norm", "vit.embeddings.norm", "vit.encoder.patch_embed1.proj"], nodes.Where(n => n.Op == Op.Conv2d).Select(n => n.Name));
        Assert.DoesNotContain(nodes, n => n.Op == Op.AvgPool2d);
        Assert.Contains(nodes, n => n.Op == Op.SpatialShift);
        Assert.All(nodes.Where(n => n.Op == Op.BinaryAttention), n => Assert.Equal((3, true), (AttentionAttributes.Levels(n), AttentionAttributes.MasksDiagonal(n))));
        Assert.Equal(2, nodes.Single(n => n.Name == "vit.embeddings.norm").Attributes["padding"]);

        Assert.Contains("\\u0022stemWidth\\u0022: 6", File.ReadAllText(folder.File("run/config.json")), StringComparison.Ordinal);
        Assert.Contains("\\u0022branches\\u0022: \\u0022shift\\u0022", File.ReadAllText(folder.File("run/config.json")), StringComparison.Ordinal);
        var other = Assert.Throws<ConvertException>(() => Converter.Convert(options with { Stem = 8, Resume = true }, new SilentProgress()));
        Assert.Contains("student.layout was", other.Message, StringComparison.Ordinal);

        // Its checkpoint says what it is of.
        ImportedCheckpoint imported = CheckpointImport.Open(folder.File("run/student/best.safetensors"));
        Assert.Equal(StudentLayout.Of(options).With(classes: 10), imported.Network.Config);
        Assert.Empty(imported.Network.Assumed);
        Assert.Equal(EvitFile.Read(result.Model).Preprocess.Mean, imported.Preprocess.Mean);
        Assert.Equal(nodes.Select(n => n.Name), FoldedModel.Of(imported.Lower()).Model.Graph.Nodes.Select(n => n.Name));

        // A layout as earlier versions wrote it is the same layout.
        string now = ConfigJson.Write(BinaryViTPresets.Get("binaryvit-nano"));
        string then = now.Replace("\"branches\": \"pool\"", "\"poolBranches\": true", StringComparison.Ordinal);
        Assert.NotEqual(now, then);
        Assert.True(ConfigurationKeys.Same("student.layout", then, now));
        Assert.False(ConfigurationKeys.Same("student.layout", "absent", now));
        Assert.False(ConfigurationKeys.Same("student.layout", then.Replace("true", "false", StringComparison.Ordinal), now));
        Assert.False(ConfigurationKeys.Same("student", then, now));

        Assert.Contains("hybrid-nano has a stem of its own (3x3 of stride 2, 3x3 of stride 2)", Assert.Throws<ConvertException>(() => StudentLayout.Of(options with { Student = "hybrid-nano", Stem = 8 })).Message, StringComparison.Ordinal);
        Assert.Contains("--stem is 5000, expected 0 to 4096", Assert.Throws<ConvertException>(() => Converter.Convert(options with { Stem = 5000 }, new SilentProgress())).Message, StringComparison.Ordinal);
        Assert.Contains("--attention-levels is 2, expected 1 or 3", Assert.Throws<ConvertException>(() => Converter.Convert(options with { AttentionLevels = 2 }, new SilentProgress())).Message, StringComparison.Ordinal);
        File.WriteAllText(options.Student, File.ReadAllText(options.Student).Replace("\"attentionLevels\": 1", "\"attentionLevels\": 2", StringComparison.Ordinal));
        Assert.Contains("attention of 2 levels, 1 or 3 are possible", Assert.Throws<ModelFormatException>(() => Converter.Convert(options with { AttentionLevels = null, Overwrite = true }, new SilentProgress())).Message, StringComparison.Ordinal);
    }

    /// <summary>Both training paths lead to a file that is proven.</summary>
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 2)]
    public void ClassAttentionIsTrainedAndProven(bool fused, int layers)
    {
        using var folder = new TempFolder();
        var layout = new BinaryViTConfig("small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1), new StageConfig(1, 64, 64, 2, 1)], Classes: 10, ClassAttention: layers);
        ConvertOptions options = ShortRun.Of(folder, layout) with { ClassHead = true };
        ConvertResult result = ShortRun.Proven(options, fused);
        IReadOnlyList<GraphNode> nodes = EvitFile.Read(result.Model).Graph.Nodes;
        Assert.Equal(layers == 0 ? 1 : layers, nodes.Count(n => n.Op == Op.PrependTokens));
        BinaryViTConfig network = StudentLayout.Of(options).With(classes: 10);
        Assert.Equal(network, CheckpointImport.Open(folder.File("run/student/best.safetensors")).Network.Config);
        Assert.NotEqual(network, StudentLayout.Of(options with { ClassHead = false }).With(classes: 10));
        Assert.Contains("student.layout was", Assert.Throws<ConvertException>(() => Converter.Convert(options with { ClassHead = false, Resume = true }, new SilentProgress())).Message, StringComparison.Ordinal);
    }

    /// <summary>Convolutions, by both training paths: what is packed is proven, and the checkpoint says its layout; with a gate that has learned.</summary>
    [Theory]
    [InlineData(true, ConvertOptions.Float32, true)]
    [InlineData(false, ConvertOptions.Float32)]
    [InlineData(true, ConvertOptions.BFloat16)]
    public void ConvolutionsAreTrainedAndProven(bool fused, string precision, bool gate = false)
    {
        using var folder = new TempFolder();
        var layout = new BinaryViTConfig(
            "small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1) { Mixer = MixerKind.Conv3, Dilation = 2, Gate = gate ? GateKind.Channel : GateKind.None }, new StageConfig(1, 64, 64, 2, 1)], Classes: 10);
        ConvertOptions options = ShortRun.Of(folder, layout) with { Precision = precision };
        ConvertResult result = ShortRun.Proven(options, fused);
        GraphNode conv = EvitFile.Read(result.Model).Graph.Nodes.Single(n => n.Op == Op.BinaryConv && ConvWindow.Of(n).KeepsGrid);
        Assert.Equal(new ConvWindow(3, 1, 2, 2), ConvWindow.Of(conv));
        Assert.Equal(gate, CheckpointImport.Open(folder.File("run/student/best.safetensors")).Tensors.TryGetValue("vit.encoder.layer.0.gate.excite.weight", out FloatTensor? excite) && excite.Data.Any(w => w != 0));
        Assert.Equal(StudentLayout.Of(options).With(classes: 10), CheckpointImport.Open(folder.File("run/student/best.safetensors")).Network.Config);
    }

    [Fact]
    public void AShiftedPatchSeesWhatItsFourShiftsDo()
    {
        // A linear map of a patch and its diagonal shifts by half a patch is a convolution of twice the kernel: the shifts reach every pixel of that
        // window and no other.
        BinaryViTConfig config = BinaryViTPresets.Get("binaryvit-nano") with { ShiftedPatches = true };
        int p = config.PatchSize;
        var seen = new bool[2 * p, 2 * p];
        foreach ((int dy, int dx) in ((int, int)[])[(0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)])
        {
            for (int y = 0; y < p; y++)
            {
                for (int x = 0; x < p; x++)
                {
                    seen[y + config.PatchPadding + (dy * p / 2), x + config.PatchPadding + (dx * p / 2)] = true;
                }
            }
        }
        Assert.Equal(config.PatchKernel, 2 * p);
        Assert.All(seen.Cast<bool>(), Assert.True);
        Assert.Contains("cannot be shifted", Assert.Throws<ModelFormatException>(() => (config with { PatchSize = 1, ImageSize = 4 }).Validate()).Message, StringComparison.Ordinal);
        Assert.NotEqual(config, config with { ShiftedPatches = false });
        Assert.NotEqual(config, config with { StemWidth = 3 });
        Assert.NotEqual(config, config with { AttentionLevels = 3 });
        Assert.Equal(config with { StemWidth = 3 }, ConfigJson.Read(ConfigJson.Write(config with { StemWidth = 3 })));
    }
}
