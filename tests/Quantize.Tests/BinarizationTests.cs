using System.Runtime.Intrinsics;
using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The forms of binarization against values worked out by hand or by differences.</summary>
public class BinarizationTests
{
    private static BinaryViTConfig Network { get; } = new(
        "binarization", ImageSize: 32, PatchSize: 4,
        [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 2, Reduction: 2), new StageConfig(Depth: 1, Width: 64, FfnWidth: 64, Heads: 4, Reduction: 1)],
        Classes: 10);

    [Theory]
    [InlineData(nameof(ActivationGradient.Quadratic), 1)]
    [InlineData(nameof(ActivationGradient.Straight), 1)]
    [InlineData(nameof(ActivationGradient.Annealed), 0.1)]
    [InlineData(nameof(ActivationGradient.Annealed), 1)]
    [InlineData(nameof(ActivationGradient.Annealed), 10)]
    public void TheDerivativeIsThatOfItsFunction(string gradient, double t)
    {
        var kind = Enum.Parse<ActivationGradient>(gradient);
        var surrogate = new Surrogate(kind, (float)t);
        double Function(double u) => kind switch
        {
            ActivationGradient.Quadratic => Math.Abs(u) >= 1 ? Math.Sign(u) : Math.Sign(u) * ((2 * Math.Abs(u)) - (u * u)),
            ActivationGradient.Straight => Math.Clamp(u, -1, 1),
            _ => Math.Max(1 / t, 1) * Math.Tanh(t * u),
        };
        float[] at = [-30, -2.5f, -0.999f, -0.7f, -0.25f, -0.01f, 0.003f, 0.4f, 0.5f, 0.75f, 0.9f, 1.25f, 2, 5, 12, 300];
        float[] vector = new float[16];
        surrogate.At(Vector512.Create(at)).CopyTo(vector);
        float[] tensor = ModelTensors.ToArray(surrogate.At(BinarizerTests.Values(at, 16)));
        for (int i = 0; i < at.Length; i++)
        {
            const double h = 1e-5;
            double expected = (Function(at[i] + h) - Function(at[i] - h)) / (2 * h);
            Assert.Equal(expected, vector[i], 1e-4 * Math.Max(1, t));
            Assert.Equal(expected, tensor[i], 1e-4 * Math.Max(1, t));
        }
    }

    [Fact]
    public void ARunGoesThroughItsPhases()
    {
        var settings = new BinarizationSettings { Gradient = ActivationGradient.Annealed, FloatWeights = 0.4, FreezeSigns = 0.1, Regularizer = 2, RegularizerShare = 0.3 };
        BinarizationMode[] modes = [.. Enumerable.Range(0, 101).Select(s => BinarizationMode.At(settings, s, 101))];
        Assert.Equal(0.1f, modes[0].Surrogate.Temperature, 1e-6f);
        Assert.Equal(1, modes[50].Surrogate.Temperature, 1e-5f);
        Assert.Equal(10, modes[100].Surrogate.Temperature, 1e-4f);
        Assert.Equal(41, modes.Count(p => p.FloatWeights));
        Assert.Equal(11, modes.Count(p => p.FrozenSigns) + 1);
        Assert.Equal(31, modes.Count(p => p.Regularizer == 2) + 1);
        Assert.Equal(0, modes[0].Regularizer);
        Assert.All(Enumerable.Range(1, 12), steps => Assert.False(BinarizationMode.At(settings with { FloatWeights = 0.9, FreezeSigns = 0 }, steps - 1, steps).FloatWeights));
        Assert.Equal(default, BinarizationMode.At(new BinarizationSettings(), 99, 100) with { Surrogate = default });
    }

    [Fact]
    public void TheRegulariserPullsMagnitudesToTheirMean()
    {
        var weight = new LatentWeight(SignForm.Plain, 2, 4);
        using (torch.no_grad())
        {
            weight.weight.copy_(BinarizerTests.Values([1, -2, 3.5f, 5.5f, -4, 4, 4, -4], 2, 4));
        }
        // Row 0: magnitudes 1, 2, 3.5, 5.5 with mean 3: distances 2, 1, 0.5, 2.5. Row 1: none.
        Tensor loss = WeightRegularizer.Loss([weight]);
        Assert.Equal(6.0 / 8, loss.item<float>(), 1e-6);
        loss.backward();
        float[] gradient = ModelTensors.ToArray(weight.weight.grad!);
        Assert.Equal([-0.125f, 0.125f, 0.125f, 0.125f], gradient[..4]);
        Assert.Equal([0, 0, 0, 0], gradient[4..]);

        // Centred rows: the same as without their mean, and the gradient has none.
        var centred = new LatentWeight(SignForm.Centred, 1, 4);
        using (torch.no_grad())
        {
            centred.weight.copy_(BinarizerTests.Values([11, 7.5f, 13.5f, 4], 1, 4));
        }

        Tensor shifted = WeightRegularizer.Loss([centred]);
        // Less the mean 9: 2, -1.5, 4.5, -5; the mean magnitude is 3.25.
        Assert.Equal((1.25 + 1.75 + 1.25 + 1.75) / 4, shifted.item<float>(), 1e-5);
        shifted.backward();
        Assert.Equal(0, ModelTensors.ToArray(centred.weight.grad!).Sum(), 1e-6f);
    }

    [Theory]
    [InlineData("3/keys", false, 3.0 / 16, 2)]
    [InlineData("0.005", false, 0.005, 2)]
    [InlineData("1.5/keys", true, 1.5 / 16, 1)]
    public void ClipsStartWhereAskedAndAreExportedByHead(string start, bool perLayer, double expected, int count)
    {
        var settings = new BinarizationSettings { Clip = ClipStart.Parse(start), ClipPerLayer = perLayer };
        using var model = new BinaryViT(Network, binarization: settings);
        const string Name = "vit.encoder.layer.0.attention.attention.att_prob_clip";
        float[] logs = ModelTensors.ToArray(model.named_parameters().Single(p => p.name == Name + "_log").parameter);
        Assert.Equal(count, logs.Length);
        Assert.All(logs, l => Assert.Equal(expected, Math.Exp(l), 1e-6));
        IReadOnlyDictionary<string, FloatTensor> tensors = ModelTensors.Export(model);
        Assert.Equal(2, tensors[Name].Data.Length);
        new TensorManifest(Network).Check(tensors, "exported");

        // Clips of heads become one by their geometric mean.
        Dictionary<string, FloatTensor> other = new(tensors) { [Name] = new FloatTensor(Name, [2], [0.1f, 0.4f]) };
        ModelTensors.Load(model, other);
        Assert.Equal(perLayer ? [0.2f, 0.2f] : [0.1f, 0.4f], ModelTensors.Export(model)[Name].Data.Select(v => MathF.Round(v, 5)));
    }

    [Fact]
    public void WrongSettingsAreNamedWithTheirRange()
    {
        foreach (string wrong in new[] { "", "x", "0", "2", "-1/keys", "1000/keys", "/keys", "nan" })
        {
            Assert.Contains("--clip-start is '" + wrong + "', expected a multiple (0.01 to 100)", Assert.Throws<ConvertException>(() => ClipStart.Parse(wrong)).Message, StringComparison.Ordinal);
        }

        Assert.Equal("3/keys", ClipStart.Default.ToString());
        Assert.Equal(new ClipStart(0.005, false), ClipStart.Parse(ClipStart.Parse("0.005").ToString()));
        Assert.Equal(ActivationGradient.Annealed, BinarizationSettings.ParseGradient("annealed"));
        Assert.Contains("quadratic, straight or annealed", Assert.Throws<ConvertException>(() => BinarizationSettings.ParseGradient("1")).Message, StringComparison.Ordinal);
        var options = new ConvertOptions
        {
            Data = "shapes",
            Out = "x",
            Accumulate = 0,
            CheckpointEvery = TimeSpan.Zero,
            Binarization = new BinarizationSettings { FloatWeights = 0.8, FreezeSigns = 0.5, Regularizer = -1, NormBatches = -1 },
        };
        string message = Assert.Throws<ConvertException>(options.Validate).Message;
        foreach (string part in new[] { "--accumulate is 0, expected 1", "--checkpoint-every is 0", "--weight-regularizer is -1, expected 0 to 100", "--norm-batches is -1", "more than the whole run" })
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OnlyWhatDiffersFromTheDefaultIsInTheConfiguration()
    {
        Assert.Empty(new BinarizationSettings().Describe());
        Assert.Equal(
            [("binarize.gradient", "Straight"), ("binarize.clipStart", "0.005"), ("binarize.freezeSigns", "0.03")],
            new BinarizationSettings { Gradient = ActivationGradient.Straight, Clip = new ClipStart(0.005, false), FreezeSigns = 0.03 }.Describe());
    }
}
