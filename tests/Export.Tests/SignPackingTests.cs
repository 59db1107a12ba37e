namespace EdgeVit.Export.Tests;

/// <summary>Signs as bits, and what belongs to them, worked out by hand.</summary>
public class SignPackingTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(21)]
    public void AWeightThatIsItsRowsMeanIsPlusOne(int columns)
    {
        // Two rows: all at their mean, and alternating around it.
        float[] weight = [.. Enumerable.Repeat(0.25f, columns), .. Enumerable.Range(0, columns).Select(i => i % 2 == 0 ? -1f : 1f)];
        ulong[] packed = SignPacking.Centred(weight, [0.25f, 0]);
        Assert.Equal((1UL << columns) - 1, packed[0]);
        Assert.Equal(Enumerable.Range(0, columns).Where(i => i % 2 == 1).Aggregate(0UL, (bits, i) => bits | (1UL << i)), packed[1]);
    }

    [Fact]
    public void RowsAreWholeWords()
    {
        Assert.Equal([1, 1, 2, 2, 3], new[] { 1, 64, 65, 128, 129 }.Select(SignPacking.Words));
        // 70 columns: the last six lie in a word of their own, behind them zeros.
        float[] weight = [.. Enumerable.Range(0, 140).Select(i => i % 70 == 66 || i == 0 ? -1f : 1f)];
        Assert.Equal([ulong.MaxValue - 1, 0b111011UL, ulong.MaxValue, 0b111011UL], SignPacking.Centred(weight, [0, 0]));
        Assert.Equal(SignPacking.Centred(weight, [0, 0]), SignPacking.Tokens(weight, 2));
    }

    [Fact]
    public void ConvolutionsAreOrderedByRowColumnChannel()
    {
        // [1, 3, 2, 2]: of channel 1 the tap of the upper right, of channel 2 the lower left; a zero of either sign is +1.
        float[] weight = [-1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -0f, -1];
        Assert.Equal([(1UL << ((1 * 3) + 1)) | (1UL << ((2 * 3) + 2))], SignPacking.ChannelsLast(weight, outputs: 1, inputs: 3, kernel: 2));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(20)]
    public void MeansAreOfValuesAndScalesOfMagnitudes(int columns)
    {
        // Halves and quarters: -1 and 3 by turns, then -2 and 2.
        float[] weight = [.. Enumerable.Range(0, columns).Select(i => i % 2 == 0 ? -1f : 3f), .. Enumerable.Range(0, columns).Select(i => i % 2 == 0 ? -2f : 2f)];
        Assert.Equal([1f, 0f], SignPacking.RowMeans(weight, 2));
        Assert.Equal([2.0, 2.0], SignPacking.RowMagnitudes(weight, 2));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void NumbersThatAreAllSignsAreKnown(int count)
    {
        float[] signs = [.. Enumerable.Range(0, count).Select(i => i % 3 == 0 ? -1f : 1f)];
        Assert.True(SignPacking.AreSigns(signs));
        foreach (int at in (int[])[0, count - 1])
        {
            float[] other = [.. signs];
            other[at] = 0.5f;
            Assert.False(SignPacking.AreSigns(other));
        }
    }
}
