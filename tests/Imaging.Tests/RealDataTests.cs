using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

/// <summary>Reads the real CIFAR-10 and Fashion-MNIST where EDGEVIT_TEST_DATA names a folder that holds <c>cifar10</c> and <c>fashion-mnist</c>.</summary>
public class RealDataTests
{
    [Theory]
    [InlineData("cifar10", "CIFAR records", 50_000, 32)]
    [InlineData("fashion-mnist", "IDX", 60_000, 28)]
    public void RealFilesAreRead(string name, string kind, int images, int side)
    {
        string root = Environment.GetEnvironmentVariable("EDGEVIT_TEST_DATA") ?? "";
        Assert.SkipWhen(root.Length == 0, "EDGEVIT_TEST_DATA names no folder with cifar10 and fashion-mnist");
        Assert.SkipUnless(Directory.Exists(Path.Combine(root, name)), $"{root} has no {name}");
        DatasetSplits splits = DatasetFolder.Open(Path.Combine(root, name));
        Assert.Equal((kind, images, 10), (splits.Kind, splits.Train.Count, splits.Train.Labels.Count));
        Assert.NotNull(splits.Test);
        RgbImage last = splits.Train.Load(images - 1);
        Assert.Equal((side, side), (last.Width, last.Height));
    }
}
