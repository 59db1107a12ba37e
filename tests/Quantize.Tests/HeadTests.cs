using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>A linear head on frozen features, and names of classes.</summary>
public class HeadTests
{
    /// <summary>Features of classes that a plane separates but for noise, in units that differ a thousandfold.</summary>
    private static (float[] Features, int[] Labels) Separable(int images, int classes, int width, double noise, int seed)
    {
        var random = new Random(seed);
        float[] features = new float[images * width];
        int[] labels = new int[images];
        for (int i = 0; i < images; i++)
        {
            labels[i] = i % classes;
            for (int f = 0; f < width; f++)
            {
                features[(i * width) + f] = (float)((f % classes == labels[i] ? 1 : 0) + (noise * (random.NextDouble() - 0.5))) * (f % 2 == 0 ? 1000 : 1) + 5;
            }
        }
        return (features, labels);
    }

    [Theory]
    [InlineData(2, 8, 60)]
    [InlineData(4, 12, 200)]
    public void SeparableClassesAreFound(int classes, int width, int images)
    {
        (float[] features, int[] labels) = Separable(images, classes, width, 0.5, 1);
        LinearHead head = HeadFit.Of("net", features, labels, 1, classes, 1, default);
        Assert.Equal(100, head.Facts.HeldOutTop1);
        Assert.Equal((width, images), (head.Facts.Features, head.Facts.Images));
        (float[] others, int[] theirs) = Separable(images, classes, width, 0.5, 2);
        using var rows = torch.tensor(others).view(images, width);
        using var logits = head.Logits(rows);
        using var decisions = logits.argmax(1);
        Assert.Equal(theirs, decisions.data<long>().ToArray().Select(static l => (int)l));
    }

    /// <summary>Features that say nothing about the class: the strongest decay wins, and the accuracy told is chance, not that on what was learnt.</summary>
    [Fact]
    public void NoiseIsToldAsNoise()
    {
        var random = new Random(3);
        float[] features = [.. Enumerable.Range(0, 400 * 100).Select(_ => (float)random.NextDouble())];
        int[] labels = [.. Enumerable.Range(0, 400).Select(static i => i % 4)];
        TeacherHeadFacts facts = HeadFit.Of("net", features, labels, 1, 4, 1, default).Facts;
        Assert.InRange(facts.HeldOutTop1, 10, 40);
        Assert.True(facts.WeightDecay >= 1);
    }

    /// <summary>Two views of an image are held out together: noise that both share cannot be learnt by heart.</summary>
    [Fact]
    public void MirrorImagesAreHeldOutWithTheirImages()
    {
        var random = new Random(4);
        float[] one = [.. Enumerable.Range(0, 100 * 300).Select(_ => (float)random.NextDouble())];
        int[] labels = [.. Enumerable.Range(0, 100).Select(static i => i % 4)];
        Assert.InRange(HeadFit.Of("net", [.. one, .. one], labels, 2, 4, 1, default).Facts.HeldOutTop1, 5, 50);
    }

    /// <summary>The minimum that the gradient promises: it is 0 there, and any other layer costs more.</summary>
    [Fact]
    public void RegressionEndsWhereTheGradientIsZero()
    {
        (float[] features, int[] labels) = Separable(90, 3, 7, 4, 5);
        float[] rows = [.. Enumerable.Range(0, 90).SelectMany(i => features.Skip(i * 7).Take(7).Select(static v => v / 1000).Append(1f))];
        using var x = torch.tensor(rows).view(90, 8);
        float[] layer = new float[8 * 3];
        SoftmaxRegression.Fit(x, labels, 3, 0.1, layer, default);
        double Cost(float[] at) => SoftmaxRegression.Residual(SoftmaxRegression.Scores(x, at, 3), labels, 3) + (0.05 * at.Take(21).Sum(static w => (double)w * w));
        double least = Cost(layer);
        for (int i = 0; i < layer.Length; i++)
        {
            foreach (float move in (float[])[-0.05f, 0.05f])
            {
                float[] moved = [.. layer];
                moved[i] += move;
                Assert.True(Cost(moved) > least, $"layer[{i}] + {move}");
            }
        }
    }

    [Fact]
    public void AHeadIsReadAsItWasWritten()
    {
        using var folder = new TempFolder();
        string path = folder.File("head.safetensors");
        var head = new LinearHead(2, [1, 2, 3, 4, 5, 6], [7, 8], new TeacherHeadFacts("net", 3, 10, 87.5, 0.03));
        head.Save(path, "key");
        LinearHead read = LinearHead.Read(path, "key")!;
        Assert.Equal(head.Weight, read.Weight);
        Assert.Equal(head.Bias, read.Bias);
        Assert.Equal(head.Facts, read.Facts);
        Assert.Null(LinearHead.Read(path, "other"));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..100]);
        Assert.Null(LinearHead.Read(path, "key"));
        Assert.Null(LinearHead.Read(folder.File("none"), "key"));
    }

    [Fact]
    public void ClassesAreFoundByName()
    {
        Assert.Equal([2, 0], LabelMatch.Of(["Tiger Cat", "dog"], ["dog", "x", "tiger_cat"]).Order);
        Assert.Equal([1], LabelMatch.Of(["tabby cat"], ["dog", "tabby, tabby cat"]).Order);
        LabelMatch part = LabelMatch.Of(["cat", "cow"], ["cat", "dog"]);
        Assert.Equal((1, false), (part.Found, part.IsWhole));

        // Two of one name are none; the exact one of several alike is it.
        Assert.Equal([-1], LabelMatch.Of(["crane"], ["crane", "crane"]).Order);
        Assert.Equal([1], LabelMatch.Of(["cat"], ["CAT", "cat"]).Order);
        Assert.True(LabelMatch.AreNumbers(["class 0", "class 1"]) && LabelMatch.AreNumbers(["0", "1"]) && !LabelMatch.AreNumbers(["cat", "dog"]));
    }

    [Theory]
    [InlineData("names", "{0: 'cat', 1: \"dog's\", 2: 'a\\'b'}", "cat|dog's|a'b")]
    [InlineData("id2label", "{\"1\": \"dog\", \"0\": \"cat\"}", "cat|dog")]
    [InlineData("names", "{1: 'cat', 2: 'dog'}", null)]
    [InlineData("names", "nothing", null)]
    [InlineData("id2label", "[1]", null)]
    [InlineData("other", "{0: 'cat'}", null)]
    public void LabelsComeOutOfMetadata(string key, string text, string? expected) =>
        Assert.Equal(expected, OnnxLabels.Of(new Dictionary<string, string> { [key] = text }) is { } labels ? string.Join('|', labels) : null);
}
