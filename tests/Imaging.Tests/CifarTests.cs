using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public sealed class CifarTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")]
    [InlineData("cifar10-train-1.bin", "cifar10-train-2.bin", "cifar10-test.bin")]
    public void Cifar10RecordsOfSeveralFilesAreOneSet(string first, string second, string test)
    {
        _folder.Write(first, [.. Record(3), .. Record(9)]);
        _folder.Write(second, Record(0));
        _folder.Write(test, Record(5));
        _folder.Write("batches.meta.txt", "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal("CIFAR records", splits.Kind);
        Assert.Equal([3, 9, 0], Enumerable.Range(0, 3).Select(splits.Train.Label));
        Assert.Equal("truck", splits.Train.Labels[9]);
        Assert.Equal(5, splits.Test!.Label(0));
        Assert.Equal($"{_folder.At(second)} record 0", splits.Train.SourceName(2));
        CheckImage(splits.Train.Load(1), 9);
        CheckImage(splits.Train.Load(2), 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => splits.Train.Load(3));
    }

    [Fact]
    public void Cifar100UsesTheFineLabel()
    {
        _folder.Write("train.bin", [.. Record(7, 71), .. Record(8, 99)]);
        _folder.Write("test.bin", Record(7, 71));
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal(100, splits.Train.Labels.Count);
        Assert.Equal(71, splits.Train.Label(0));
        CheckImage(splits.Train.Load(1), 99);
    }

    [Fact]
    public void AFileOfAWrongLengthIsRefusedWithTheArithmetic()
    {
        _folder.Write("data_batch_1.bin", [.. Record(1), .. Record(2)]);
        string bad = _folder.Write("data_batch_2.bin", [.. Record(1), .. Record(2)[..1000]]);
        Assert.StartsWith($"{bad}: 4073 bytes is not a whole number of records of 3073 (CIFAR-10) or 3074 bytes (CIFAR-100): 1 records of 3073 and 1000 bytes over.", Refused());
    }

    [Fact]
    public void MixedRecordSizesAreRefused()
    {
        _folder.Write("train.bin", [.. Record(1), .. Record(2)]);
        _folder.Write("test.bin", Record(7, 71));
        Assert.Contains("test.bin: 3074 bytes is not", Refused());
    }

    [Fact]
    public void AnEmptyFileIsRefused()
    {
        _folder.Write("train.bin", "");
        Assert.Contains("the file is empty", Refused());
    }

    [Fact]
    public void ALabelWithoutAClassIsNamedWithItsRecord()
    {
        _folder.Write("train.bin", [.. Record(1), .. Record(10)]);
        Assert.Contains("record 1 has label 10; expected 0 to 9 for 10 classes", Refused());
        _folder.Write("classes.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk");
        Assert.Equal(11, DatasetFolder.Open(_folder.Path).Train.Labels.Count);
    }

    [Fact]
    public void NamesMustBeTwoAndDiffer()
    {
        _folder.Write("train.bin", [.. Record(0), .. Record(1)]);
        _folder.Write("classes.txt", "cat\n");
        Assert.Contains("only one class", Refused());
        _folder.Write("classes.txt", "cat\ncat\n");
        Assert.Contains("'cat' is there 2 times", Refused());
    }

    [Fact]
    public void TrainingImagesOfOneClassAreNotEnough()
    {
        _folder.Write("train.bin", [.. Record(4), .. Record(4)]);
        Assert.Contains("all 2 images have label 4: only one class", Refused());
    }

    [Fact]
    public void TestRecordsAloneAreRefusedUnlessTheyAreAllThatIsNeeded()
    {
        _folder.Write("test_batch.bin", Record(4));
        Assert.Contains("no training records", Refused());
        DatasetSplits alone = DatasetFolder.Open(_folder.Path, new DatasetOptions { TestAlone = true });
        Assert.Same(alone.Train, alone.Test);
        Assert.Equal((1, 4), (alone.Train.Count, alone.Train.Label(0)));
    }

    private string Refused() => Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path)).Message;

    /// <summary>Red counts columns, green rows, blue is the last label.</summary>
    private static byte[] Record(params byte[] labels)
    {
        byte[] record = [.. labels, .. new byte[3072]];
        for (int i = 0; i < 1024; i++)
        {
            (record[labels.Length + i], record[labels.Length + 1024 + i], record[labels.Length + 2048 + i]) = ((byte)(i % 32), (byte)(i / 32), labels[^1]);
        }

        return record;
    }

    private static void CheckImage(RgbImage image, byte label)
    {
        Assert.Equal((32, 32), (image.Width, image.Height));
        for (int i = 0; i < 1024; i++)
        {
            Assert.Equal(((byte)(i % 32), (byte)(i / 32), label), (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]));
        }
    }
}
