using System.Diagnostics;

namespace EdgeVit.Imaging.Tests;

/// <summary>Which folders are splits, which are classes, and what is left out.</summary>
public sealed class FolderRuleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TrainingValidationAndTestImagesAreWhatTheirFoldersSay()
    {
        Fill("seg_train/seg_train/a/1.png", "seg_train/seg_train/b/1.png", "seg_val/a/2.png", "seg_val/b/2.png", "seg_test/seg_test/b/3.png");
        DatasetSplits splits = Open();
        Assert.Equal(["seg_train/seg_train/a/1.png", "seg_train/seg_train/b/1.png"], Names(splits.Train));
        Assert.Equal(["seg_val/a/2.png", "seg_val/b/2.png"], Names(splits.Validation!));
        Assert.Equal(["seg_test/seg_test/b/3.png"], Names(splits.Test!));
        Assert.Equal(1, splits.Test!.Label(0));
    }

    [Fact]
    public void SeveralFoldersOfASplitAreOne()
    {
        Fill("train2014/a/1.png", "train2017/b/1.png", "train2017/a/2.png", "val2017/a/1.png");
        DatasetSplits splits = Open();
        Assert.Equal(["train2014/a/1.png", "train2017/a/2.png", "train2017/b/1.png"], Names(splits.Train));
        Assert.Null(splits.Validation);
        Assert.Equal(1, splits.Test!.Count);
    }

    [Fact]
    public void ClassesMayBeCalledTrainOrBeginWithALine()
    {
        Fill("train/1.png", "_bus/1.png", "car/deep/er/still/further/down/1.png");
        Assert.Equal(["_bus", "car", "train"], Open().Train.Labels);
        Assert.Equal(3, Open().Train.Count);
    }

    [Theory]
    [InlineData("train/1.png", "val/1.png")]
    [InlineData("train/a/1.png", "train/b/1.png", "test/1.png")]
    [InlineData("Train/a/1.png", "Train/b/1.png", "val/a/1.png", "val/b/1.png", "test-images/1.png", "test-images/2.png")]
    public void WhatCanBeReadInTwoWaysIsAskedBack(params string[] files)
    {
        Fill(files);
        DatasetException e = Refused();
        Assert.True(e.IsUsage);
        Assert.Contains("can be read in two ways", e.Message);
        Assert.Contains("--split train=.", e.Message);
        string[] top = [.. files.Select(f => f.Split('/')[0]).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(top, Open(new() { Split = "train=." }).Train.Labels);
    }

    /// <summary>Where one folder is no split, all are classes; where that may not be meant, it is said.</summary>
    [Theory]
    [InlineData("--split train=train,test=test", "train/a/1.png", "train/b/1.png", "test/a/1.png", "extra/1.png")]
    [InlineData("--split val=dev,test=eval", "dev/a/1.png", "eval/a/1.png", "zoo/deep/1.png")]
    [InlineData(null, "train/a/1.png", "train/b/1.png", "car/1.png")]
    [InlineData(null, "train/1.png", "test/1.png", "car/1.png")]
    public void BesideAFolderThatIsNoSplitAllAreClasses(string? option, params string[] files)
    {
        Fill(files);
        DatasetSplits splits = Open();
        Assert.Equal([.. files.Select(f => f.Split('/')[0]).Distinct().Order(StringComparer.Ordinal)], splits.Train.Labels);
        Assert.Equal((files.Length, null), (splits.Train.Count, splits.Test));
        Assert.Equal(option is null, splits.Warnings.Count == 0);
        Assert.All(splits.Warnings, w => Assert.EndsWith(option!, w, StringComparison.Ordinal));
    }

    [Fact]
    public void TheOptionOverridesTheNames()
    {
        Fill("mine/x/1.png", "mine/y/1.png", "yours/x/1.png", "train/deep/y/1.png", "train/deep/x/1.png", "train/deep/x/2.png");
        DatasetSplits splits = Open(new() { Split = "train=train/deep, val=mine,test=yours/" });
        Assert.Equal((3, 2, 1), (splits.Train.Count, splits.Validation!.Count, splits.Test!.Count));
        Assert.Equal("yours/x/1.png", Names(splits.Test)[0]);
        DatasetSplits some = Open(new() { Split = "train=mine,val=yours" });
        Assert.Equal((2, 1, null), (some.Train.Count, some.Validation!.Count, some.Test));
        Assert.Equal((3, "3 .png (outside the splits)"), (some.Files!.LeftOut.Count, some.Files.Summary()));
    }

    [Theory]
    [InlineData("train", "expected train=FOLDER")]
    [InlineData("lessons=a", "expected train=FOLDER")]
    [InlineData("train=a,train=b", "names train twice")]
    [InlineData("train=nowhere", "no such folder in it. There are: a, b.")]
    [InlineData("train=../a", "no such folder")]
    [InlineData("train=.,test=b", "lie in each other")]
    [InlineData("", "expected train=FOLDER")]
    public void AWrongOptionIsNamed(string option, string message)
    {
        Fill("a/c/1.png", "b/c/1.png");
        DatasetException e = Refused(new() { Split = option });
        Assert.True(e.IsUsage);
        Assert.Contains(message, e.Message);
    }

    /// <summary>A class whose name begins with a dot is not lost as one line: each of its pictures is counted, and said where it is the one that is missing.</summary>
    [Fact]
    public void PicturesInHiddenFoldersAreCounted()
    {
        Fill("cat/1.png", "dog/1.png", ".bird/1.png", ".bird/2.png", ".bird/deeper/3.png", ".bird/._4.png");
        Assert.Equal("3 .png (hidden)", Open().Files!.Summary());
        Assert.Equal(5, Open().Files!.Found);
        Directory.Delete(Path.Combine(_folder.Path, "dog"), recursive: true);
        Assert.Contains("only one class; a classifier needs at least two. Left out: 3 .png (hidden).", Refused(new()).Message);
    }

    /// <summary>As git-annex and DVC lay data out: the classes are links into a hidden folder, and count once.</summary>
    [Fact]
    public void WhatLinksLeadToInAHiddenFolderIsUsed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        Fill(".store/1.png", ".store/2.png", ".store/3.png", "cat/own.png", "dog/own.png");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "cat", "a.png"), "../.store/1.png");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "dog", "b.png"), "../.store/2.png");
        FileAccount files = Open().Files!;
        Assert.Equal((4, 5, "1 .png (hidden)"), (files.Used, files.Found, files.Summary()));
    }

    [Fact]
    public void FilesThatAreNotUsedAreCountedByKind()
    {
        Fill("a/1.png", "a/PHOTO", "b/1.dat", "beside.png", "a/.hidden.png");
        _folder.Write("a/x.tiff", "II*\0");
        _folder.Write("a/y.TIFF", "II*\0");
        _folder.Write("b/list.txt", "words");
        _folder.Write("b/other.txt", "other words");
        _folder.Write("b/none", "");
        foreach (string junk in new[] { ".DS_Store", "a/Thumbs.db", "a/._1.png", "@eaDir/1.png", "b/.ipynb_checkpoints/1.png", "__MACOSX/a/1.png" })
        {
            _folder.Write(junk, TestImages.PlainPng());
        }

        DatasetSplits splits = Open();
        Assert.Equal(["a/1.png", "a/PHOTO", "b/1.dat"], Names(splits.Train));
        Assert.Equal((10, 3), (splits.Files!.Found, splits.Files.Used));
        Assert.Equal("2 .tiff (a TIFF (or a camera's raw file)), 2 .txt (a text), 1 .png (beside the class folders), 1 .png (hidden), 1 without extension (empty)", splits.Files.Summary());
    }

    [Fact]
    public void NothingCountsTwiceAndLoopsEnd()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        Fill("data/a/1.png", "data/b/1.png", "store/c/1.png", "store/c/2.png");
        string data = _folder.At("data");
        Directory.CreateSymbolicLink(Path.Combine(data, "c"), "../store/c");
        Directory.CreateSymbolicLink(Path.Combine(data, "a/again"), "..");
        Directory.CreateSymbolicLink(Path.Combine(data, "b/up"), "/");
        Directory.CreateSymbolicLink(Path.Combine(data, "d"), "c");
        File.CreateSymbolicLink(Path.Combine(data, "b/2.png"), _folder.At("data/a/1.png"));
        File.CreateSymbolicLink(Path.Combine(data, "b/round"), "round");
        DatasetSplits splits = DatasetFolder.Open(data);
        Assert.Equal(["a", "b", "c"], splits.Train.Labels);
        Assert.Equal(["data/a/1.png", "data/b/1.png", "data/c/1.png", "data/c/2.png"], Names(splits.Train));
        Assert.Equal(
            ["the same folder as another", "the same file as another", "a link that leads nowhere", "a link to a folder around the data", "the same folder as another"],
            splits.Files!.LeftOut.Select(f => f.Reason));
    }

    [Fact]
    public void ALinkedClassThatHasNoImageOfItsOwnIsNamed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        Fill("a/1.png", "b/1.png");
        Directory.CreateDirectory(_folder.At("c"));
        File.CreateSymbolicLink(_folder.At("c/1.png"), _folder.At("a/1.png"));
        Assert.Contains("no image of its own: 1.png is the same file as another", Refused().Message);
    }

    /// <summary>A name may hold an end of line: what is said of it stays one line.</summary>
    [Fact]
    public void AnEndOfLineInANameEndsNoLine()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no such names there");
        Fill("a/1.png", "b/1.png");
        string bad = _folder.Write("b/two\nlines\u001b[2J.png", "no picture");
        var e = Assert.Throws<ImageException>(() => ImageDecoder.DecodeFile(bad));
        Assert.Equal(bad, e.Image);
        Assert.Contains(@"two\nlines\x1b[2J.png: not a PNG", e.Message, StringComparison.Ordinal);
        File.Delete(bad);
        Directory.CreateDirectory(_folder.At("c\nd"));
        Assert.DoesNotContain('\n', Refused().Message);
    }

    /// <summary>To open a pipe is to wait for its writer.</summary>
    [Fact]
    public void APipeAmongTheImagesIsNoFileToWaitFor()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/mkfifo"), "needs mkfifo");
        Fill("a/1.png", "b/1.png");
        Process.Start("/usr/bin/mkfifo", _folder.At("a/pipe")).WaitForExit();
        Assert.Equal("a pipe, a socket or a device", Assert.Single(Open().Files!.LeftOut).Reason);
        Process.Start("/usr/bin/mkfifo", _folder.At("a/pipe.png")).WaitForExit();
        Assert.Equal(["pipe", "pipe.png"], Open().Files!.LeftOut.Select(f => Path.GetFileName(f.File)));

        // A class of nothing else is not empty.
        Directory.CreateDirectory(_folder.At("c"));
        Process.Start("/usr/bin/mkfifo", _folder.At("c/feed.png")).WaitForExit();
        Assert.Contains("among the 1 files of this class (for example feed.png, a pipe, a socket or a device)", Refused().Message);
    }

    [Fact]
    public void AClassHasOneNameInEitherForm()
    {
        Fill("train/caf\u00E9/1.png", "train/bar/1.png", "test/cafe\u0301/1.png");
        DatasetSplits splits = Open();
        Assert.Equal(["bar", "caf\u00E9"], splits.Train.Labels);
        Assert.Equal(1, splits.Test!.Label(0));
    }

    [Theory]
    [InlineData("test")]
    [InlineData("val")]
    public void TestImagesAloneServeWhereNothingIsLearnt(string name)
    {
        Fill($"{name}/a/1.png", $"{name}/b/1.png");
        Assert.False(Refused().IsUsage);
        DatasetSplits splits = Open(new() { TestAlone = true });
        Assert.Same(splits.Train, splits.Test);
        Assert.Equal(2, splits.Test!.Count);
    }

    [Fact]
    public void AnEmptySplitIsNamed()
    {
        Fill("train/a/1.png", "train/b/1.png");
        Directory.CreateDirectory(_folder.At("test/a"));
        Assert.Contains("no picture in this split", Refused().Message);
        Directory.Move(_folder.At("test"), _folder.At("notes"));
        Assert.Equal(2, Open().Train.Count);
    }

    private void Fill(params string[] files)
    {
        foreach (string file in files)
        {
            _folder.Write(file, TestImages.PlainPng());
        }
    }

    private DatasetSplits Open(DatasetOptions? options = null) => DatasetFolder.Open(_folder.Path, options);

    private DatasetException Refused(DatasetOptions? options = null) => Assert.Throws<DatasetException>(() => Open(options));

    private string[] Names(IImageDataset set) => [.. Enumerable.Range(0, set.Count).Select(i => Path.GetRelativePath(_folder.Path, set.SourceName(i)))];
}
