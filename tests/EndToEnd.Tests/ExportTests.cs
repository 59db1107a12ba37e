using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Export.Onnx.Wire;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Models as ONNX files: ONNX Runtime computes the same.</summary>
public sealed class ExportTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void AnExportedModelGivesTheRuntimesLogitsInOnnxRuntime()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        JsonObject json = EdgeVitProcess.Run("export", model.Path, "--to", "onnx", "--out", folder["net.onnx"], "--json", "--quiet").Expect(0).Json;
        Assert.True((bool)json["certificate"]!["passed"]!);
        Assert.Equal(2, (int)json["certificate"]!["images"]!["count"]!);
        Assert.InRange((double)json["certificate"]!["logits"]!["maxLogitDifference"]!, 0, 1e-5);
        Assert.Equal(new FileInfo(folder["net.onnx"]).Length, (long)json["bytes"]!);

        using EvitModel packed = EvitModel.Open(model.Path);
        using Session session = packed.CreateSession();
        using OnnxModel onnx = OnnxModel.Open(folder["net.onnx"]);
        Assert.Equal(("image", "logits"), (onnx.InputName, onnx.Outputs.Single().Name));
        Assert.Equal(packed.File.Sha256, onnx.Metadata["edgevit.source_sha256"]);
        Assert.Equal(["ant", "bee", "cow", "dog"], MetadataJson.ReadLabels(onnx.Metadata["edgevit.labels"]));
        Assert.Equal(packed.Preprocess.Mean, MetadataJson.ReadPreprocess(onnx.Metadata["edgevit.preprocess"]).Mean);
        Assert.True(ParityCertificate.Read(onnx.Metadata["edgevit.certificate"])!.Passed);
        for (ulong seed = 30; seed < 34; seed++)
        {
            float[] image = SelfTest.Input(seed, packed.InputShape);
            var expected = new float[packed.Classes];
            session.RunNchw(image, expected);
            float[] found = onnx.Run(image, [1, .. packed.InputShape.Select(v => (long)v)], "logits")[0];
            Assert.All(expected.Zip(found), p => Assert.Equal(p.First, p.Second, 1e-5f));
        }
    }

    /// <summary>Where ONNX Runtime has no CUDA, a model that shall run there runs on the processor and says why.</summary>
    [Fact]
    public void AModelAskedOntoAGpuComputesTheSameWithOrWithoutOne()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        EdgeVitProcess.Run("export", model.Path, "--to", "onnx", "--out", folder["net.onnx"], "--quiet").Expect(0);
        using OnnxModel processor = OnnxModel.Open(folder["net.onnx"]);
        using OnnxModel gpu = OnnxModel.Open(folder["net.onnx"], cuda: 0);
        Assert.Null(processor.NoCuda);
        Assert.True(gpu.NoCuda is null || gpu.NoCuda.Contains("CUDA", StringComparison.Ordinal));
        using EvitModel packed = EvitModel.Open(model.Path);
        float[] image = SelfTest.Input(30, packed.InputShape);
        long[] shape = [1, .. packed.InputShape.Select(v => (long)v)];
        Assert.All(processor.Run(image, shape, "logits")[0].Zip(gpu.Run(image, shape, "logits")[0]), p => Assert.Equal(p.First, p.Second, 1e-4f));
    }

    /// <summary>A threshold that a constant value meets exactly: the sign of zero is +1 in ONNX too.</summary>
    [Fact]
    public void SignsOfZeroAndFloatNetworksSurvive()
    {
        var config = new BinaryViTConfig("zero", 16, 4, [new StageConfig(1, 64, 128, 1, 2)], Classes: 3);
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, 4);
        foreach (string norm in (string[])["layernorm_after", "layernorm_before"])
        {
            Array.Clear(tensors[$"vit.encoder.layer.0.{norm}.weight"].Data, 0, 8);
            Array.Clear(tensors[$"vit.encoder.layer.0.{norm}.bias"].Data, 0, 8);
        }
        Array.Clear(tensors["vit.encoder.layer.0.intermediate.move"].Data, 0, 8);
        Array.Clear(tensors["vit.encoder.layer.0.attention.attention.moveq"].Data, 0, 8);
        foreach (LoweredModel lowered in (LoweredModel[])[
            Lowering.Lower(config, tensors), HalfFloats.Store(Lowering.Lower(config, tensors), FloatGroups.All),
            Lowering.Lower(config with { LayerNorm = true }, RandomNetwork.Tensors(config with { LayerNorm = true }, 5)),
            Lowering.Lower(config with { Down = DownKind.Float, Stages = [config.Stages[0], new StageConfig(1, 128, 128, 2, 1)] },
                RandomNetwork.Tensors(config with { Down = DownKind.Float, Stages = [config.Stages[0], new StageConfig(1, 128, 128, 2, 1)] }, 6))])
        {
            EvitFile file = EvitFile.Parse(EvitWriter.ToBytes(FoldedModel.Of(lowered).Model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}"));
            ParityCertificate certificate = OnnxProof.Export(file, "x.evit", new CertificateOptions(3, 7)).Certificate;
            Assert.True(certificate.Passed, string.Join("\n", certificate.Lines()));
            Assert.Equal(0, certificate.Ties);
            Assert.All(file.Graph.Nodes, n => Assert.True(certificate.Layers.Single(l => l.Name == GraphModule.Of(n.Output)).Compared > 0));
        }
    }

    /// <summary>Students that are built otherwise than the paper's network.</summary>
    public static IEnumerable<ITheoryDataRow> Students
    {
        get
        {
            var config = new BinaryViTConfig("student", 16, 2, [new StageConfig(1, 32, 64, 1, 2), new StageConfig(1, 64, 128, 2, 1)], Classes: 3);
            BinaryViTConfig windows = config with { Stages = [new StageConfig(2, 32, 64, 1, 1), config.Stages[1] with { Bias = BiasKind.Relative }] };
            return new TheoryData<string, BinaryViTConfig>
            {
                { "stem", config with { StemWidth = 6 } },
                { "shifted patches", config with { ShiftedPatches = true } },
                { "stem and shifted patches", config with { StemWidth = 5, ShiftedPatches = true } },
                { "class attention", config with { ClassAttention = 2 } },
                { "spatial shifts", config with { Branches = BranchKind.Shift } },
                { "three levels of attention", config with { AttentionLevels = 3 } },
                { "locality", config with { Locality = true } },
                { "locality and three levels", config with { Locality = true, AttentionLevels = 3 } },
                { "convolutions", config with { Stages = [config.Stages[0] with { Mixer = MixerKind.Conv3, Reduction = 1, Dilation = 2 }, config.Stages[1]] } },
                { "gates", config with { Stages = [config.Stages[0] with { Mixer = MixerKind.Conv3, Reduction = 1, Gate = GateKind.Channel }, config.Stages[1] with { Mixer = MixerKind.Depthwise, Heads = 1, Gate = GateKind.Channel }] } },
                { "depthwise down-sampling and stem", config with { Down = DownKind.Depthwise, PatchSize = 1, Stem = [new StemLayer(3, 1, 6), new StemLayer(3, 2, Depthwise: true)] } },
                { "mixers by turns, convolutions before queries and in the hidden layer", config with { Stages = [new StageConfig(4, 32, 64, 1, 2) { Mixer = MixerCycle.Of([MixerKind.Depthwise, MixerKind.Pool, MixerKind.Conv3, MixerKind.Attention]), Kernel = 5, Projection = ProjectionKind.Depthwise, Ffn = FfnKind.Local }, config.Stages[1]] } },
                { "attention from stage to stage", config with { Down = DownKind.Attention } },
                { "overlapping down-sampling", config with { Down = DownKind.Conv3 } },
                { "moved windows, bias and three levels", windows with { AttentionLevels = 3, Stages = [windows.Stages[0] with { WindowSide = 4, Shift = 3, Bias = BiasKind.Relative }, windows.Stages[1]] } },
                { "windows in a grid, locality", windows with { Locality = true, Stages = [windows.Stages[0] with { WindowSide = 2, Pattern = WindowPattern.BlockGrid }, windows.Stages[1]] } },
                { "moved windows, locality and bias", windows with { Locality = true, Stages = [windows.Stages[0] with { WindowSide = 4, Shift = 2, Bias = BiasKind.Distance }, windows.Stages[1]] } },
                { "three levels with zero points", config with { AttentionLevels = 3, ZeroPoint = true } },
                { "bias", config with { Stages = [.. config.Stages.Select(s => s with { Bias = BiasKind.Distance })] } },
                { "no branches", config with { Branches = BranchKind.None } },
                { "class token and layer norms", new BinaryViTConfig("deit", 16, 4, [new StageConfig(2, 64, 128, 2, 1)], Classes: 3, ClassToken: true, EmbeddingNorm: false, LayerNorm: true, Branches: BranchKind.None) },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Students))]
    internal void EveryStudentGivesTheRuntimesLogitsInOnnxRuntime(string what, BinaryViTConfig config)
    {
        EvitFile file = Random(config);
        foreach (int opset in (int[])[OnnxGraph.LeastOpset, OnnxGraph.MostOpset])
        {
            OnnxProof.Exported exported = OnnxProof.Export(file, $"{what}.evit", new CertificateOptions(1, 5), opset);
            ParityCertificate certificate = exported.Certificate;
            Assert.True(certificate.Passed, $"opset {opset}: {string.Join("\n", certificate.Lines())}");
            Assert.Equal(0, certificate.Ties);
            Assert.All(file.Graph.Nodes, n => Assert.True(certificate.Layers.Single(l => l.Name == GraphModule.Of(n.Output)).Compared > 0));
            AssertPlain(exported.Bytes, opset);
        }
    }

    /// <summary>The versions in between, on the student with the most kinds of operators and on the one with layer norms.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void EveryVersionOfTheOperatorsIsWritten(int which)
    {
        (string what, BinaryViTConfig config) = Students.Select(s => s.GetData()).Select(d => ((string)d[0]!, (BinaryViTConfig)d[1]!)).Single(s => s.Item1 == (which == 0 ? "class attention" : "class token and layer norms"));
        EvitFile file = Random(config);
        for (int opset = OnnxGraph.LeastOpset + 1; opset < OnnxGraph.MostOpset; opset++)
        {
            using OnnxModel onnx = OnnxModel.Load(OnnxExport.Write(file, opset));
            using EvitModel packed = EvitModel.Load(file);
            using Session session = packed.CreateSession();
            float[] image = SelfTest.Input(30, packed.InputShape), expected = new float[packed.Classes];
            session.RunNchw(image, expected);
            Assert.True(expected.Zip(onnx.Run(image, [1, .. packed.InputShape.Select(v => (long)v)], OnnxExport.OutputName)[0]).All(p => Math.Abs(p.First - p.Second) < 1e-5), $"{what}, operator set {opset}");
        }
    }

    /// <summary>Several images at once get the logits that each gets alone.</summary>
    [Theory]
    [MemberData(nameof(Students))]
    internal void TheBatchIsFree(string what, BinaryViTConfig config)
    {
        Assert.NotEmpty(what);
        EvitFile file = Random(config);
        using OnnxModel onnx = OnnxModel.Load(OnnxExport.Write(file));
        float[][] images = [.. Enumerable.Range(0, 3).Select(i => SelfTest.Input((ulong)i, file.Graph.InputShape))];
        long[] shape = [.. file.Graph.InputShape.Select(v => (long)v)];
        float[] together = onnx.Run([.. images.SelectMany(i => i)], [3, .. shape], OnnxExport.OutputName)[0];
        Assert.Equal(images.SelectMany(i => onnx.Run(i, [1, .. shape], OnnxExport.OutputName)[0]), together, (a, b) => Math.Abs(a - b) < 1e-5);
    }

    internal static EvitFile Random(BinaryViTConfig config) => EvitFile.Parse(EvitWriter.ToBytes(
        FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, 8))).Model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}"));

    /// <summary>Standard operators of the version that was asked for, in 32-bit floats.</summary>
    private static void AssertPlain(byte[] bytes, int opset)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(bytes);
        Assert.Equal(("", opset), (model.OpsetImport.Single().Domain, model.OpsetImport.Single().Version));
        Assert.All(model.Graph.Initializer, t => Assert.Contains((OnnxType)t.DataType, (OnnxType[])[OnnxType.Float, OnnxType.Int64]));
        Assert.DoesNotContain(model.Graph.Node.Where(n => n.OpType == "Cast").SelectMany(n => n.Attribute), a => a.I == (long)OnnxType.Double);
    }

#if TRAINING
    /// <summary>A model and its export are the same teacher; one for larger images sees the same ones resized, one of other classes is refused where no head may be trained.</summary>
    [Fact]
    public void ModelsAndOnnxFilesTeach()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        string shapes = Path.Combine(Repository.Root, "models", "shapes.evit");
        string[] tiny = ["--shapes-train", "200", "--shapes-test", "40", "--epochs", "0.5", "--batch", "32", "--parity-images", "1", "--json", "--quiet"];
        EdgeVitProcess.Run("export", shapes, "--out", folder["shapes.onnx"]).Expect(0);
        JsonObject own = EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", folder["own"], "--teacher", shapes, .. tiny]).Expect(0).Json;
        JsonObject foreign = EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", folder["foreign"], "--teacher", folder["shapes.onnx"], .. tiny]).Expect(0).Json;
        Assert.InRange((double)own["teacher_top1"]!, 80, 100);
        Assert.Equal((double)own["teacher_top1"]!, (double)foreign["teacher_top1"]!);
        Assert.True((bool)foreign["certificate"]!["passed"]!);
        Assert.StartsWith("# hybrid-nano", File.ReadAllText(folder["own/card.md"]), StringComparison.Ordinal);

        var config = new BinaryViTConfig("large", 64, 8, [new StageConfig(1, 64, 64, 1, 1)], Classes: 10);
        EvitWriter.Write(folder["large.evit"], Lowering.Lower(config, RandomNetwork.Tensors(config, 1)), RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}");
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", folder["third"], "--teacher", folder["large.evit"], .. tiny]).Expect(0);
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", folder["fourth"], "--teacher", model.Path, "--teacher-head", "false", .. tiny]).Fails(2, "it has 4 classes, the data 10");
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", folder["fourth"], "--teacher", folder.File("noise.onnx", [1, 2, 3]), .. tiny]).Fails(1, "noise.onnx: is no ONNX model");
        EdgeVitProcess.Run(["convert", "--data", "shapes", "--out", folder["fourth"], "--teacher", shapes, "--teacher-std", "1,0,1", .. tiny]).Fails(2, "expected three positive numbers");
    }
#endif

    /// <summary>A network whose values are rounding errors: ONNX Runtime rounds in another order.</summary>
    [Fact]
    public void AnExportThatFailsItsCertificateIsNotWritten()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        SafetensorsWriter.Write(folder["net.safetensors"], FloatCheckpoint.Cancelling(seed: 2));
        ImportedCheckpoint imported = CheckpointImport.Open(folder["net.safetensors"]);
        EvitWriter.Write(folder["net.evit"], FoldedModel.Of(imported.Lower()).Model, imported.Preprocess, imported.Labels, "{}");
        Outcome outcome = EdgeVitProcess.Run("export", folder["net.evit"], "--out", folder["net.onnx"], "--json");
        outcome.Fails(3, "ONNX Runtime does not compute what the model does", "net.onnx is not written", "FAILED");
        Assert.False((bool)outcome.Json["certificate"]!["passed"]!);
        Assert.False(File.Exists(folder["net.onnx"]));
    }

    /// <summary>The sizes of input and output that are free are one and the same, which a tool that binds sizes by name knows by that; none is a batch, too.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void ABatchOfAnySizeHasOneName(int images)
    {
        byte[] bytes = OnnxExport.Write(EvitFile.Read(model.Path));
        GraphProto graph = ModelProto.Parser.ParseFrom(bytes).Graph;
        Assert.Equal(["batch", "batch"], graph.Input.Concat(graph.Output).Select(v => v.Type.TensorType.Shape.Dim[0].DimParam));
        using EvitModel packed = EvitModel.Open(model.Path);
        using OnnxModel onnx = OnnxModel.Load(bytes);
        float[] input = [.. Enumerable.Range(0, images).SelectMany(i => SelfTest.Input((ulong)i, packed.InputShape))];
        Assert.Equal(images * packed.Classes, onnx.Run(input, [images, .. packed.InputShape.Select(v => (long)v)], "logits")[0].Length);
    }

    [Fact]
    public void MistakesAreExplained()
    {
        using var folder = new TestFolder();
        EdgeVitProcess.Run("export", model.Path, "--to", "tflite", "--out", folder["x"]).Fails(2, "--to is 'tflite', expected onnx");
        EdgeVitProcess.Run("export", model.Path, "--opset", "12", "--out", folder["x"]).Fails(2, "--opset is 12, expected 13 to 23");
        EdgeVitProcess.Run("export", model.Path, "--out", model.Path).Fails(2, "is the model itself");
        EdgeVitProcess.Run("export", model.Path, "--out", Path.GetDirectoryName(folder["x"])!).Fails(2, "is a folder. Name a file in it");
        EdgeVitProcess.Run("export", model.Path, "--out", folder["x"], "--parity-images", "0").Fails(2, "--parity-images is 0");
        EdgeVitProcess.Run("export", model.Path, "--out", "-").Fails(2, "--out -: results are not written to standard output");
        EdgeVitProcess.Run("export", model.Path, "--out", folder["net.evit"]).Fails(2, "its name says another kind. Name it net.onnx");
        // Before the proof, which may take minutes.
        Outcome late = EdgeVitProcess.Run("export", model.Path, "--out", Path.Combine(folder.File("file", [1]), "net.onnx"));
        late.Fails(1, "is a file, not a folder");
        Assert.DoesNotContain("exporting", late.Error, StringComparison.Ordinal);
        Assert.Equal(["file"], Directory.GetFileSystemEntries(folder.Root).Select(Path.GetFileName));
        Assert.Contains("no such file", Assert.Throws<OnnxModelException>(() => OnnxModel.Open(folder["none.onnx"])).Message, StringComparison.Ordinal);
        string noise = folder.File("noise.onnx", [1, 2, 3, 4, 5]);
        Assert.Contains("noise.onnx: is no ONNX model", Assert.Throws<OnnxModelException>(() => OnnxModel.Open(noise)).Message, StringComparison.Ordinal);
    }
}
