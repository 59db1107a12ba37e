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
        {
            Assert.Equal(whole[i], divided[i], 1e-5f);
        }
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
        {
            Assert.Equal(whole[i], divided[i], 1e-5f);
        }

        var error = Assert.Throws<ConvertException>(() => Step(1, 16, out _, most: 1));
        Assert.Contains("does not suffice for 2 images", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, 2, 3)]
    [InlineData(17, 4, 2)]
    [InlineData(40, 3, 4)]
    [InlineData(41, 10, 2)]
    [InlineData(7, 1, 3)]
    public void PartsOfAllProcessesTogetherAreThoseOfOne(int batch, int parts, int processes)
    {
        PixelSource source = DataTests.Shapes(48);
        int[] indices = [.. Enumerable.Range(0, 48)];
        var augmentation = new Augmentation(2, true) { Mixing = new Mixing(0.5, 0) };
        Assert.True(parts <= TrainingStep.MostParts(batch, processes));
        using var whole = new BatchLoader(source, indices, batch, augmentation, seed: 4);
        BatchLoader[] shares = [.. Enumerable.Range(0, processes).Select(r => new BatchLoader(source, indices, batch, augmentation, 4, new BatchShare(r, processes, Apart: false)))];
        for (int part = 0; part < parts; part++)
        {
            Batch one = whole.Get(0).PartOfWhole(part, parts);
            Dictionary<int, float[]> expected = Images(one);
            Batch[] all = [.. shares.Select(s => s.Get(0).PartOfWhole(part, parts))];
            Assert.All(all, b => Assert.NotEqual(0, b.Count));
            Assert.All(all, b => Assert.Equal(batch, b.Whole));
            Assert.Equal(one.Indices.Order(), all.SelectMany(b => b.Indices).Order());
            foreach ((int index, float[] image) in all.SelectMany(Images))
            {
                Assert.Equal(expected[index], image);
            }
            // Partners lie in mirrored places, as what mixes labels expects.
            Assert.All(all, b => Assert.All(b.Indices.Select((index, i) => (index, i)), p => Assert.Equal(Partner(one, p.index), b.Indices[b.Count - 1 - p.i])));
        }
        foreach (BatchLoader share in shares)
        {
            share.Dispose();
        }
    }

    private static int Partner(Batch batch, int index) => batch.Indices[batch.Count - 1 - Array.IndexOf(batch.Indices, index)];

    private static Dictionary<int, float[]> Images(Batch batch)
    {
        int length = batch.Images.Length / batch.Count;
        return batch.Indices.Select((index, i) => (index, i)).ToDictionary(p => p.index, p => batch.Images[(p.i * length)..((p.i + 1) * length)]);
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
    internal sealed class Hungry(ITrainingTask task, int most) : ITrainingTask
    {
        public nn.Module<Tensor, Tensor> Model => task.Model;

        public Tensor Loss(Tensor images, Tensor labels, Batch batch)
        {
            if (images.shape[0] > most)
            {
                torch.empty(1L << 60).Dispose();
            }

            return task.Loss(images, labels, batch);
        }
    }

    internal sealed class Lines : IConvertProgress
    {
        public List<string> Seen { get; } = [];

        public void Report(ConvertEvent value)
        {
            if (value is Warned warned)
            {
                Seen.Add(warned.Text);
            }
        }
    }
}
