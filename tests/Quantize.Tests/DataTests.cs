using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>Splits, order, augmentation and normalisation of training images.</summary>
public class DataTests
{
    private static Preprocess Plain { get; } = new(4, 4, 4, Interpolation.Bilinear, [0, 0, 0], [1, 1, 1]);

    [Fact]
    public void ShiftsReflectAtTheEdgeAndFlipsMirror()
    {
        // Red holds the column, green the row.
        byte[] pixels = new byte[4 * 4 * 3];
        for (int y = 0; y < 4; y++)
        {
            for (int x = 0; x < 4; x++)
            {
                pixels[((y * 4) + x) * 3] = (byte)x;
                pixels[(((y * 4) + x) * 3) + 1] = (byte)y;
            }
        }
        var writer = new PixelWriter(Plain);
        float[] target = new float[3 * 16];
        writer.Write(pixels, target, dx: 2, dy: -1);
        Assert.Equal([2, 3, 2, 1], Row(0, 0));
        Assert.Equal([1, 0, 1, 2], Column(1, 0));
        writer.Write(pixels, target, dx: 0, dy: 0, mirror: true);
        Assert.Equal([3, 2, 1, 0], Row(0, 3));

        float[] Row(int channel, int y) => [.. Enumerable.Range(0, 4).Select(x => MathF.Round(target[(channel * 16) + (y * 4) + x] * 255))];
        float[] Column(int channel, int x) => [.. Enumerable.Range(0, 4).Select(y => MathF.Round(target[(channel * 16) + (y * 4) + x] * 255))];
    }

    [Fact]
    public void NormalisationIsTheDevicesBitForBit()
    {
        var preprocess = new Preprocess(16, 16, 16, Interpolation.Bilinear, [0.2860f, 0.4f, 0.5f], [0.3530f, 0.25f, 0.2f]);
        byte[] pixels = [.. Enumerable.Range(0, 3 * 256).Select(i => (byte)i)];
        float[] expected = new float[3 * 256];
        new PreprocessPipeline(preprocess).Normalise(pixels, expected);
        float[] found = new float[3 * 256];
        new PixelWriter(preprocess).Write(pixels, found);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void AugmentationIsAFunctionOfSeedEpochAndImage()
    {
        var augmentation = new Augmentation(4, Flip: true);
        var draws = Enumerable.Range(0, 2000).Select(i => augmentation.Draw(1, 0, i)).ToArray();
        Assert.Equal(draws, Enumerable.Range(0, 2000).Select(i => augmentation.Draw(1, 0, i)));
        Assert.NotEqual(draws, Enumerable.Range(0, 2000).Select(i => augmentation.Draw(1, 1, i)));
        Assert.NotEqual(draws, Enumerable.Range(0, 2000).Select(i => augmentation.Draw(2, 0, i)));
        Assert.Equal(-4, draws.Min(d => d.Dx));
        Assert.Equal(4, draws.Max(d => d.Dy));
        Assert.InRange(draws.Count(d => d.Mirror), 900, 1100);
        Assert.Equal((0, 0, false), Augmentation.None.Draw(1, 0, 5));
    }

    [Fact]
    public void SplitHoldsOutAShareOfEveryClass()
    {
        int[] all = [.. Enumerable.Range(0, 1000)];
        DataSplit split = DataSplit.By(all, i => i % 10, 10, 0.1, 2000, seed: 3);
        Assert.Equal(100, split.Held.Count);
        Assert.All(Enumerable.Range(0, 10), c => Assert.Equal(10, split.Held.Count(i => i % 10 == c)));
        Assert.Equal(all, split.Train.Concat(split.Held).Order());
        Assert.Equal(split.Held, DataSplit.By(all, i => i % 10, 10, 0.1, 2000, seed: 3).Held);
        Assert.NotEqual(split.Held, DataSplit.By(all, i => i % 10, 10, 0.1, 2000, seed: 4).Held);
        Assert.Equal(20, DataSplit.By(all, i => i % 10, 10, 0.1, 20, seed: 3).Held.Count);
        // A class with one image keeps it.
        Assert.Empty(DataSplit.By([0, 1], i => i, 2, 0.9, 100, seed: 1).Held);
    }

    [Fact]
    public void BatchesDependOnSeedAndStepOnly()
    {
        PixelSource source = Shapes(64);
        int[] indices = [.. Enumerable.Range(0, 50)];
        using var loader = new BatchLoader(source, indices, 16, new Augmentation(4, true), seed: 9);
        Assert.Equal(3, loader.StepsPerEpoch);
        Batch[] straight = [.. Enumerable.Range(0, 7).Select(s => loader.Get(s))];
        Batch again = loader.Get(4);
        Assert.Equal(straight[4].Images, again.Images);
        Assert.Equal(straight[4].Labels, again.Labels);
        Assert.Equal(1, straight[4].Epoch);
        Assert.Equal(48, straight.Take(3).SelectMany(b => b.Indices).Distinct().Count());
        Assert.NotEqual(straight[0].Indices, straight[3].Indices);
        Assert.All(straight, b => Assert.All(b.Indices, i => Assert.InRange(i, 0, 49)));
    }

    [Fact]
    public void ImagesThatDoNotFitInMemoryAreDecodedOnDemand()
    {
        DatasetSplits splits = DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = 40, ShapesTestCount = 10 });
        PixelSource kept = PixelSource.Open(splits.Train, Preprocess32);
        PixelSource onDemand = PixelSource.Open(splits.Train, Preprocess32, limit: 1000);
        Assert.True(kept.IsKept);
        Assert.False(onDemand.IsKept);
        using var a = new BatchLoader(kept, [.. Enumerable.Range(0, 40)], 8, new Augmentation(4, true), 1);
        using var b = new BatchLoader(onDemand, [.. Enumerable.Range(0, 40)], 8, new Augmentation(4, true), 1);
        Assert.Equal(a.Get(3).Images, b.Get(3).Images);
    }

    [Fact]
    public void WhateverFailsWhileImagesAreReadReachesTheCaller()
    {
        using var loader = new BatchLoader(PixelSource.Open(new Unreadable(), Preprocess32, limit: 0), [0, 1, 2, 3], 2, Augmentation.None, 1);
        Assert.Throws<DllNotFoundException>(() => loader.Get(0));
        Assert.Throws<DllNotFoundException>(() => PixelSource.Open(new Unreadable(), Preprocess32));
    }

    [Fact]
    public void StatisticsOfTheTrainingImages()
    {
        PixelSource source = Shapes(30);
        (float[] mean, float[] std) = source.Statistics([.. Enumerable.Range(0, 30)]);
        PixelSource normalised = source.Normalised(mean, std);
        float[] values = [.. BatchLoader.InOrder(normalised, [.. Enumerable.Range(0, 30)], 30).Single().Images];
        Assert.InRange(values.Average(), -0.01, 0.01);
        Assert.InRange(Math.Sqrt(values.Average(v => v * v)), 0.99, 1.01);
    }

    internal static Preprocess Preprocess32 { get; } = new(32, 32, 32, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);

    internal static PixelSource Shapes(int count, long limit = PixelSource.MemoryLimit) =>
        PixelSource.Open(DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = count, ShapesTestCount = 10 }).Train, Preprocess32, limit: limit);

    /// <summary>Four images that cannot be read, for a reason that has nothing to do with them.</summary>
    private sealed class Unreadable : IImageDataset
    {
        public string Name => "unreadable";

        public IReadOnlyList<string> Labels => ["a", "b"];

        public int Count => 4;

        public int Label(int index) => index % 2;

        public string SourceName(int index) => $"image {index}";

        public RgbImage Load(int index) => throw new DllNotFoundException("no codec");
    }
}
