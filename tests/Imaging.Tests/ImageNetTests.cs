namespace EdgeVit.Imaging.Tests;

/// <summary>ImageNet as its archives unpack: flat validation pictures, whose classes the development kit has as numbers.</summary>
public sealed class ImageNetTests : IDisposable
{
    private static readonly (int, string)[] s_synsets = [(3, "n01440764"), (1, "n02119789"), (2, "n02100735"), (1860, "n00001740")];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", true, 9)]
    [InlineData("ILSVRC2012_devkit_t12/data/", true, 4)]
    [InlineData("ILSVRC2012_devkit_t12/data/", false, 4)]
    [InlineData("data/", false, 9)]
    [InlineData("ILSVRC2012_img_val/", true, 4)]
    public void TheKitsNumbersGetTheirNames(string kit, bool compressed, int numberKind)
    {
        Fill();
        _folder.Write($"{kit}ILSVRC2012_validation_ground_truth.txt", "2\n3\r\n1\n2\n");
        _folder.Write($"{kit}meta.mat", TestMat.Synsets(s_synsets, compressed, numberKind));
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal(["n01440764", "n02100735", "n02119789"], splits.Train.Labels);
        Assert.Equal(
            ["ILSVRC2012_val_00000002.JPEG n01440764", "ILSVRC2012_val_00000001.JPEG n02100735", "ILSVRC2012_val_00000003.JPEG n02119789"],
            Enumerable.Range(0, 3).Select(i => $"{Path.GetFileName(splits.Test!.SourceName(i))} {splits.Test.Labels[splits.Test.Label(i)]}"));
        Assert.Contains("1 .jpeg (outside the splits)", splits.Files!.Summary());
    }

    [Fact]
    public void WhatIsMissingIsNamedWithBothWays()
    {
        Fill();
        _folder.Write("ILSVRC2012_validation_ground_truth.txt", "2\n3\n1\n");
        Says("meta.mat, which is missing. Put the kit's meta.mat there, or Kaggle's LOC_val_solution.csv beside the splits");
        _folder.Write("meta.mat", "MATLAB 7.3 MAT-file");
        Says("which cannot be read (it is no MATLAB file of version 5)");
        _folder.Write("meta.mat", TestMat.Synsets([], compressed: true));
        Says("it names no synsets");
        _folder.Write("meta.mat", TestMat.Synsets(s_synsets, compressed: true));
        _folder.Write("ILSVRC2012_validation_ground_truth.txt", "2\n999\n1\n");
        Says("line 2: '999' is no number of a class");
        _folder.Write("ILSVRC2012_validation_ground_truth.txt", "2\n3\n1860\n");
        Says("no class 'n00001740'");

        // Kaggle's table needs no kit.
        _folder.Write("LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000001,n01440764 1 2 3 4\nILSVRC2012_val_00000002,n01440764 1 2 3 4\nILSVRC2012_val_00000003,n02119789 1 2 3 4\n");
        Assert.Equal(3, DatasetFolder.Open(_folder.Path).Test!.Count);
    }

    /// <summary>Kaggle's archive: <c>ILSVRC/Data/CLS-LOC/train</c>, and the table at its top.</summary>
    [Fact]
    public void KagglesArchiveIsReadWhereItsSplitsAre()
    {
        foreach (string file in (string[])["train/n01440764/1.JPEG", "train/n02119789/1.JPEG", "val/ILSVRC2012_val_00000001.JPEG", "test/ILSVRC2012_test_00000001.JPEG"])
        {
            _folder.Write($"ILSVRC/Data/CLS-LOC/{file}", TestImages.PlainPng());
        }

        _folder.Write("ILSVRC/Annotations/CLS-LOC/1.xml", "<annotation/>");
        _folder.Write("LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000001,n02119789 1 2 3 4\n");
        Says($"deeper. Give {_folder.At("ILSVRC/Data/CLS-LOC")}.");
        DatasetSplits splits = DatasetFolder.Open(_folder.At("ILSVRC/Data/CLS-LOC"));
        Assert.Equal((2, 1, 1), (splits.Train.Count, splits.Test!.Count, splits.Test.Label(0)));
    }

    /// <summary>Damage anywhere ends in words.</summary>
    [Fact]
    public void ADamagedFileIsRefusedOrReadButNeverMore()
    {
        byte[] whole = TestMat.Synsets(s_synsets, compressed: false);
        for (int length = 0; length < whole.Length; length++)
        {
            Reads(whole[..length]);
        }

        var random = new Random(1);
        for (int i = 0; i < 3000; i++)
        {
            byte[] file = TestMat.Synsets(s_synsets, compressed: i % 2 == 0);
            for (int n = random.Next(4); n >= 0; n--)
            {
                file[random.Next(128, file.Length)] = (byte)(random.Next(3) == 0 ? 255 : random.Next(256));
            }

            Reads(file);
        }

        static void Reads(byte[] file)
        {
            Exception? e = Record.Exception(() => MatFile.Read(file));
            Assert.True(e is null or InvalidDataException, $"{e}");
        }
    }

    private void Fill()
    {
        foreach (string file in (string[])["ILSVRC2012_img_train/n01440764/1.JPEG", "ILSVRC2012_img_train/n02119789/1.JPEG", "ILSVRC2012_img_train/n02100735/1.JPEG",
            "ILSVRC2012_img_val/ILSVRC2012_val_00000001.JPEG", "ILSVRC2012_img_val/ILSVRC2012_val_00000002.JPEG", "ILSVRC2012_img_val/ILSVRC2012_val_00000003.JPEG",
            "ILSVRC2012_img_test/ILSVRC2012_test_00000001.JPEG"])
        {
            _folder.Write(file, TestImages.PlainPng());
        }
    }

    private void Says(string message) => Assert.Contains(message, Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path)).Message);
}
