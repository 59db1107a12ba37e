using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Statistics of norms, estimated anew.</summary>
public class NormStatisticsTests
{
    [Fact]
    public void TheyAreTheAverageOfAllBatches()
    {
        const int Count = 64, BatchSize = 16;
        PixelSource source = DataTests.Shapes(Count);
        (float[] mean, float[] variance) = Estimate(source, Count, BatchSize, batches: 4);
        double[][] batches = [.. Batches(source, Count, BatchSize, 4).Select(Mean)];
        double[][] spreads = [.. Batches(source, Count, BatchSize, 4).Select(Variance)];
        for (int c = 0; c < 3; c++)
        {
            Assert.Equal(batches.Average(b => b[c]), mean[c], 1e-4);
            Assert.Equal(spreads.Average(b => b[c]), variance[c], 1e-4);
            // No batch alone would do.
            Assert.All(batches, b => Assert.True(Math.Abs(b[c] - mean[c]) > 1e-3));
        }
    }

    [Fact]
    public void NoMoreBatchesAreSeenThanAreAskedForOrThanThereAre()
    {
        PixelSource source = DataTests.Shapes(48);
        double[][] two = [.. Batches(source, 48, 16, 2).Select(Mean)];
        float[] found = Estimate(source, 48, 16, batches: 2).Mean;
        Assert.All(Enumerable.Range(0, 3), c => Assert.Equal((two[0][c] + two[1][c]) / 2, found[c], 1e-4));
        Assert.Equal(Estimate(source, 48, 16, batches: 3).Mean, Estimate(source, 48, 16, batches: 100).Mean);
        Assert.Equal([0, 0, 0], Estimate(source, 48, 16, batches: 0).Mean);
    }

    /// <summary>Variance 1 and an epsilon of 3: everything is halved, whatever computes the norm.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(16, true)]
    public void TheEpsilonIsAddedToTheVariance(int channels, bool training)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var norm = new TokenNorm(channels, 3);
        norm.train(training);
        Tensor tokens = torch.tensor(new float[] { 1, -1, 1, -1 }).view(4, 1).expand(4, channels).contiguous();
        Assert.All(ModelTensors.ToArray(norm.call(tokens)).Chunk(channels).Zip([0.5f, -0.5f, 0.5f, -0.5f]), p => Assert.All(p.First, v => Assert.Equal(p.Second, v, 1e-6f)));
    }

    [Fact]
    public void EveryNormOfAStudentHasItsNetworksEpsilon()
    {
        var config = new BinaryViTConfig("eps", ImageSize: 32, PatchSize: 8, [new StageConfig(1, 16, 32, 1, 2), new StageConfig(1, 32, 64, 1, 1)], Classes: 4, BatchNormEps: 0.125);
        using var model = new BinaryViT(config);
        TokenNorm[] norms = [.. model.modules().OfType<TokenNorm>()];
        // Of the embedding, of two blocks (one with a reduction), of the down-sampling and at the end.
        Assert.Equal(1 + 9 + 10 + 2 + 1, norms.Length);
        Assert.All(norms, n => Assert.Equal(0.125, n.Eps));
    }

    private static (float[] Mean, float[] Variance) Estimate(PixelSource source, int count, int batchSize, int batches)
    {
        using var model = new Colours();
        NormStatistics.Reestimate(model, source, [.. Enumerable.Range(0, count)], Augmentation.None, batchSize, batches, torch.CPU, seed: 5);
        Assert.False(model.training);
        Assert.Equal(0.1, model.norm.Momentum);
        return (ModelTensors.ToArray(model.norm.running_mean), ModelTensors.ToArray(model.norm.running_var));
    }

    private static IEnumerable<float[][]> Batches(PixelSource source, int count, int batchSize, int batches)
    {
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, count)], batchSize, Augmentation.None, seed: 5);
        for (int step = 0; step < batches; step++)
        {
            Batch batch = loader.Get(step);
            int plane = batch.Images.Length / batch.Count / 3;
            yield return [.. Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, batch.Count).SelectMany(i => batch.Images.Skip(((i * 3) + c) * plane).Take(plane)).ToArray())];
        }
    }

    private static double[] Mean(float[][] channels) => [.. channels.Select(c => c.Average(v => (double)v))];

    private static double[] Variance(float[][] channels) => [.. channels.Select(c =>
    {
        double mean = c.Average(v => (double)v);
        return c.Sum(v => (v - mean) * (v - mean)) / (c.Length - 1);
    })];

    /// <summary>A norm of the colours of pixels.</summary>
    private sealed class Colours : nn.Module<Tensor, Tensor>
    {
        public readonly TokenNorm norm = new(3, 1e-5);

        public Colours() : base(nameof(Colours)) => RegisterComponents();

        public override Tensor forward(Tensor input) => norm.call(input.permute(0, 2, 3, 1).reshape(-1, 3));
    }
}
