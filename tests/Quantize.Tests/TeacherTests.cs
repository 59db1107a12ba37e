using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Teachers that are trained here, and several as one.</summary>
public class TeacherTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(27)]
    public void ASymmetricMatrixIsItsEigenvectorsTimesItsEigenvalues(int n)
    {
        var random = new CounterRandom(5, (ulong)n);
        var matrix = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                matrix[i, j] = matrix[j, i] = random.NextDouble() - 0.5;
            }
        }
        (double[] values, double[,] vectors) = SymmetricEigen.Solve(matrix);
        Assert.Equal(values.OrderDescending(), values);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                Assert.Equal(matrix[i, j], Enumerable.Range(0, n).Sum(k => vectors[i, k] * values[k] * vectors[j, k]), 1e-10);
                Assert.Equal(i == j ? 1 : 0, Enumerable.Range(0, n).Sum(k => vectors[k, i] * vectors[k, j]), 1e-10);
            }
        }
    }

    [Fact]
    public void TheEigenvaluesOfAKnownMatrix()
    {
        (double[] values, double[,] vectors) = SymmetricEigen.Solve(new double[,] { { 2, 1 }, { 1, 2 } });
        Assert.Equal([3, 1], values.Select(v => Math.Round(v, 12)));
        Assert.Equal([Math.Sqrt(0.5), Math.Sqrt(0.5)], [vectors[0, 0], vectors[1, 0]], (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void WhitenedPatchesAreUncorrelated(int kernel)
    {
        PixelSource source = DataTests.Shapes(60);
        int[] indices = [.. Enumerable.Range(0, 60)];
        int size = 3 * kernel * kernel;
        float[] filters = PatchWhitening.Filters(source, indices, kernel);
        Assert.Equal(2 * size * size, filters.Length);

        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = BatchLoader.InOrder(source, indices, 60).Single().ToTensor(source, torch.CPU);
        Tensor values = nn.functional.conv2d(images, torch.tensor(filters).view(2 * size, 3, kernel, kernel), null, [kernel, kernel]);
        Tensor flat = values.permute(1, 0, 2, 3).flatten(1);
        float[] moments = ModelTensors.ToArray(flat.mm(flat.t()) / flat.shape[1]);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                // The smallest variances are held down by the constant that is added to them.
                Assert.InRange(moments[(i * 2 * size) + j], i == j ? 0.2 : -0.02, i == j ? 1.001 : 0.02);
                Assert.Equal(-moments[(i * 2 * size) + j], moments[(i * 2 * size) + size + j], 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(28, 10)]
    [InlineData(32, 100)]
    [InlineData(64, 7)]
    [InlineData(8, 3)]
    [InlineData(4, 2)]
    [InlineData(224, 5)]
    public void AConvNetServesImagesOfAnySize(int side, int classes)
    {
        using var net = new ConvNet(classes, width: 8, side);
        net.eval();
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor logits = net.call(torch.randn(2, 3, side, side));
        Assert.Equal([2, classes], logits.shape);
        Assert.All(ModelTensors.ToArray(logits), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void AnIdentityConvolutionPassesItsChannelsOn()
    {
        using var same = new PlainConv2d(3, 5, 3, stride: 1, identity: true);
        using DisposeScope scope = torch.NewDisposeScope();
        // Halves and quarters are exact in bfloat16.
        Tensor input = torch.randint(-8, 8, [2, 3, 6, 6]) / 4f;
        Tensor output = same.call(input);
        Assert.Equal(ModelTensors.ToArray(input), ModelTensors.ToArray(output.narrow(1, 0, 3)));
        Assert.NotEqual(0, output.narrow(1, 3, 2).abs().sum().item<float>());
    }

    [Theory]
    [InlineData(7, 2)]
    [InlineData(8, 4)]
    [InlineData(9, 3)]
    [InlineData(6, 1)]
    public void PartsHoldEveryImageOnceAndKeepMixedPairsTogether(int count, int parts)
    {
        var batch = new Batch(0, [.. Enumerable.Range(100, count)], [.. Enumerable.Range(0, count * 2).Select(i => (float)i)], [.. Enumerable.Range(0, count).Select(i => (long)i)], [.. Enumerable.Range(0, count).Select(i => i % 2 == 0)]) { OwnShare = 0.3f };
        Batch[] all = [.. Enumerable.Range(0, parts).Select(p => batch.Part(p, parts))];
        Assert.Equal(batch.Labels, all.SelectMany(p => p.Labels).Order());
        foreach (Batch part in all)
        {
            Assert.Equal(0.3f, part.OwnShare);
            for (int i = 0; i < part.Count; i++)
            {
                int was = (int)part.Labels[i];
                Assert.Equal(100 + was, part.Indices[i]);
                Assert.Equal([2 * was, (2 * was) + 1], part.Images[(2 * i)..((2 * i) + 2)]);
                Assert.Equal(was % 2 == 0, part.Mirrored[i]);
                Assert.Equal(count - 1 - was, part.Labels[part.Count - 1 - i]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ADividedBatchHasTheGradientOfTheWhole(int threads)
    {
        PixelSource source = DataTests.Shapes(24);
        Batch batch = BatchLoader.InOrder(source, [.. Enumerable.Range(0, 24)], 24).Single();
        torch.manual_seed(3);
        using var whole = new Flat();
        Tensor images = batch.ToTensor(source, torch.CPU);
        Tensor loss = new ClassifyTask(whole).Loss(images, torch.tensor(batch.Labels), batch);
        loss.backward();
        using var divided = new Flat();
        divided.load_state_dict(whole.state_dict());
        using var replicas = new Replicas(divided, new Division(3, threads, () => new ClassifyTask(new Flat())), mixed: false);
        double value = replicas.Run(batch, source, torch.CPU);
        Assert.Equal(loss.item<float>(), value, 1e-5);
        float[] expected = ModelTensors.ToArray(whole.fc.weight.grad!), found = ModelTensors.ToArray(divided.fc.weight.grad!);
        Assert.All(expected.Zip(found), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public void ADividedTrainingDoesNotDependOnTheThreadsAndResumes()
    {
        float[] one = Train(threads: 1), two = Train(threads: 2), broken = Train(threads: 2, stopAfter: 2);
        Assert.Equal(one, two);
        Assert.Equal(one, broken);

        static float[] Train(int threads, int stopAfter = 0)
        {
            using var folder = new TempFolder();
            PixelSource source = DataTests.Shapes(96);
            var split = new DataSplit([.. Enumerable.Range(0, 80)], [.. Enumerable.Range(80, 16)]);
            torch.manual_seed(7);
            using var net = new ConvNet(10, 8, source.Preprocess.Height);
            net.Whiten(source, split.Train);
            var settings = new TrainSettings { Steps = 4, BatchSize = 32, Optimizer = OptimizerKind.Nesterov, LearningRate = 0.05, BiasRate = 16, WeightDecay = 0.001, Evaluations = 1 };
            var files = new TrainerFiles("teacher", folder.File("run"), folder.File("metrics.csv"), new Dictionary<string, string>());
            Trainer New() => new(
                new ClassifyTask(net) { Division = new Division(2, threads, () => new ClassifyTask(new ConvNet(10, 8, source.Preprocess.Height))) },
                settings, source, split, new Augmentation(2, true), torch.CPU, files, new SilentProgress());
            for (int step = 0; step < stopAfter; step++)
            {
                Assert.Throws<ConvertException>(() => New().Run(resume: true, CancellationToken.None, Deadline.In(TimeSpan.FromTicks(1))));
            }

            New().Run(resume: true, CancellationToken.None);
            return [.. net.state_dict().Where(p => p.Value.dtype == ScalarType.Float32).SelectMany(p => ModelTensors.ToArray(p.Value))];
        }
    }

    [Fact]
    public void RunningStatisticsAreTheMeansOfTheParts()
    {
        PixelSource source = DataTests.Shapes(24);
        Batch batch = BatchLoader.InOrder(source, [.. Enumerable.Range(0, 24)], 24).Single();
        using var norm = new Normed();
        using var replicas = new Replicas(norm, new Division(2, 1, () => new ClassifyTask(new Normed())), mixed: false);
        replicas.Run(batch, source, torch.CPU);
        using DisposeScope scope = torch.NewDisposeScope();
        float[][] parts = [.. Enumerable.Range(0, 2).Select(p =>
        {
            using var fresh = new Normed();
            fresh.call(batch.Part(p, 2).ToTensor(source, torch.CPU));
            return ModelTensors.ToArray(fresh.state_dict()["norm.running_mean"]);
        })];
        Assert.Equal(parts[0].Zip(parts[1], (a, b) => (a + b) / 2), ModelTensors.ToArray(norm.state_dict()["norm.running_mean"]), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void SeveralTeachersTeachTheMeanOfTheirProbabilities()
    {
        using var mean = new MeanTeacher([new Fixed(0.9f, 0.1f), new Fixed(0.2f, 0.8f), new Fixed(0.4f, 0.6f)]);
        Assert.Equal([0.5f, 0.5f], ModelTensors.ToArray(mean.Logits(torch.zeros(1, 3, 2, 2), Any).softmax(1)), (a, b) => Math.Abs(a - b) < 1e-6);
        // However sure of itself one is, it counts once; a class that nobody believes in has a finite logit.
        using var sure = new MeanTeacher([new Fixed(1, 0), new Fixed(0.5f, 0.5f)]);
        Assert.Equal([0.75f, 0.25f], ModelTensors.ToArray(sure.Logits(torch.zeros(1, 3, 2, 2), Any).softmax(1)), (a, b) => Math.Abs(a - b) < 1e-6);
        using var certain = new MeanTeacher([new Fixed(1, 0), new Fixed(1, 0)]);
        Assert.All(ModelTensors.ToArray(certain.Logits(torch.zeros(1, 3, 2, 2), Any)), v => Assert.True(float.IsFinite(v)));
        Assert.Equal("mean of fixed, fixed", certain.Name);
    }

    [Theory]
    [InlineData("convnet,resnet", "at most one is trained here")]
    [InlineData("none,convnet", "at most one is trained here")]
    [InlineData("", "expected one teacher")]
    [InlineData("convnet,missing.onnx", "no such file")]
    [InlineData("resnet50", "convnet")]
    public void TeachersThatCannotBeHadAreNamed(string option, string message)
    {
        var error = Assert.Throws<ConvertException>(() => TeacherList.Require(option));
        Assert.Equal(ConvertException.Usage, error.ExitCode);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ShiftedPatchesSeeTheFourCorners()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor image = torch.arange(1, 17, ScalarType.Float32).view(1, 1, 4, 4).expand(1, 3, 4, 4);
        Tensor shifted = PatchTokens.Shifted(image, 1);
        Assert.Equal([1, 15, 4, 4], shifted.shape);
        float[] Channel(int c) => ModelTensors.ToArray(shifted[0, c]);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], Channel(0));
        Assert.Equal([0, 0, 0, 0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11], Channel(3));
        Assert.Equal([0, 0, 0, 0, 2, 3, 4, 0, 6, 7, 8, 0, 10, 11, 12, 0], Channel(6));
        Assert.Equal([0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 0, 0, 0], Channel(9));
        Assert.Equal([6, 7, 8, 0, 10, 11, 12, 0, 14, 15, 16, 0, 0, 0, 0, 0], Channel(12));
    }

    [Fact]
    public void WithLocalityATokenAttendsToAllButItself()
    {
        torch.manual_seed(2);
        using var local = new ViTBlock(8, 2, 16, locality: true);
        using var usual = new ViTBlock(8, 2, 16, locality: false);
        Assert.Equal(usual.parameters().Count() + 1, local.parameters().Count());
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor x = torch.randn(1, 2, 8);
        // Of two tokens each sees the other's value alone.
        Dictionary<string, Tensor> state = local.state_dict();
        Tensor values = nn.functional.linear(x, state["qkv.weight"], state["qkv.bias"]).narrow(2, 16, 8);
        Assert.Equal(ModelTensors.ToArray(values.flip(1)), ModelTensors.ToArray(local.Attend(x)), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.NotEqual(ModelTensors.ToArray(values.flip(1)), ModelTensors.ToArray(usual.Attend(x)), (a, b) => Math.Abs(a - b) < 1e-5);
        // What scores are multiplied by starts at the usual 1 / sqrt(4).
        Assert.Equal(0.5, state["scale_log"].exp().item<float>(), 1e-6);
    }

    [Theory]
    [InlineData(32, 4)]
    [InlineData(64, 8)]
    [InlineData(28, 2)]
    [InlineData(224, 28)]
    [InlineData(10, 2)]
    [InlineData(15, 1)]
    public void PatchesDivideTheImage(int side, int patch)
    {
        Assert.Equal(patch, SmallViT.PatchSize(side));
        if (patch == 1)
        {
            return;
        }

        using var net = new SmallViT(5, side, new ViTForm(ShiftedPatches: true, Locality: true, DistillationToken: true), depth: 1);
        net.eval();
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = torch.randn(2, 3, side, side);
        (Tensor own, Tensor? distilled) = net.Both(images);
        Assert.Equal(ModelTensors.ToArray((own + distilled!) / 2), ModelTensors.ToArray(net.call(images)));
    }

    [Fact]
    public void TheDistillationTokenLearnsTheTeachersDecisions()
    {
        torch.manual_seed(4);
        using var net = new SmallViT(2, 8, new ViTForm(DistillationToken: true), depth: 1);
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = torch.randn(1, 3, 8, 8);
        (Tensor own, Tensor? distilled) = net.Both(images);
        double Entropy(Tensor logits, int label) => -logits.log_softmax(1)[0, label].item<float>();
        double expected = (Entropy(own, 0) + Entropy(distilled!, 1)) / 2;
        var task = new TokenDistillTask(net, new Fixed(0.3f, 0.7f));
        Assert.Equal(expected, task.Loss(images, torch.tensor(new long[] { 0 }), Any).item<float>(), 1e-5);
    }

    [Theory]
    [InlineData("deit", null, "--teachers-teacher")]
    [InlineData("none", "a.onnx", "nobody would learn from it")]
    [InlineData("vit", "convnet", "expected files")]
    [InlineData("vit", "missing.onnx", "no such file")]
    public void ATeachersTeacherIsAFileAndHasAPupil(string teacher, string? its, string message)
    {
        var error = Assert.Throws<ConvertException>(() => TeacherList.Require(teacher, its));
        Assert.Equal(ConvertException.Usage, error.ExitCode);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("convnet")]
    [InlineData("twin")]
    [InlineData("sl-vit")]
    public void ATeacherOfAnyKindIsTrainedAndServesAnotherRun(string kind)
    {
        using var folder = new TempFolder();
        ConvertOptions options = Tiny(folder) with { Teacher = kind };
        ConvertResult first = Converter.Convert(options, new SilentProgress());
        Assert.NotNull(first.TeacherTop1);
        ConvertResult second = Converter.Convert(
            options with { Out = folder.File("second"), Teacher = folder.File("run/teacher/best.safetensors"), FeatureWeight = 5 }, new SilentProgress());
        Assert.Equal(first.TeacherTop1, second.TeacherTop1);
    }

    [Fact]
    public void ATeacherTeachesATeacherAndIsItsOwnMean()
    {
        using var folder = new TempFolder();
        ConvertOptions options = Tiny(folder);
        ConvertResult first = Converter.Convert(options, new SilentProgress());
        string checkpoint = folder.File("run/teacher/best.safetensors");
        ConvertResult third = Converter.Convert(options with { Out = folder.File("pupil"), Teacher = "sl-deit", TeachersTeacher = checkpoint }, new SilentProgress());
        Assert.NotNull(third.TeacherTop1);
        Assert.Contains("model.dist_token", SafetensorsFile.Parse(File.ReadAllBytes(folder.File("pupil/teacher/best.safetensors"))).Tensors.Keys);

        ConvertResult twice = Converter.Convert(options with { Out = folder.File("third"), Teacher = $"{checkpoint},{checkpoint}" }, new SilentProgress());
        Assert.Equal(first.TeacherTop1, twice.TeacherTop1);
        Assert.Contains("mean of best.safetensors, best.safetensors", EvitFile.Read(twice.Model).Provenance, StringComparison.Ordinal);
    }

    [Fact]
    public void EighteenLayersOfAResNet()
    {
        using var net = ResNet.Eighteen(5, width: 4);
        net.eval();
        Assert.Equal(18, net.named_parameters().Count(p => p.parameter.dim() is 2 || (p.parameter.dim() == 4 && !p.name.Contains("downsample", StringComparison.Ordinal))));
        using DisposeScope scope = torch.NewDisposeScope();
        Assert.Equal([2, 5], net.call(torch.randn(2, 3, 32, 32)).shape);
    }

    private static ConvertOptions Tiny(TempFolder folder)
    {
        string layout = folder.File("small.json");
        File.WriteAllText(layout, ConfigJson.Write(new BinaryViTConfig("small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 10)));
        return new ConvertOptions
        {
            Data = "shapes",
            Out = folder.File("run"),
            Student = layout,
            ShapesTrain = 200,
            ShapesTest = 30,
            TeacherEpochs = 0.3,
            Epochs = 0.2,
            BatchSize = 32,
            ParityImages = 1,
            Device = "cpu",
        };
    }

    private static Batch Any { get; } = new(0, [0], [], [0], [false]);

    private sealed class Fixed(params float[] probabilities) : ITeacher
    {
        public string Name => "fixed";

        public Tensor Logits(Tensor images, Batch batch) => torch.tensor(probabilities).view(1, -1).log();
    }

    private sealed class Flat : nn.Module<Tensor, Tensor>
    {
        public readonly Linear fc = nn.Linear(3 * 32 * 32, 10);

        public Flat() : base(nameof(Flat)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc.call(input.flatten(1));
    }

    private sealed class Normed : nn.Module<Tensor, Tensor>
    {
        private readonly ShiftNorm norm = new(3);

        public Normed() : base(nameof(Normed)) => RegisterComponents();

        public override Tensor forward(Tensor input) => nn.functional.pad(norm.call(input).mean([2, 3]), (0, 7));
    }
}
