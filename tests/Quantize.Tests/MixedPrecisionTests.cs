using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Training with products in bfloat16: close to float32, the same where sums are exact, and never outside of its scope. Fused kernels and torch's
/// operators, which are what a GPU runs.</summary>
[Collection(nameof(SwitchesKernels))]
public class MixedPrecisionTests
{
    private static BinaryViTConfig Student { get; } = new(
        "mixed", ImageSize: 32, PatchSize: 8,
        [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 2), new StageConfig(Depth: 1, Width: 64, FfnWidth: 128, Heads: 2, Reduction: 1)],
        Classes: 10);

    public static TheoryData<string, bool> Networks => new()
    {
        { "resnet", true }, { "convnet", true }, { "vit", true }, { "twin", true }, { "twin", false }, { "student", true }, { "student", false },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void SomeStepsStayNearThoseInFloat(string kind, bool kernels)
    {
        const int steps = 6;
        List<double> exact = Losses(kind, kernels, mixed: false, steps, out Dictionary<string, float[]> before, out _);
        List<double> mixed = Losses(kind, kernels, mixed: true, steps, out _, out Dictionary<string, float[]> after);
        Assert.NotEqual(exact, mixed);
        // The first loss differs by the rounding of one forward pass; signs that turn add to the later ones.
        Assert.Equal(exact[0], mixed[0], 0.05);
        Assert.All(exact.Zip(mixed), p => Assert.InRange(p.Second, p.First - 0.4, p.First + 0.4));
        Assert.True(mixed[^1] < mixed[0] - 0.1, string.Join(' ', mixed));
        foreach ((string name, float[] start) in before)
        {
            Assert.All(after[name], v => Assert.True(float.IsFinite(v), name));
            Assert.False(start.AsSpan().SequenceEqual(after[name]), $"{name} did not learn");
        }
    }

    [Fact]
    public void SumsOfSignsAreExact()
    {
        torch.manual_seed(2);
        using DisposeScope scope = torch.NewDisposeScope();
        foreach (long width in (long[])[16, 64, 256, 512])
        {
            Tensor a = torch.randn(40, width).sign();
            Tensor b = torch.randn(24, width).sign();
            Tensor expected = MixedPrecision.Linear(a, b);
            using IDisposable on = MixedPrecision.Scope(true);
            Tensor product = MixedPrecision.Product(a, b);
            Assert.Equal(ScalarType.BFloat16, product.dtype);
            Assert.Equal(ModelTensors.ToArray(expected), ModelTensors.ToArray(product.to(ScalarType.Float32)));
            Assert.Equal(ModelTensors.ToArray(expected), ModelTensors.ToArray(MixedPrecision.Matmul(a, b.t())));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BinaryProductsAreExactAndTheirGradientsNear(bool centred)
    {
        torch.manual_seed(6);
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor signs = torch.randn(96, 128).sign().requires_grad_();
        Tensor weight = torch.randn(48, 128).requires_grad_();
        Tensor factors = torch.randn(96, 48);
        (Tensor Result, Tensor Signs, Tensor Weight) Of(Func<Tensor> product)
        {
            (signs.grad, weight.grad) = (null, null);
            Tensor result = product();
            (result * factors).sum().backward();
            return (result, signs.grad!.clone(), weight.grad!.clone());
        }

        (Tensor Result, Tensor Signs, Tensor Weight) expected = Of(() => nn.functional.linear(signs, centred ? WeightSign.Linear(weight) : WeightSign.Convolution(weight)));
        (Tensor Result, Tensor Signs, Tensor Weight) found = Of(() => BinaryProduct.Apply(signs, weight, centred));
        Assert.Equal(ScalarType.Float32, found.Result.dtype);
        double Error(Tensor a, Tensor b) => ((a - b).norm() / a.norm()).item<float>();
        Assert.InRange(Error(expected.Result, found.Result), 0, 1e-6);
        Assert.InRange(Error(expected.Signs, found.Signs), 1e-6, 0.01);
        Assert.InRange(Error(expected.Weight, found.Weight), 1e-6, 0.01);
        Assert.Equal(ModelTensors.ToArray(expected.Weight.eq(0).to(ScalarType.Float32)), ModelTensors.ToArray(found.Weight.eq(0).to(ScalarType.Float32)));
    }

    [Fact]
    public void ScopesAreOfTheirThreadAndEnd()
    {
        Assert.False(MixedPrecision.On);
        using (MixedPrecision.Scope(true))
        {
            Assert.True(MixedPrecision.On);
            using (MixedPrecision.Scope(false))
            {
                Assert.False(MixedPrecision.On);
            }

            Assert.True(MixedPrecision.On);
            bool elsewhere = true;
            var thread = new Thread(() => elsewhere = MixedPrecision.On);
            thread.Start();
            thread.Join();
            Assert.False(elsewhere);
        }
        Assert.False(MixedPrecision.On);
        using DisposeScope scope = torch.NewDisposeScope();
        Assert.Equal(ScalarType.Float32, MixedPrecision.Product(torch.ones(2, 2), torch.ones(2, 2)).dtype);
    }

    [Fact]
    public void ThePrecisionIsChosenCheckedAndKept()
    {
        Assert.Equal("bfloat16", MixedPrecision.For("auto", new Device(DeviceType.CUDA, 1)));
        Assert.Equal(MixedPrecision.Native ? "bfloat16" : "float32", MixedPrecision.For("auto", torch.CPU));
        Assert.Equal("float32", MixedPrecision.For("float32", new Device(DeviceType.CUDA)));
        ConvertException wrong = Assert.Throws<ConvertException>(() => new ConvertOptions { Data = "shapes", Out = "x", Precision = "fp16" }.Validate());
        Assert.Equal(ConvertException.Usage, wrong.ExitCode);
        Assert.Contains("--precision is 'fp16', expected auto, float32 or bfloat16", wrong.Message, StringComparison.Ordinal);

        using var folder = new TempFolder();
        ConvertOptions options = WorkerProgram.Options(folder.Path, "none", 0.4) with { Precision = "bfloat16" };
        Converter.Convert(options, new SilentProgress());
        Assert.Contains("\"precision\": \"bfloat16\"", File.ReadAllText(folder.File("config.json")), StringComparison.Ordinal);
        ConvertException other = Assert.Throws<ConvertException>(() => Converter.Convert(options with { Precision = "float32", Resume = true }, new SilentProgress()));
        Assert.Contains("precision was bfloat16, is float32", other.Message, StringComparison.Ordinal);
        Assert.Equal(ConvertException.Usage, other.ExitCode);
    }

    private static List<double> Losses(
        string kind, bool kernels, bool mixed, int steps, out Dictionary<string, float[]> before, out Dictionary<string, float[]> after)
    {
        PixelSource source = DataTests.Shapes(64);
        torch.manual_seed(9);
        using nn.Module<Tensor, Tensor> model = kind == "student"
            ? new BinaryViT(Student)
            : new TeacherNetwork(TeacherTable.Find(kind)!, 10, 32, 16, Student).Build(torch.CPU);
        if (model is ConvNet net)
        {
            net.Whiten(source, [.. Enumerable.Range(0, 64)]);
        }

        before = Weights(model);
        var settings = new TrainSettings { Steps = 2 * steps, BatchSize = 32, Warmup = 0, LearningRate = 2e-3, MixedPrecision = mixed };
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 64)], 32, Augmentation.None, seed: 3);
        try
        {
            FusedBranch.Enabled = kernels;
            using var step = new TrainingStep(new ClassifyTask(model), settings, source, torch.CPU);
            model.train();
            List<double> losses = [];
            for (int i = 0; i < steps; i++)
            {
                step.Begin(i);
                losses.Add(step.Run(loader.Get(i)).Loss);
            }
            after = Weights(model);
            return losses;
        }
        finally
        {
            FusedBranch.Enabled = true;
        }
    }

    private static Dictionary<string, float[]> Weights(nn.Module model) => model.named_parameters()
        .Where(p => p.parameter.dim() > 1).ToDictionary(p => p.name, p => ModelTensors.ToArray(p.parameter));
}
