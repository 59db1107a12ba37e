using EdgeVit.Imaging;
using EdgeVit.Runtime;
using static EdgeVit.Quantize.RandAugment;

namespace EdgeVit.Quantize.Tests;

/// <summary>Random crops, RandAugment and repeated augmentation.</summary>
public class StrongAugmentationTests
{
    [Fact]
    public void OperationsOnLevelsGiveWhatIsWorkedOutByHand()
    {
        // Two pixels: (10, 100, 200) and (30, 60, 90); strength 15 of 30.
        byte[] Of(Operation operation, double sign, double magnitude = 15)
        {
            byte[] pixels = [10, 100, 200, 30, 60, 90];
            new RandAugment(1, magnitude).Apply(operation, sign, pixels, new byte[6], 1, 2, [0, 0, 0]);
            return pixels;
        }

        Assert.Equal([10, 100, 200, 30, 60, 90], Of(Operation.Identity, 1));
        Assert.Equal([15, 145, 255, 44, 87, 131], Of(Operation.Brightness, 1));
        Assert.Equal([6, 55, 110, 17, 33, 50], Of(Operation.Brightness, -1));
        // Greys (19595 R + 38470 G + 7471 B) / 65536: 84 and 54; their mean 69.
        Assert.Equal([43, 93, 148, 41, 57, 74], Of(Operation.Color, -1));
        Assert.Equal([37, 86, 141, 48, 64, 81], Of(Operation.Contrast, -1));
        // 8 - 2 bits.
        Assert.Equal([8, 100, 200, 28, 60, 88], Of(Operation.Posterize, 1));
        Assert.Equal([10, 100, 55, 30, 60, 90], Of(Operation.Solarize, 1));
        Assert.Equal([245, 155, 55, 225, 195, 165], Of(Operation.Solarize, 1, 30));
        Assert.Equal([0, 255, 255, 255, 0, 0], Of(Operation.AutoContrast, 1));
        // Too few pixels to equalize anything.
        Assert.Equal([10, 100, 200, 30, 60, 90], Of(Operation.Equalize, 1));
    }

    [Fact]
    public void EqualizedLevelsAreEquallyFrequent()
    {
        // 1,020 pixels of levels 100..103 in every channel, 255 of each: step (1020 - 255) / 255 = 3, sums 1, 256, 511, 766.
        byte[] pixels = [.. Enumerable.Range(0, 1020).SelectMany(i => Enumerable.Repeat((byte)(100 + (i % 4)), 3))];
        Tone.Equalize(pixels);
        Assert.Equal<byte>([0, 85, 170, 255], pixels.Distinct().Order());
        Assert.Equal(0, pixels[0]);
        Assert.Equal(85, pixels[3]);
    }

    [Fact]
    public void SharpnessKeepsTheBorderAndFlatImages()
    {
        byte[] flat = [.. Enumerable.Repeat((byte)77, 5 * 4 * 3)];
        Tone.Sharpness(flat, new byte[60], 5, 4, 1.9);
        Assert.All(flat, v => Assert.Equal(77, v));
        // One bright pixel in the middle: smooth is (5 * 130) / 13 = 50, twice as far from it 210.
        byte[] point = new byte[27];
        point[12] = 130;
        Tone.Sharpness(point, new byte[27], 3, 3, 2);
        Assert.Equal(210, point[12]);
        Assert.Equal(210, point.Sum(v => v));
    }

    [Fact]
    public void GeometryMovesPixelsAndFillsWhatIsBeyond()
    {
        byte[] Row(Operation operation, double sign, double magnitude)
        {
            byte[] pixels = [.. Enumerable.Range(0, 25).SelectMany(i => Enumerable.Repeat((byte)(i % 5), 3))];
            new RandAugment(1, magnitude).Apply(operation, sign, pixels, new byte[75], 5, 5, [9, 9, 9]);
            return [.. Enumerable.Range(0, 5).Select(x => pixels[3 * ((2 * 5) + x)])];
        }

        // 150 / 331 of 5 columns are 2.27, at full strength two.
        Assert.Equal([2, 3, 4, 9, 9], Row(Operation.TranslateX, 1, 30));
        Assert.Equal([9, 9, 0, 1, 2], Row(Operation.TranslateX, -1, 30));
        Assert.Equal([0, 1, 2, 3, 4], Row(Operation.TranslateY, 1, 30));
        // The middle row is the axis of a shear.
        Assert.Equal([0, 1, 2, 3, 4], Row(Operation.ShearX, 1, 30));
        Assert.Equal([0, 1, 2, 3, 4], Row(Operation.Rotate, 1, 0));

        // A quarter turn would need strength 90 of 30: the warp itself turns (x, y) into (y, -x).
        byte[] turned = [.. Enumerable.Range(0, 9).SelectMany(i => Enumerable.Repeat((byte)i, 3))];
        Geometry.Warp(turned, new byte[27], 3, 3, [9, 9, 9], 0, 1, -1, 0, 0, 0);
        Assert.Equal<byte>([6, 3, 0, 7, 4, 1, 8, 5, 2], Enumerable.Range(0, 9).Select(i => turned[3 * i]));
    }

    [Fact]
    public void CropsHaveTheirAreaAndAspectAndLieWithin()
    {
        var random = new CounterRandom(1);
        for (int i = 0; i < 2000; i++)
        {
            (int left, int top, int width, int height) = RandomCrop.Draw(200, 100, 0.08, ref random);
            Assert.True(left >= 0 && top >= 0 && left + width <= 200 && top + height <= 100);
            Assert.InRange((double)width * height, 0.07 * 20_000, 20_000);
            Assert.InRange((double)width / height, 0.70, 1.43);
        }
        // Nothing of the allowed aspect has the whole area: the middle.
        Assert.Equal((33, 0, 133, 100), RandomCrop.Draw(200, 100, 1, ref random));
        Assert.Equal((0, 33, 100, 133), RandomCrop.Draw(100, 200, 1, ref random));
        var image = new RgbImage(2, 2, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
        byte[] target = new byte[12];
        RandomCrop.Apply(image, (1, 1, 1, 1), 2, 2, EdgeVit.Runtime.Interpolation.Bilinear, target);
        Assert.All(target, v => Assert.Equal(4, v));
    }

    [Fact]
    public void StronglyVariedBatchesDependOnSeedAndStepOnly()
    {
        PixelSource source = DataTests.Shapes(40);
        var augmentation = new Augmentation(0, true) { Crop = 0.3, Operations = new RandAugment(2, 9), Repeats = 3 };
        Assert.False(augmentation.IsNone);
        Assert.False(augmentation.KeepsContent);
        using var a = new BatchLoader(source, [.. Enumerable.Range(0, 40)], 12, augmentation, seed: 5);
        using var b = new BatchLoader(source, [.. Enumerable.Range(0, 40)], 12, augmentation, seed: 5);
        Batch first = a.Get(0);
        a.Get(1);
        Batch later = a.Get(5);
        Assert.Equal(later.Images, b.Get(5).Images);
        Assert.Equal(first.Images, b.Get(0).Images);

        // Four images three times each, each time another picture; the next batch has others.
        Assert.Equal(4, first.Indices.Distinct().Count());
        Assert.All(first.Indices.GroupBy(i => i), g => Assert.Equal(3, g.Count()));
        Assert.Empty(first.Indices.Intersect(b.Get(1).Indices));
        int length = first.Images.Length / 12;
        for (int i = 0; i < 12; i += 3)
        {
            Assert.False(first.Images.AsSpan(i * length, length).SequenceEqual(first.Images.AsSpan((i + 1) * length, length)));
            Assert.False(first.Images.AsSpan((i + 1) * length, length).SequenceEqual(first.Images.AsSpan((i + 2) * length, length)));
        }

        // Images decoded on demand are those in memory where they have the network's size.
        DatasetSplits splits = DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = 40, ShapesTestCount = 10 });
        using var onDemand = new BatchLoader(PixelSource.Open(splits.Train, DataTests.Preprocess32, limit: 1000), [.. Enumerable.Range(0, 40)], 12, augmentation, seed: 5);
        Assert.Equal(first.Images, onDemand.Get(0).Images);
    }

    [Fact]
    public void AnImageThatTwoBatchesShareIsAnotherPictureInEach()
    {
        PixelSource source = DataTests.Shapes(40);
        var augmentation = new Augmentation(4, true) { Operations = new RandAugment(2, 9), Repeats = 3 };
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 40)], 8, augmentation, seed: 5);
        Batch[] batches = [.. Enumerable.Range(0, 3).Select(step => loader.Get(step))];
        int length = batches[0].Images.Length / 8;
        var pictures = batches.SelectMany(batch => batch.Indices.Select((index, i) => (Index: index, Pixels: batch.Images[(i * length)..((i + 1) * length)]))).ToList();
        Assert.Equal(24, pictures.Count);
        Assert.All(pictures.GroupBy(picture => picture.Index), shown =>
        {
            Assert.Equal(3, shown.Count());
            Assert.Equal(3, shown.Select(picture => Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(picture.Pixels))).Distinct().Count());
        });
    }
}
