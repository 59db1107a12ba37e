namespace EdgeVit.Imaging.Tests;

public sealed class StlTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ColumnsComeBeforeRows()
    {
        byte[] images = new byte[2 * 3 * 96 * 96];
        images[(96 * 96 * 3) + (96 * 96) + (96 * 5) + 7] = 200;
        File.WriteAllBytes(Path.Combine(_folder.Path, "train_X.bin"), images);
        File.WriteAllBytes(Path.Combine(_folder.Path, "train_y.bin"), [3, 10]);
        DatasetSplits splits = DatasetFolder.Open(_folder.Path);
        Assert.Equal(("STL-10", 2, null), (splits.Kind, splits.Train.Count, splits.Test));
        Assert.Equal([2, 9], [splits.Train.Label(0), splits.Train.Label(1)]);
        byte[] pixels = splits.Train.Load(1).Pixels;
        Assert.Equal(200, pixels[(3 * ((7 * 96) + 5)) + 1]);
        Assert.Equal(200, pixels.Sum(p => p));
    }

    [Fact]
    public void ATruncatedFileIsRefused()
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "train_X.bin"), new byte[27_000]);
        File.WriteAllBytes(Path.Combine(_folder.Path, "train_y.bin"), [1]);
        Assert.Contains("27000 bytes for 1 labels; expected 27648", Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }
}
