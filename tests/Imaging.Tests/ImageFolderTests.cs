namespace EdgeVit.Imaging.Tests;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TrainAndTestFoldersAreReadInTheOrderOfTheirPaths()
    {
        Fill("train/cat/b.png", "train/cat/a.PNG", "train/ant/deep/er.png", "test/cat/x.png", "test/ant/y.png");
        _folder.Write("train/cat/c.jpg", GoldenPicture.Read("jpeg-420.jpg").File);
        _folder.Write("train/cat/notes.txt", "not an image");
        _folder.Write("train/.cache/z.png", TestImages.PlainPng());
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal("image folder", splits.Kind);
        Assert.Equal(["ant", "cat"], splits.Train.Labels);
        Assert.Equal([_folder.At("train/ant/deep/er.png"), _folder.At("train/cat/a.PNG"), _folder.At("train/cat/b.png"), _folder.At("train/cat/c.jpg")], Names(splits.Train));
        Assert.Equal([0, 1, 1, 1], Labels(splits.Train));
        Assert.Equal([0, 1], Labels(splits.Test!));
        Assert.Equal((27, 19), (splits.Train.Load(3).Width, splits.Train.Load(3).Height));
        Assert.Equal(0, splits.Skipped);
    }

    /// <summary>A camera's frame without end marker is decoded, and not in silence.</summary>
    [Fact]
    public void WhatIsOddAboutPicturesIsKept()
    {
        Fill("a/1.png");
        byte[] frame = GoldenPicture.Read("jpeg-420.jpg").File[..^2];
        _folder.Write("b/2.jpg", frame);
        _folder.Write("b/1.jpg", frame);
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Null(splits.Odd!.Text());
        _ = splits.Train.Load(2);
        Assert.Equal($"1 picture was decoded with a warning: {_folder.At("b/2.jpg")}: a JPEG without end marker: its last pixels may be wrong.", splits.Odd.Text());
        for (int i = 0; i < 3; i++)
        {
            _ = splits.Train.Load(i);
        }

        Assert.StartsWith($"2 pictures were decoded with a warning, the first: {_folder.At("b/1.jpg")}: ", splits.Odd.Text());
    }

    [Fact]
    public void ClassesAndFilesAreInTheOrderOfTheirBytes()
    {
        Fill("train/b/1.png", "train/Zebra/1.png", "train/a/2.png", "train/a/B.png", "train/a/10.png", "train/a/_1.png", "train/a/a.png", "train/Ant/1.png", "test/a/1.png", "test/Zebra/1.png");
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal(["Ant", "Zebra", "a", "b"], splits.Train.Labels);
        Assert.Equal(
            ["train/Ant/1.png", "train/Zebra/1.png", "train/a/10.png", "train/a/2.png", "train/a/B.png", "train/a/_1.png", "train/a/a.png", "train/b/1.png"],
            Names(splits.Train).Select(n => Path.GetRelativePath(_folder.Path, n)));
        Assert.Equal([0, 1, 2, 2, 2, 2, 2, 3], Labels(splits.Train));
        Assert.Equal([1, 2], Labels(splits.Test!));
    }

    [Theory]
    [InlineData("val")]
    [InlineData("valid")]
    [InlineData("Test")]
    public void TheTestFolderMayHaveOtherNamesAndFewerClasses(string name)
    {
        Fill("train/a/1.png", "train/b/1.png", "train/c/1.png", $"{name}/c/1.png");
        Assert.Equal([2], Labels(DatasetFolder.Open(_folder.Path).Test!));
    }

    [Fact]
    public void ClassFoldersAloneGiveNoTestSplit()
    {
        Fill("a/1.png", "b/1.png", "b/2.png");
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Null(splits.Test);
        Assert.Equal("2 classes, 3 images, 1 (a) to 2 (b) each: the largest has 2.0 times the smallest", ClassBalance.Summary(splits.Train));
    }

    [Fact]
    public void AMissingFolderAFileAndAnEmptyFolderAreToldApart()
    {
        Assert.Contains("no such folder", Refused("nowhere"));
        _folder.Write("file.zip", "PK");
        Assert.Contains("is a file; expected a folder", Refused("file.zip"));
        Directory.CreateDirectory(_folder.At("empty"));
        Assert.Contains("no data set recognised", Refused("empty"));
        _folder.Write("flat/1.png", TestImages.PlainPng());
        Assert.Contains("1 image lies here", Refused("flat"));
    }

    [Fact]
    public void ADataSetOneFolderDeeperOrInPythonsFormIsPointedOut()
    {
        Fill("images/pets/train/a/1.png", "images/pets/train/b/1.png");
        Assert.Contains($"one folder deeper. Give {_folder.At("images/pets")}.", Refused("images"));
        _folder.Write("unpacked/cifar/data_batch_1.bin", new byte[3073]);
        Assert.Contains($"one folder deeper. Give {_folder.At("unpacked/cifar")}.", Refused("unpacked"));
        _folder.Write("pickles/data_batch_1", "pickle");
        Assert.Contains("Fetch the binary version", Refused("pickles"));
    }

    [Fact]
    public void AnEmptyClassIsNamed()
    {
        Fill("train/a/1.png", "train/b/1.png");
        Directory.CreateDirectory(_folder.At("train/c"));
        Assert.Contains($"{_folder.At("train/c")}: the class folder is empty", Refused("."));
    }

    [Fact]
    public void AClassOfOtherFilesIsNamed()
    {
        Fill("train/a/1.png");
        _folder.Write("train/b/1.tif", "II");
        Assert.Contains("no PNG, JPEG, WebP, BMP or GIF among the 1 files of this class (for example 1.tif)", Refused("."));
    }

    [Fact]
    public void OneClassIsNotEnough()
    {
        Fill("train/a/1.png", "test/a/1.png");
        Assert.Contains("only one class", Refused("."));
    }

    [Fact]
    public void ATestClassThatTrainingLacksIsNamed()
    {
        Fill("train/a/1.png", "train/b/1.png", "test/zebra/1.png");
        Assert.Contains("no class 'zebra'. Its classes are: a, b", Refused("."));
    }

    [Fact]
    public void ATestFolderWithoutTrainingIsRefused()
    {
        Fill("test/a/1.png", "test/b/1.png");
        Assert.Contains("no 'train' folder", Refused("."));
    }

    [Fact]
    public void AFileThatIsNoImageIsNamedWhenOpening()
    {
        Fill("train/a/1.png", "train/b/1.png");
        string bad = _folder.Write("train/b/2.png", "this is text");
        var e = Assert.Throws<ImageException>(() => DatasetFolder.Open(_folder.Path));
        Assert.StartsWith($"{bad}: not a PNG, JPEG, WebP, BMP or GIF but", e.Message);
        Assert.EndsWith("leave out all such files with --skip-bad.", e.Message);
    }

    [Fact]
    public void ATruncatedImageIsNamedWhenItIsLoaded()
    {
        Fill("train/a/1.png", "train/b/1.png");
        string bad = _folder.Write("train/b/2.jpg", GoldenPicture.Read("jpeg-420.jpg").File[..^40]);
        IImageDataset train = DatasetFolder.Open(_folder.Path).Train;
        var e = Assert.Throws<ImageException>(() => train.Load(2));
        Assert.StartsWith($"{bad}: the JPEG is cut off after", e.Message);
        Assert.EndsWith("--skip-bad.", e.Message);
    }

    [Fact]
    public void SkippingLeavesOutEveryBadFileAndCountsThem()
    {
        Fill("train/a/1.png", "train/b/2.png", "test/a/1.png", "test/b/1.png");
        _folder.Write("train/a/0.png", TestImages.PlainPng()[..50]);
        _folder.Write("train/b/1.jpg", GoldenPicture.Read("jpeg-420.jpg").File[..^30]);
        _folder.Write("train/b/3.jpg", "");
        _folder.Write("test/b/0.png", "text");
        DatasetSplits splits = DatasetFolder.Open(_folder.Path, new DatasetOptions { SkipBad = true });
        Assert.Equal(4, splits.Skipped);
        Assert.Equal([_folder.At("train/a/0.png"), _folder.At("train/b/1.jpg"), _folder.At("train/b/3.jpg"), _folder.At("test/b/0.png")], splits.SkippedImages.Select(s => s.File));
        Assert.Contains("the file is empty", splits.SkippedImages[2].Problem);
        Assert.Equal([_folder.At("train/a/1.png"), _folder.At("train/b/2.png")], Names(splits.Train));
        Assert.Equal(2, splits.Test!.Count);
        for (int i = 0; i < splits.Train.Count; i++)
        {
            Assert.Equal(200, splits.Train.Load(i).Pixels[0]);
        }
    }

    [Fact]
    public void AClassThatSkippingLeavesEmptyIsNamed()
    {
        Fill("train/a/1.png");
        _folder.Write("train/b/1.png", "text");
        Assert.Contains("none of the 1 images of this class can be decoded", Refused(".", skipBad: true));
    }

    private void Fill(params string[] files)
    {
        foreach (string file in files)
        {
            _folder.Write(file, TestImages.PlainPng());
        }
    }

    private string Refused(string path, bool skipBad = false) =>
        Assert.Throws<DatasetException>(() => DatasetFolder.Open(path == "." ? _folder.Path : _folder.At(path), new DatasetOptions { SkipBad = skipBad })).Message;

    private static string[] Names(IImageDataset set) => [.. Enumerable.Range(0, set.Count).Select(set.SourceName)];

    private static int[] Labels(IImageDataset set) => [.. Enumerable.Range(0, set.Count).Select(set.Label)];
}
