using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>Batches are divided so that memory suffices, before it runs out.</summary>
public class BatchMemoryTests
{
    [Fact]
    public void PartsAreTheFewestDoublingsThatFit()
    {
        var random = new Random(7);
        for (int i = 0; i < 2000; i++)
        {
            var memory = new BatchMemory(random.Next(1 << 28), random.Next(1, 1 << 24));
            var bound = new MemoryBound(random.NextInt64(1L << 32), "the test");
            int images = random.Next(2, 300), most = Math.Max(1, images / 2), from = random.Next(1, 5);
            int? parts = memory.Parts(bound, images, from, most);
            bool Fits(int n) => memory.Basis + (1.25 * memory.ImageBytes * ((images + n - 1) / n)) <= bound.Usable + 1;
            if (parts is not { } chosen)
            {
                Assert.False(Fits(most));
                continue;
            }

            Assert.InRange(chosen, 1, most);
            Assert.True(Fits(chosen));
            Assert.True(chosen == Math.Min(from, most) || !Fits(Math.Max(from, (chosen + 1) / 2)) || (chosen == most && !Fits(Math.Max(1, most / 2))));
        }
    }

    [Fact]
    public void AStepStaysModestWhereItsPartsStayLarge()
    {
        var random = new Random(9);
        for (int i = 0; i < 2000; i++)
        {
            var memory = new BatchMemory(random.Next(1 << 28), random.Next(1, 1 << 25));
            MemoryBound bound = new MemoryBound(1L << 40, "the test") with { Modest = random.NextInt64(1L << 32) };
            int images = random.Next(2, 600), from = random.Next(1, 4), parts = memory.ModestParts(bound, images, from);
            Assert.True(parts == from || images / parts >= BatchMemory.LargePart);
            Assert.True(parts == from || memory.Needed((images + (parts / 2) - 1) / (parts / 2)) > bound.Modest);
            Assert.True(memory.Needed((images + parts - 1) / parts) <= bound.Modest || images / (2 * parts) < BatchMemory.LargePart);
            Assert.Equal(from, memory.ModestParts(bound with { Modest = long.MaxValue }, images, from));
        }

        Assert.Equal(1_500_000_000, MemoryBound.Of(null).Modest);
        Assert.Equal(long.MaxValue, MemoryBound.Of(1L << 40).Modest);
        MemoryBound modest = new MemoryBound(1L << 50, "the test") with { Modest = 100L << 30 };
        (double whole, _, int one, _) = Step(MemoryBound.None);
        (double divided, _, int two, List<string> notes) = Step(modest, image: 1L << 30);
        Assert.Equal((1, 2), (one, two));
        Assert.Equal(whole, divided, 1e-5);
        Assert.Contains("--memory", Assert.Single(notes), StringComparison.Ordinal);
    }

    /// <summary>What is modest decides the parts of a batch alone: a heap that returns its blocks makes every step several times as long.</summary>
    [Theory]
    [InlineData(380_000_000, 11_300_000, 64)]
    [InlineData(380_000_000, 40_000_000, 64)]
    public void BlocksAreKeptWhereThatFits(long basis, long image, int images)
    {
        MemoryBound machine = new MemoryBound(20_000_000_000, "the test") with { Modest = 1_500_000_000 };
        var memory = new BatchMemory(basis, image);
        long kept = memory.Needed(images, kept: true);
        Assert.True(memory.MayKeep(machine, images));
        Assert.True(memory.MayKeep(machine with { Bytes = (kept * 10 / 9) + 2 }, images));
        Assert.False(memory.MayKeep(machine with { Bytes = (kept * 10 / 9) - 2 }, images));
        Assert.True(memory.Needed(images) < kept);
    }

    [Fact]
    public void ABoundFromBeforeMakesPartsAndAStepThatIsThatOfTheWholeBatch()
    {
        (double whole, _, int one, _) = Step(MemoryBound.None);
        (double same, float[] weights, int still, _) = Step(new MemoryBound(1L << 40, "the test"));
        Assert.Equal((1, 1), (one, still));
        Assert.Equal(whole, same);
        // 1 GB an image, so that 100 GB are enough for a part of 64 of 128 and 30 GB for one of 16.
        (double divided, float[] others, int two, List<string> notes) = Step(new MemoryBound(100L << 30, "the test"), image: 1L << 30);
        Assert.Equal(2, two);
        Assert.Contains("2 parts of 64", Assert.Single(notes), StringComparison.Ordinal);
        Assert.Equal(whole, divided, 1e-5);
        Assert.All(weights.Zip(others), p => Assert.Equal(p.First, p.Second, 1e-5f));
        Assert.Equal(8, Step(new MemoryBound(30L << 30, "the test"), image: 1L << 30).Parts);
    }

    [Fact]
    public void WhereNotEvenTwoImagesFitNothingIsTaken()
    {
        var refused = Assert.Throws<ConvertException>(() => Step(new MemoryBound(1L << 20, "what its control group leaves")));
        Assert.Contains("Memory does not suffice", refused.Message, StringComparison.Ordinal);
        Assert.Contains("what its control group leaves", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--memory", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsMeasuredIsWhatAStepTakes()
    {
        // The hidden layer and its activation, a megabyte each, and their gradients.
        Assert.InRange(MeasuredSteps.InProcess(MeasuredSteps.Hidden).ImageBytes, 2 << 20, 8 << 20);
    }

    private static (double Loss, float[] Weights, int Parts, List<string> Notes) Step(MemoryBound bound, long image = 0)
    {
        PixelSource source = DataTests.Shapes(128);
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 128)], 128, new Augmentation(2, true), seed: 3);
        torch.manual_seed(5);
        using var model = new WideNetwork(64);
        var notes = new Recorder();
        using var step = new TrainingStep(new ClassifyTask(model), new TrainSettings { Steps = 10, BatchSize = 128, Warmup = 0 }, source, torch.CPU, notes)
        { Bound = bound, Known = image == 0 ? null : new BatchMemory(1, image) };
        step.Begin(0);
        step.Rehearse(loader.Get(0));
        double loss = step.Run(loader.Get(0)).Loss;
        return (loss, [.. model.parameters().SelectMany(ModelTensors.ToArray)], step.Parts, [.. notes.Texts]);
    }
}
