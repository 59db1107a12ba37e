using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>Held-out images that are training images, too.</summary>
public sealed class DuplicatesTests
{
    private static readonly Preprocess s_small = new(16, 16, 16, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);

    [Fact]
    public void ImagesOfTwoSplitsWithTheSamePixelsAreCountedAndNamed()
    {
        DatasetSplits shapes = DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = 40, ShapesTestCount = 10 });
        PixelSource source = PixelSource.Open(new JoinedDataset(shapes.Train, shapes.Train), s_small);
        PixelSource test = PixelSource.Open(shapes.Test!, s_small);
        int[] ten = [.. Enumerable.Range(0, 10)], thirty = [.. Enumerable.Range(0, 30)];

        Assert.Null(Duplicates.Describe(source, new DataSplit(thirty, [30, 31, 32]), test, ten));
        string held = Duplicates.Describe(source, new DataSplit(thirty, [69, 70, 45]), test, ten)!;
        Assert.StartsWith("0 of 10 test images and 2 of 3 validation images have the same pixels", held, StringComparison.Ordinal);
        Assert.EndsWith($"the first: {shapes.Train.SourceName(29)} and {shapes.Train.SourceName(29)}", held, StringComparison.Ordinal);
        string tested = Duplicates.Describe(source, new DataSplit(thirty, [35]), source, [35, 41])!;
        Assert.StartsWith("1 of 2 test images and 0 of 1 validation images", tested, StringComparison.Ordinal);

        // Of what is decoded on demand nothing is known without a look.
        PixelSource onDemand = PixelSource.Open(shapes.Train, s_small, limit: 0);
        Assert.Null(Duplicates.Describe(onDemand, new DataSplit(thirty, [30]), onDemand, [1]));
    }

    /// <summary>A set's own validation images are held out as they are, and nothing of the training images.</summary>
    [Fact]
    public void JoinedImagesKeepLabelsAndPixels()
    {
        DatasetSplits shapes = DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = 4, ShapesTestCount = 3 });
        var joined = new JoinedDataset(shapes.Train, shapes.Test!);
        Assert.Equal(7, joined.Count);
        for (int i = 0; i < 7; i++)
        {
            (IImageDataset set, int at) = i < 4 ? (shapes.Train, i) : (shapes.Test!, i - 4);
            Assert.Equal((set.Label(at), set.SourceName(at)), (joined.Label(i), joined.SourceName(i)));
            Assert.Equal(set.Load(at).Pixels.ToArray(), joined.Load(i).Pixels.ToArray());
        }
    }
}
