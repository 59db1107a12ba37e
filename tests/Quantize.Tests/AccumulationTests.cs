using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Batches that are computed in parts.</summary>
public class AccumulationTests
{
    [Theory]
    [InlineData(2, 16)]
    [InlineData(4, 16)]
    [InlineData(5, 16)]
    [InlineData(3, 15)]
    public void PartsGiveTheStepOfTheWholeBatchWhereNoNormIsBetween(int parts, int batch)
    {
        (double loss, float[] whole) = Step(1, batch, out _);
        (double partLoss, float[] divided) = Step(parts, batch, out _);
        Assert.Equal(loss, partLoss, 1e-5);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], divided[i], 1e-5f);
    }

    [Fact]
    public void WhereMemoryRunsOutTheBatchIsHalvedUntilItFits()
    {
        (double loss, float[] whole) = Step(1, 16, out _);
        (double partLoss, float[] divided) = Step(1, 16, out List<string> warnings, most: 5);
        Assert.Equal(["8", "4"], warnings.Select(w => w.Split("parts of ")[1].Split(' ')[0]));
        Assert.Contains("memory ran out", warnings[0], StringComparison.Ordinal);
        Assert.Contains("--accumulate 4", warnings[1], StringComparison.Ordinal);
        Assert.Equal(loss, partLoss, 1e-5);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], divided[i], 1e-5f);
        var error = Assert.Throws<ConvertException>(() => Step(1, 16, out _, most: 1));
        Assert.Contains("does not suffice for 2 images", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherFailuresAreNoLackOfMemory()
    {
        Assert.False(OutOfMemory.Is(new System.Runtime.InteropServices.ExternalException("shapes differ")));
        Assert.False(OutOfMemory.Is(new InvalidOperationException("out of memory")));
        Assert.True(OutOfMemory.Is(new System.Runtime.InteropServices.ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB")));
    }

    private static (double Loss, float[] Weights) Step(int parts, int size, out List<string> warnings, int most = int.MaxValue)
    {
        PixelSource source = DataTests.Shapes(32);
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 32)], size, new Augmentation(2, true) { Mixing = new Mixing(1, 1) }, seed: 3);
        torch.manual_seed(5);
        using var model = new Plain();
        var settings = new TrainSettings { Steps = 10, BatchSize = size, Warmup = 0, Accumulate = parts };
        var lines = new Lines();
        using var step = new TrainingStep(new Hungry(new ClassifyTask(model, 0.1), most), settings, source, torch.CPU, lines);
        step.Begin(0);
        warnings = lines.Seen;
        double loss = step.Run(loader.Get(0)).Loss;
        return (loss, [.. model.parameters().SelectMany(ModelTensors.ToArray)]);
    }

    /// <summary>A network without norms.</summary>
    private sealed class Plain : nn.Module<Tensor, Tensor>
    {
        private readonly Linear first = nn.Linear(3 * 32 * 32, 12);
        private readonly Linear last = nn.Linear(12, 10);

        internal Plain() : base(nameof(Plain)) => RegisterComponents();

        public override Tensor forward(Tensor input) => last.call(nn.functional.relu(first.call(input.flatten(1))));
    }

    /// <summary>A task that asks the real allocator for what no machine has where there are too many images.</summary>
    private sealed class Hungry(ITrainingTask task, int most) : ITrainingTask
    {
        public nn.Module<Tensor, Tensor> Model => task.Model;

        public Tensor Loss(Tensor images, Tensor labels, Batch batch)
        {
            if (images.shape[0] > most)
                torch.empty(1L << 60).Dispose();
            return task.Loss(images, labels, batch);
        }
    }

    private sealed class Lines : IConvertProgress
    {
        public List<string> Seen { get; } = [];

        public void Report(ConvertEvent value)
        {
            if (value is Warned warned)
                Seen.Add(warned.Text);
        }
    }
}
