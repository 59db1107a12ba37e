namespace EdgeVit.Imaging.Tests;

public class ClassBalanceTests
{
    [Theory]
    [InlineData(1000, "10 classes, 1,000 images, 100 each")]
    [InlineData(1005, "10 classes, 1,005 images, 100 (star) to 101 (disc) each")]
    [InlineData(2, "10 classes, 2 images, 0 (triangle) to 1 (disc) each: 8 without any image")]
    public void BalanceIsSaidInOneLine(int images, string line) =>
        Assert.Equal(line, ClassBalance.Summary(new ShapesDataset(1, ShapesSplit.Train, images)));

    [Fact]
    public void EveryClassIsCounted()
    {
        int[] counts = ClassBalance.Count(new ShapesDataset(1, ShapesSplit.Train, 1005));
        Assert.Equal(1005, counts.Sum());
        Assert.Equal((100, 101), (counts.Min(), counts.Max()));
    }
}
