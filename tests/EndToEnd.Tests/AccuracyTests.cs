using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Right answers, counted.</summary>
public sealed class AccuracyTests
{
    [Fact]
    public void ThePredictionAndFiveGuessesAreCountedApart()
    {
        var accuracy = new Accuracy(["a", "b", "c"]);
        foreach ((int label, int rank) in new[] { (0, 0), (0, 1), (0, 4), (1, 0), (1, 5), (1, 6), (1, 0), (1, 3) })
        {
            accuracy.Add(label, rank);
        }

        Assert.Equal((8, 37.5, 75.0), (accuracy.Images, accuracy.Top1, accuracy.Top5));
        Assert.Equal([new ClassAccuracy("a", 3, 1), new ClassAccuracy("b", 5, 2), new ClassAccuracy("c", 0, 0)], accuracy.PerClass);
    }

    [Fact]
    public void WithoutImagesNothingIsKnown()
    {
        var accuracy = new Accuracy(["a", "b"]);
        Assert.Equal((0, 0.0, 0.0), (accuracy.Images, accuracy.Top1, accuracy.Top5));
        Assert.Equal((0, 100), accuracy.Interval());
    }

    /// <summary>Wilson's interval at the ends, where the normal one would leave 0 to 100: none or all of 10 right.</summary>
    [Theory]
    [InlineData(0, 0, 27.7533)]
    [InlineData(10, 72.2467, 100)]
    [InlineData(5, 23.6593, 76.3407)]
    public void IntervalsOfTenImages(int right, double low, double high)
    {
        var accuracy = new Accuracy(["a", "b"]);
        for (int i = 0; i < 10; i++)
        {
            accuracy.Add(0, i < right ? 0 : 1);
        }

        Assert.Equal(low, accuracy.Interval().Low, 1e-3);
        Assert.Equal(high, accuracy.Interval().High, 1e-3);
    }
}
