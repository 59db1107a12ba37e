using System.Buffers.Binary;
using System.IO.Compression;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public sealed class IdxTests : IDisposable
{
    private const uint Images = 0x803, Labels = 0x801;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, '-', "t10k")]
    [InlineData(true, '-', "t10k")]
    [InlineData(true, '.', "test")]
    public void PlainAndGzippedFilesAreRead(bool gzip, char joint, string test)
    {
        Write("train", 3, [2, 0, 1], gzip, joint);
        Write(test, 1, [2], gzip, joint);
        _folder.Write("classes.txt", "shirt\r\nshoe\r\nbag\r\n");
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal("IDX", splits.Kind);
        Assert.Equal(["shirt", "shoe", "bag"], splits.Train.Labels);
        Assert.Equal([2, 0, 1], Enumerable.Range(0, 3).Select(splits.Train.Label));
        Assert.Equal(1, splits.Test!.Count);
        RgbImage image = splits.Train.Load(2);
        Assert.Equal((5, 4), (image.Width, image.Height));
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(((byte)(40 + i), (byte)(40 + i), (byte)(40 + i)), (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]));
        }

        Assert.EndsWith(" image 2", splits.Train.SourceName(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => splits.Train.Load(3));
    }

    [Fact]
    public void WithoutNamesTheClassesAreDigits()
    {
        Write("train", 3, [0, 3, 1]);
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal(["0", "1", "2", "3"], splits.Train.Labels);
        Assert.Null(splits.Test);
    }

    [Fact]
    public void AWrongMagicIsRefused()
    {
        Write("train", 3, [0, 3, 1]);
        string file = _folder.Write("train-images-idx3-ubyte", Idx(0x0D03, [3, 4, 5], new byte[60]));
        Assert.Equal($"{file}: the file starts with 0x00000D03; expected 0x00000803, an IDX file of images.", Refused());
        file = _folder.Write("train-images-idx3-ubyte", "<html>404 not found</html>");
        Assert.StartsWith($"{file}: the file starts with 0x3C68746D; expected", Refused());
    }

    [Fact]
    public void CountsThatDifferAreRefused()
    {
        Write("train", 3, [0, 1]);
        Assert.Contains("2 labels, but train-images-idx3-ubyte has 3 images", Refused());
    }

    [Fact]
    public void MissingLabelsAreNamed()
    {
        _folder.Write("train-images-idx3-ubyte", Idx(Images, [1, 4, 5], new byte[20]));
        Assert.Contains("no train-labels-idx1-ubyte", Refused());
    }

    [Fact]
    public void TestFilesAloneAreRefusedUnlessTheyAreAllThatIsNeeded()
    {
        Write("t10k", 3, [0, 3, 1]);
        Assert.Contains("no train-images-idx3-ubyte", Refused());
        DatasetSplits alone = DatasetFolder.Open(_folder.Path, new DatasetOptions { TestAlone = true });
        Assert.Same(alone.Train, alone.Test);
        Assert.Equal(3, alone.Train.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AFileCutAnywhereIsRefused(bool gzip)
    {
        Write("train", 3, [0, 3, 1], gzip);
        string file = _folder.At(gzip ? "train-images-idx3-ubyte.gz" : "train-images-idx3-ubyte");
        byte[] whole = File.ReadAllBytes(file);
        for (int length = 0; length < (gzip ? whole.Length - 12 : whole.Length); length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            Assert.StartsWith(file, Refused());
        }
    }

    [Fact]
    public void BytesTooManyAreRefused()
    {
        Write("train", 3, [0, 3, 1]);
        File.AppendAllText(_folder.At("train-images-idx3-ubyte"), "x");
        Assert.Contains("more data than the 60 bytes", Refused());
    }

    [Fact]
    public void AGzipBombIsNotUnpackedAndAWildHeaderTakesNoMemory()
    {
        Write("train", 3, [0, 3, 1]);
        File.Delete(_folder.At("train-images-idx3-ubyte"));
        _folder.Write("train-images-idx3-ubyte.gz", Gzip([.. Idx(Images, [3, 4, 5], new byte[60]), .. new byte[50_000_000]]));
        Assert.Contains("more data than the 60 bytes", Refused());
        long before = GC.GetAllocatedBytesForCurrentThread();
        _folder.Write("train-images-idx3-ubyte.gz", Gzip(Idx(Images, [2_000_000, 28, 28], new byte[60])));
        Assert.Contains("truncated: 60 bytes of data; the header promises 1568000000", Refused());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
        _folder.Write("train-images-idx3-ubyte.gz", Gzip(Idx(Images, [-1, -1, -1], new byte[60])));
        Assert.Contains("the header promises", Refused());
        _folder.Write("train-images-idx3-ubyte.gz", Gzip(Idx(Images, [0, 28, 28], [])));
        Assert.Contains("the header promises 0 items", Refused());
    }

    [Fact]
    public void MutationsNeverGiveAnotherException()
    {
        Write("train", 3, [0, 3, 1], gzip: true);
        string file = _folder.At("train-images-idx3-ubyte.gz");
        byte[] whole = File.ReadAllBytes(file);
        var random = new Random(13);
        for (int trial = 0; trial < 1000; trial++)
        {
            byte[] damaged = [.. whole];
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(file, damaged);
            try
            {
                _ = DatasetFolder.Open(_folder.Path).Train.Load(2);
            }
            catch (DatasetException e)
            {
                Assert.StartsWith(_folder.Path, e.Message);
            }
        }
    }

    [Fact]
    public void LabelsMustHaveNames()
    {
        Write("train", 3, [0, 3, 1]);
        _folder.Write("classes.txt", "a\nb\nc");
        Assert.Contains("image 1 has label 3; expected 0 to 2 for 3 classes", Refused());
        File.Delete(_folder.At("classes.txt"));
        Write("t10k", 2, [0, 4]);
        Assert.Contains("image 1 has label 4; expected 0 to 3", Refused());
        Write("train", 3, [6, 6, 6]);
        Assert.Contains("only one class", Refused());
    }

    private string Refused() => Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path)).Message;

    /// <summary>Images of 4 rows and 5 columns; pixel i of image n is 20 n + i.</summary>
    private void Write(string prefix, int images, byte[] labels, bool gzip = false, char joint = '-')
    {
        byte[] pixels = [.. Enumerable.Range(0, images * 20).Select(i => (byte)i)];
        byte[] imageFile = Idx(Images, [images, 4, 5], pixels), labelFile = Idx(Labels, [labels.Length], labels);
        _folder.Write($"{prefix}-images{joint}idx3-ubyte{(gzip ? ".gz" : "")}", gzip ? Gzip(imageFile) : imageFile);
        _folder.Write($"{prefix}-labels{joint}idx1-ubyte{(gzip ? ".gz" : "")}", gzip ? Gzip(labelFile) : labelFile);
    }

    private static byte[] Idx(uint magic, int[] shape, byte[] data)
    {
        byte[] header = new byte[4 + 4 * shape.Length];
        BinaryPrimitives.WriteUInt32BigEndian(header, magic);
        for (int i = 0; i < shape.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), shape[i]);
        }

        return [.. header, .. data];
    }

    private static byte[] Gzip(byte[] data)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(data);
        }

        return compressed.ToArray();
    }
}
