using EdgeVit.Export;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>What a conversion starts from: a layout, weights, a time.</summary>
public class StartTests
{
    private static BinaryViTConfig Network(int classes, int image = 16) => new(
        "start", ImageSize: image, PatchSize: 4,
        [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1), new StageConfig(Depth: 1, Width: 64, FfnWidth: 128, Heads: 2, Reduction: 1)],
        Classes: classes);

    [Fact]
    public void ALayoutOfOnesOwnIsReadAndCheckedByKey()
    {
        using var folder = new TempFolder();
        string path = folder.File("mine.json");
        File.WriteAllText(path, ConfigJson.Write(Network(10)));
        Assert.Equal(Network(10), StudentLayout.Of(path));

        File.WriteAllText(path, ConfigJson.Write(Network(10)).Replace("\"depth\"", "\"deepth\"", StringComparison.Ordinal));
        Assert.Contains("deepth", Assert.Throws<ModelFormatException>(() => StudentLayout.Of(path)).Message, StringComparison.Ordinal);
        File.WriteAllText(path, ConfigJson.Write(Network(10) with { LayerNorm = true }));
        Assert.Equal(ConvertException.NotSupported, Assert.Throws<ConvertException>(() => StudentLayout.Of(path)).ExitCode);
        Assert.Contains("there is no such file", Assert.Throws<ConvertException>(() => StudentLayout.Of(folder.File("none.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStudentStartsFromWhatFits()
    {
        using var folder = new TempFolder();
        string path = folder.File("trained.safetensors");
        torch.manual_seed(1);
        using var trained = new BinaryViT(Network(10));
        Checkpoint.Save(path, trained, null, TrainState.Start, new Dictionary<string, string>());
        torch.manual_seed(2);
        using var student = new BinaryViT(Network(7));
        IReadOnlyDictionary<string, FloatTensor> before = ModelTensors.Export(student);
        string said = InitialWeights.Load(student, path);
        Assert.EndsWith("; fresh: classifier.weight, classifier.bias", said, StringComparison.Ordinal);

        IReadOnlyDictionary<string, FloatTensor> expected = ModelTensors.Export(trained);
        foreach ((string name, FloatTensor tensor) in ModelTensors.Export(student))
        {
            float[] wanted = name.StartsWith("classifier.", StringComparison.Ordinal) ? before[name].Data : expected[name].Data;
            for (int i = 0; i < wanted.Length; i++)
            {
                Assert.Equal(wanted[i], tensor.Data[i], 1e-6f * MathF.Max(1, MathF.Abs(wanted[i])));
            }
        }

        // Another image size keeps its own positions; another width is another network.
        using var larger = new BinaryViT(Network(10, image: 32));
        Assert.Contains("fresh: vit.embeddings.position_embeddings", InitialWeights.Load(larger, path), StringComparison.Ordinal);
        using var other = new BinaryViT(Network(10) with { Stages = [new StageConfig(Depth: 1, Width: 48, FfnWidth: 96, Heads: 1, Reduction: 1)] });
        Assert.Contains("another network", Assert.Throws<ConvertException>(() => InitialWeights.Load(other, path)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<ConvertException>(() => InitialWeights.Load(other, folder.File("none.pth"))).Message, StringComparison.Ordinal);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..200]);
        Assert.StartsWith("--init ", Assert.Throws<ConvertException>(() => InitialWeights.Load(student, path)).Message, StringComparison.Ordinal);
    }

    /// <summary>A packed model gives its signs back; of a layout with more layers, what is there is taken.</summary>
    [Theory]
    [InlineData(nameof(MixerKind.Attention))]
    [InlineData(nameof(MixerKind.Conv3))]
    [InlineData(nameof(MixerKind.Pool))]
    public void AStudentStartsFromAPackedModelAndFromLayoutsThatFitInPart(string mixer)
    {
        BinaryViTConfig Network(int classes) => StartTests.Network(classes) is var n ? n with { Stages = [n.Stages[0] with { Mixer = Enum.Parse<MixerKind>(mixer) }, n.Stages[1]] } : n;
        using var folder = new TempFolder();
        torch.manual_seed(1);
        using var trained = new BinaryViT(Network(4));
        LoweredModel lowered = Lowering.Lower(trained.Config, ModelTensors.Export(trained));
        string packed = folder.File("model.evit");
        File.WriteAllBytes(packed, EvitWriter.ToBytes(FoldedModel.Of(lowered).Model, new EdgeVit.Runtime.Preprocess(16, 16, 16, EdgeVit.Runtime.Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]), ["a", "b", "c", "d"], "{}", 1));
        torch.manual_seed(2);
        using var student = new BinaryViT(Network(3));
        Assert.Contains("norms, shifts and scales of a packed model are folded and start fresh", InitialWeights.Load(student, packed), StringComparison.Ordinal);
        IReadOnlyDictionary<string, StoredTensorBits> expected = Bits(lowered), actual = Bits(Lowering.Lower(student.Config, ModelTensors.Export(student)));
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string name, StoredTensorBits bits) in expected)
        {
            Assert.Equal(bits.Words, actual[name].Words);
        }

        string checkpoint = folder.File("trained.safetensors");
        Checkpoint.Save(checkpoint, trained, null, TrainState.Start, new Dictionary<string, string>());
        BinaryViTConfig config = Network(4);
        using var deeper = new BinaryViT(config with { Stages = [config.Stages[0], config.Stages[1] with { Depth = 3 }] });
        Assert.EndsWith("; fresh: layer 2, layer 3", InitialWeights.Load(deeper, checkpoint), StringComparison.Ordinal);
    }

    /// <summary>Float convolutions come back in the order of the latent ones: those of single channels as they were, others times the norm that is folded in.</summary>
    [Fact]
    public void AStudentStartsFromThePackedConvolutionsOfSingleChannels()
    {
        using var folder = new TempFolder();
        BinaryViTConfig config = Network(4) with { Down = DownKind.Depthwise, PatchSize = 1, Stem = [new StemLayer(3, 2, 16), new StemLayer(3, 2, Depthwise: true)] };
        config = config with { Stages = [config.Stages[0] with { Mixer = MixerKind.Depthwise, Kernel = 5, Heads = 1, Gate = GateKind.Channel }, config.Stages[1] with { Projection = ProjectionKind.Depthwise, Ffn = FfnKind.Local }] };
        torch.manual_seed(1);
        using var trained = new BinaryViT(config);
        IReadOnlyDictionary<string, FloatTensor> expected = ModelTensors.Export(trained);
        string packed = folder.File("model.evit");
        File.WriteAllBytes(packed, EvitWriter.ToBytes(
            FoldedModel.Of(Lowering.Lower(config, expected)).Model, new EdgeVit.Runtime.Preprocess(16, 16, 16, EdgeVit.Runtime.Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]), ["a", "b", "c", "d"], "{}", 1));
        torch.manual_seed(2);
        using var student = new BinaryViT(config);
        InitialWeights.Load(student, packed);
        IReadOnlyDictionary<string, FloatTensor> actual = ModelTensors.Export(student);
        foreach (string name in (string[])[
            "vit.encoder.patch_embed1.depthwise.weight", "vit.embeddings.stem2.weight", "vit.encoder.layer.0.depthwise.conv.weight",
            "vit.encoder.layer.1.attention.attention.convk.weight", "vit.encoder.layer.1.local.weight",
            "vit.encoder.layer.0.gate.squeeze.weight"])
        {
            // A fresh norm divides by sqrt(1 + eps).
            float scale = name.Contains("patch_embed", StringComparison.Ordinal) || name.Contains(".gate.", StringComparison.Ordinal) ? 1 : 1 / MathF.Sqrt(1 + 1e-5f);
            Assert.All(expected[name].Data.Zip(actual[name].Data), p => Assert.Equal(p.First * scale, p.Second, 1e-6f));
        }
    }

    private sealed record StoredTensorBits(ulong[] Words);

    private static SortedDictionary<string, StoredTensorBits> Bits(LoweredModel model) => new(
        model.Tensors.Values.Where(static t => t.Type == EdgeVit.Runtime.StoredType.U64)
            .ToDictionary(static t => t.Name, static t => new StoredTensorBits(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(t.Bytes.Span).ToArray())), StringComparer.Ordinal);

    [Fact]
    public void ABudgetIsDividedBetweenTeacherAndStudent()
    {
        var teacher = new PhasePlan(Steps: 400, BatchSize: 64, StepSeconds: 0.1, StepsPerEpoch: 100);
        var student = new PhasePlan(Steps: 2000, BatchSize: 64, StepSeconds: 0.2, StepsPerEpoch: 100);

        // 1000 s: 850 train; the teacher needs 40, the student has 810 = 4050 steps of 0.2 s.
        (double teacherEpochs, double epochs) = Budget.Fit(1000, teacher, student);
        Assert.Equal(4, teacherEpochs, 1e-9);
        Assert.Equal(40.5, epochs, 1e-9);

        // 100 s: 85 train; the teacher may have a quarter, 21.25 s = 212.5 steps; the student 63.75 s = 318.75 steps.
        (teacherEpochs, epochs) = Budget.Fit(100, teacher, student);
        Assert.Equal(2.125, teacherEpochs, 1e-9);
        Assert.Equal(3.1875, epochs, 1e-9);
        Assert.Equal(4.25, Budget.Fit(100, null, student).StudentEpochs, 1e-9);
        Assert.Contains("at least", Assert.Throws<ConvertException>(() => Budget.Fit(3, teacher, student)).Message, StringComparison.Ordinal);
        Assert.Throws<ConvertException>(() => Budget.Fit(-5, null, student));
    }

    [Fact]
    public void APlanMeasuresAndWritesNothing()
    {
        using var folder = new TempFolder();
        string layout = folder.File("mine.json");
        File.WriteAllText(layout, ConfigJson.Write(Network(2)));
        var options = new ConvertOptions { Data = "shapes", Out = folder.File("run"), Student = layout, ShapesTrain = 200, ShapesTest = 20, BatchSize = 16, Epochs = 3, Device = "cpu" };
        ConvertPlan plan = Converter.Plan(options, new SilentProgress());
        Assert.Equal("start", plan.Network);
        Assert.Equal(Network(10), ConfigJson.Read(plan.Layout));
        Assert.Equal(190, plan.TrainImages);
        Assert.Equal(3 * (190 / 16), plan.Student.Steps);
        Assert.InRange(plan.Student.StepSeconds, 1e-6, 60);
        Assert.NotNull(plan.Teacher);
        Assert.InRange(plan.BinaryParameters, plan.Parameters / 2, plan.Parameters);
        Assert.Equal(["mine.json"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
        Assert.Throws<ConvertException>(() => Converter.Plan(options with { Budget = TimeSpan.FromMinutes(5) }, new SilentProgress()));
    }

    [Fact]
    public void ARunEndsAtItsDeadlineAndGoesOn()
    {
        using var folder = new TempFolder();
        PixelSource source = DataTests.Shapes(96);
        var split = new DataSplit([.. Enumerable.Range(0, 80)], [.. Enumerable.Range(80, 16)]);
        var settings = new TrainSettings { Steps = 4, BatchSize = 16, Evaluations = 1, Seed = 4 };
        var files = new TrainerFiles("student", folder.File("run"), folder.File("metrics.csv"), new Dictionary<string, string>());
        using var model = new BinaryViT(Network(10, image: 32));
        Trainer New() => new(new ClassifyTask(model), settings, source, split, Augmentation.None, torch.CPU, files, new SilentProgress());
        for (int step = 1; step < 4; step++)
        {
            var over = Assert.Throws<ConvertException>(() => New().Run(resume: true, CancellationToken.None, Deadline.In(TimeSpan.FromTicks(1))));
            Assert.Contains($"the time of this call is over after step {step} of 4", over.Message, StringComparison.Ordinal);
            Assert.Equal(ConvertException.Interrupted, over.ExitCode);
        }
        Assert.Equal(4, New().Run(resume: true, CancellationToken.None, Deadline.In(TimeSpan.FromTicks(1))).Step);
    }
}
