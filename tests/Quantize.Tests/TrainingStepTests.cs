using EdgeVit.Export;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>The first step of a training, parameter by parameter, against the optimizers' formulas: which settings hold for which parameters.</summary>
public class TrainingStepTests
{
    private const double Rate = 0.01;

    private static BinaryViTConfig Network { get; } = new(
        "step", ImageSize: 32, PatchSize: 8, [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1)], Classes: 10, Locality: true);

    /// <summary>At its first step Adam moves every parameter by the rate against its gradient's sign, after decay has taken its share of it.</summary>
    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(0.5, 0.1)]
    [InlineData(0.5, 0.3)]
    public void AdamDecaysAllButClipsAndTemperaturesWhichLearnAtTheirOwnRate(double decay, double clipRate)
    {
        var settings = new TrainSettings { Steps = 10, BatchSize = 16, Warmup = 0, LearningRate = Rate, WeightDecay = decay, ClipRate = clipRate };
        (int usual, int apart) = (0, 0);
        foreach (Moved m in FirstStep(settings))
        {
            bool own = m.Name.EndsWith("att_prob_clip_log", StringComparison.Ordinal) || m.Name.EndsWith("temperature_logit", StringComparison.Ordinal);
            double rate = own ? Rate * clipRate : Rate;
            double kept = own ? 1 : 1 - (Rate * decay);
            double g = m.Gradient * m.Scale;
            double expected = (m.Before * kept) - (rate * g / (Math.Abs(g) + 1e-8));
            Assert.True(Math.Abs(expected - m.After) < 2e-6, $"{m.Name}: {m.Before:R} with gradient {g:R} became {m.After:R}, expected {expected:R}");
            _ = own ? apart++ : usual++;
        }

        // One clip and one temperature.
        Assert.Equal(2, apart);
        Assert.True(usual > 10_000);
    }

    /// <summary>Nesterov's first step: gradient with decay, once for itself and once as momentum. What has one dimension, offsets and scales, learns faster
    /// and decays less by the same factor.</summary>
    [Theory]
    [InlineData(1, 0.85)]
    [InlineData(16, 0.85)]
    [InlineData(16, 0.5)]
    public void NesterovMovesOffsetsAndScalesByAFactor(double biasRate, double momentum)
    {
        const double Decay = 0.25;
        var settings = new TrainSettings { Steps = 10, BatchSize = 16, Warmup = 0, Optimizer = OptimizerKind.Nesterov, LearningRate = Rate, WeightDecay = Decay, BiasRate = biasRate, Momentum = momentum };
        bool[] seen = new bool[2];
        foreach (Moved m in FirstStep(settings))
        {
            double factor = m.Dimensions == 1 ? biasRate : 1;
            double g = (m.Gradient * m.Scale) + (Decay / factor * m.Before);
            double expected = m.Before - (Rate * factor * (1 + momentum) * g);
            Assert.True(Math.Abs(expected - m.After) < 2e-6, $"{m.Name}: {m.Before:R} with gradient {m.Gradient:R} became {m.After:R}, expected {expected:R}");
            seen[m.Dimensions == 1 ? 0 : 1] = true;
        }

        Assert.Equal([true, true], seen);
    }

    /// <summary>Gradients are cut to the norm that the settings say, and only where they are longer.</summary>
    [Theory]
    [InlineData(0.01)]
    [InlineData(1e6)]
    public void LongGradientsAreCut(double most)
    {
        var settings = new TrainSettings { Steps = 10, BatchSize = 16, Warmup = 0, Optimizer = OptimizerKind.Nesterov, LearningRate = Rate, Momentum = 0, GradientNorm = most };
        Moved[] moved = [.. FirstStep(settings)];
        double norm = Math.Sqrt(moved.Sum(m => m.Gradient * m.Gradient));
        Assert.Equal(norm, moved[0].Norm, norm * 1e-5);
        double length = Math.Sqrt(moved.Sum(m => (m.After - m.Before) * (m.After - m.Before)));
        Assert.True(norm > 0.02);
        double expected = Rate * Math.Min(norm, most);
        Assert.Equal(expected, length, expected * 2e-3);
    }

    [Fact]
    public void ARegulariserActsOnTheWeightsOfSigns()
    {
        var usual = new TrainSettings { Steps = 10, BatchSize = 16, Warmup = 0, LearningRate = Rate };
        Moved[] without = [.. FirstStep(usual)];
        Moved[] with = [.. FirstStep(usual with { Binarization = new BinarizationSettings { Regularizer = 3, RegularizerShare = 1 } })];
        // The mean distance of magnitudes from their row's mean magnitude: its gradient is that of a mean, once with each sign.
        int changed = 0;
        foreach ((Moved a, Moved b) in without.Zip(with))
        {
            double difference = Math.Abs(b.Gradient - a.Gradient);
            if (a.Name == "vit.encoder.layer.0.intermediate.dense.weight")
            {
                changed += difference > 1e-4 ? 1 : 0;
                Assert.InRange(difference, 0, 2 * 3.0 / (32 * 64));
            }
            else if (a.Dimensions == 1)
            {
                Assert.Equal(0, difference, 1e-6);
            }
        }

        Assert.True(changed > 1000);
    }

    /// <summary>A number of a parameter before and after a step, with what moved it.</summary>
    private sealed record Moved(string Name, long Dimensions, double Before, double Gradient, double Scale, double After, double Norm);

    private static IEnumerable<Moved> FirstStep(TrainSettings settings)
    {
        PixelSource source = DataTests.Shapes(16);
        torch.manual_seed(11);
        using var model = new BinaryViT(Network);
        using var step = new TrainingStep(new ClassifyTask(model), settings, source, torch.CPU);
        Dictionary<string, float[]> before = Values(p => p);
        Assert.Equal(Rate, step.Begin(0), 1e-12);
        model.train();
        (double loss, double norm) = step.Run(BatchLoader.InOrder(source, [.. Enumerable.Range(0, 16)], 16).Single());
        Assert.True(double.IsFinite(loss));
        Dictionary<string, float[]> after = Values(p => p), gradients = Values(p => p.grad!);
        double scale = Math.Min(1, settings.GradientNorm / (norm + 1e-6));
        List<Moved> moved = [];
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in model.named_parameters())
        {
            for (int i = 0; i < before[name].Length; i++)
            {
                moved.Add(new Moved(name, parameter.dim(), before[name][i], gradients[name][i], scale, after[name][i], norm));
            }
        }

        return moved;

        Dictionary<string, float[]> Values(Func<TorchSharp.Modules.Parameter, torch.Tensor> of) =>
            model.named_parameters().ToDictionary(p => p.name, p => ModelTensors.ToArray(of(p.parameter)));
    }
}
