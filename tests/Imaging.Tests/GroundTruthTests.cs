namespace EdgeVit.Imaging.Tests;

/// <summary>Data sets as they unpack whose validation images have their classes in a file.</summary>
public sealed class GroundTruthTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TinyImageNetIsReadAsItUnpacks()
    {
        Fill("train/n01/images/n01_0.JPEG", "train/n01/images/n01_1.JPEG", "train/n02/images/n02_0.JPEG", "val/images/val_0.JPEG", "val/images/val_1.JPEG", "val/images/val_2.JPEG", "test/images/test_0.JPEG");
        _folder.Write("train/n01/n01_boxes.txt", "n01_0.JPEG\t0\t0\t62\t58\n");
        _folder.Write("val/val_annotations.txt", "val_0.JPEG\tn02\t0\t32\t44\t62\nval_1.JPEG\tn01\t52\t55\t57\t59\r\nval_2.JPEG\tn02\t4\t0\t60\t55\n");
        _folder.Write("wnids.txt", "n01\nn02\n");
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal(["n01", "n02"], splits.Train.Labels);
        Assert.Equal([0, 0, 1], Labels(splits.Train));
        Assert.Equal(["val_1.JPEG n01", "val_0.JPEG n02", "val_2.JPEG n02"], Named(splits.Test!));
        Assert.Equal((10, 6), (splits.Files!.Found, splits.Files.Used));
        Assert.Equal("3 .txt (a text), 1 .jpeg (outside the splits)", splits.Files.Summary());
    }

    [Fact]
    public void ImageNetsValidationImagesHaveTheirClassesInACsv()
    {
        Fill("train/n01/n01_0.JPEG", "train/n02/n02_0.JPEG", "val/ILSVRC2012_val_00000001.JPEG", "val/ILSVRC2012_val_00000002.JPEG", "test/ILSVRC2012_test_00000001.JPEG");
        _folder.Write("LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000001,n02 85 1 499 272 \nILSVRC2012_val_00000002,n01 1 2 3 4 n01 5 6 7 8\n");
        Assert.Equal(["ILSVRC2012_val_00000002.JPEG n01", "ILSVRC2012_val_00000001.JPEG n02"], Named(DatasetFolder.Open(_folder.Path).Test!));
    }

    /// <summary>As programs write tables again: quotes, another delimiter, a byte order mark, classes with blanks.</summary>
    [Theory]
    [InlineData("LOC_val_solution.csv", "\"ImageId\",\"PredictionString\"\r\n\"v1\",\"n02 85 1 499 272 \"\r\n\"v2\",\"n01 1 2 3 4 n01 5 6 7 8\"\r\n", "n01", "n02")]
    [InlineData("LOC_val_solution.csv", "\uFEFFImageId;PredictionString\nv1;n02 85 1 499 272\nv2;\" n01\"", "n01", "n02")]
    [InlineData("val/labels.txt", "\"v1.png\",\"snow, deep\"\nv2.png,a b", "a b", "snow, deep")]
    [InlineData("val/annotations.txt", "v1.png\tsnow deep\t1\nv2.png\ta b\t2", "a b", "snow deep")]
    public void TablesMayBeQuoted(string file, string text, string first, string second)
    {
        Fill($"train/{first}/1.png", $"train/{second}/1.png", "val/v1.png", "val/v2.png");
        _folder.Write(file, text);
        Assert.Equal([$"v2.png {first}", $"v1.png {second}"], Named(DatasetFolder.Open(_folder.Path).Test!));
    }

    [Fact]
    public void AnUnknownClassAndAPictureWithTwoAreNamed()
    {
        Fill("train/a/1.png", "train/b/1.png", "val/1.png", "val/2.png");
        _folder.Write("val/labels.txt", "1.png a\n2.png zebra\n");
        Assert.Contains("no class 'zebra'", Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path)).Message);
        _folder.Write("val/labels.txt", "1.png a\n1.png b\n");
        Assert.Contains("1.png has two classes, a and b", Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path)).Message);
        _folder.Write("val/labels.txt", "1.png a\n");
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal(["1.png a"], Named(splits.Test!));
        Assert.Equal((1, 1), (splits.Files!.LeftOut.Count(f => f.Reason == "beside the class folders"), splits.Files.LeftOut.Count(f => f.Reason == "a text")));
    }

    /// <summary>A file that names no picture says nothing, so that the folders alone decide.</summary>
    [Fact]
    public void AListOfOtherThingsIsNoGroundTruth()
    {
        Fill("train/a/1.png", "train/b/1.png", "val/1.png");
        _folder.Write("val/labels.txt", "a\nb\nother.png a\n");
        Assert.True(Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path)).IsUsage);
    }

    private void Fill(params string[] files)
    {
        foreach (string file in files)
        {
            _folder.Write(file, TestImages.PlainPng());
        }
    }

    private static int[] Labels(IImageDataset set) => [.. Enumerable.Range(0, set.Count).Select(set.Label)];

    private static string[] Named(IImageDataset set) =>
        [.. Enumerable.Range(0, set.Count).Select(i => $"{Path.GetFileName(set.SourceName(i))} {set.Labels[set.Label(i)]}")];
}
