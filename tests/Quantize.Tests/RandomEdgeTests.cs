using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>What is drawn at random, and functions with an edge, over many seeds: finite and of the distribution that is meant.</summary>
public class RandomEdgeTests
{
    /// <summary>48 million draws, where TorchSharp's <c>trunc_normal_</c> gives a NaN in one of 12 million, or the same number everywhere. Mean, deviation and
    /// the shares within one and two deviations are the normal distribution's.</summary>
    [Fact]
    public void PositionsAreFiniteForManySeeds()
    {
        double sum = 0, squares = 0, within1 = 0, within2 = 0;
        const int Seeds = 24, Tokens = 1024, Width = 2048;
        for (int seed = 0; seed < Seeds; seed++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.manual_seed(seed);
            Tensor positions = Embeddings.Positions(Tokens, Width).detach();
            Assert.InRange(positions.abs().max().item<float>(), 0.06f, 0.12f);       // a NaN is in no range
            sum += positions.sum(type: ScalarType.Float64).item<double>();
            within1 += positions.abs().le(0.02).sum().item<long>();
            within2 += positions.abs().le(0.04).sum().item<long>();
            squares += positions.to(ScalarType.Float64).square().sum().item<double>();
        }
        double count = (double)Seeds * Tokens * Width;
        Assert.Equal(0, sum / count, 2e-5);
        Assert.Equal(0.02, Math.Sqrt(squares / count), 2e-5);
        Assert.Equal(0.682689, within1 / count, 5e-4);
        Assert.Equal(0.954500, within2 / count, 5e-4);
    }

    [Theory]
    [InlineData("resnet")]
    [InlineData("convnet")]
    [InlineData("sl-deit")]
    [InlineData("twin")]
    [InlineData("student")]
    public void FreshWeightsAreFiniteForManySeeds(string kind)
    {
        BinaryViTConfig student = BinaryViTPresets.Get("binaryvit-nano").With(classes: 10, imageSize: 32);
        for (int seed = 0; seed < 10; seed++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.manual_seed(seed);
            using nn.Module model = kind == "student" ? new BinaryViT(student) : new TeacherNetwork(TeacherTable.Find(kind)!, 10, 32, 16, student).Build(torch.CPU);
            foreach ((string name, Tensor value) in model.state_dict().Where(p => p.Value.is_floating_point()))
            {
                Assert.True(value.isfinite().all().item<bool>(), $"{name}, seed {seed}");
            }
        }
    }

    /// <summary>Uniform draws keep their bounds, to which logarithms and roots downstream are blind.</summary>
    [Fact]
    public void UniformWeightsKeepTheirBounds()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.manual_seed(seed);
            var weight = new LatentWeight(SignForm.Centred, 256, 256);
            Assert.InRange(weight.weight.abs().max().item<float>(), 0.99f / 16, 1f / 16);
        }
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.2)]
    [InlineData(1.0)]
    [InlineData(8.0)]
    public void SharesOfMixedImagesAreShares(double alpha)
    {
        for (ulong seed = 0; seed < 20_000; seed++)
        {
            var random = new CounterRandom(seed, 1, 2);
            Assert.InRange(Mixing.Beta(ref random, alpha), 0, 1);
        }
    }

    /// <summary>A sure teacher's probability of a class is 0 in single precision, and the logarithm of the mixture of two such answers has to be a number all
    /// the same.</summary>
    [Fact]
    public void AMixtureOfSureAnswersCanBeLearnt()
    {
        PixelSource source = DataTests.Shapes(4);
        CachedTeacher teacher = CachedTeacher.Ask(new Sure(), source, [0, 1], torch.CPU, new SilentProgress(), default);
        var batch = new Batch(0, [0, 1], [], [0, 1], [false, false]) { OwnShare = 0.4f };
        Tensor logits = teacher.Logits(torch.zeros(2, 3, 32, 32), batch);
        Assert.True(logits.isfinite().all().item<bool>());
        using var student = new Identity();
        var task = new DistillTask(student, teacher);
        Assert.True(float.IsFinite(task.Loss(torch.randn(2, 3), logits, torch.tensor([0L, 1L]), batch).item<float>()));
    }

    private sealed class Sure : ITeacher
    {
        public string Name => "sure";

        public Tensor Logits(Tensor images, Batch batch) => torch.tensor(new float[] { 300, 0, -300, 0, 300, -300 }).view(2, 3);
    }

    private sealed class Identity() : nn.Module<Tensor, Tensor>(nameof(Identity))
    {
        public override Tensor forward(Tensor input) => input;
    }
}
