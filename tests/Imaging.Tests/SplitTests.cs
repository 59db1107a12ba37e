namespace EdgeVit.Imaging.Tests;

public class SplitTests
{
    static readonly ShapesDataset s_shapes = new(1, ShapesSplit.Train, 1005);

    [Theory]
    [InlineData(0.1, 100)]
    [InlineData(0.25, 250)]
    [InlineData(0.0001, 10)]
    [InlineData(0.9999, 995)]
    public void Every_class_gives_the_same_share_and_every_image_is_in_one_part(double share, int validation)
    {
        (Subset train, Subset held) = StratifiedSplit.Split(s_shapes, share, seed: 3);
        Assert.InRange(held.Count, validation, validation + 5);
        Assert.Equal(s_shapes.Count, train.Count + held.Count);
        Assert.Equal(Enumerable.Range(0, s_shapes.Count), train.Indices.Concat(held.Indices).Order());
        int[] counts = ClassBalance.Count(held);
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
        Assert.Equal(train.Indices.Order(), train.Indices);
    }

    [Fact]
    public void The_seed_decides_and_nothing_else()
    {
        Assert.Equal(Held(3), Held(3));
        Assert.NotEqual(Held(3), Held(4));
        static IEnumerable<int> Held(ulong seed) => StratifiedSplit.Split(s_shapes, 0.1, seed).Validation.Indices;
    }

    [Fact]
    public void A_subset_shows_the_images_of_its_source()
    {
        var subset = new Subset("some", s_shapes, [7, 3]);
        Assert.Equal((2, 7, 3), (subset.Count, subset.Label(0), subset.Label(1)));
        Assert.Equal(s_shapes.Load(3).Pixels, subset.Load(1).Pixels);
        Assert.Equal(s_shapes.SourceName(7), subset.SourceName(0));
        Assert.Same(s_shapes.Classes, subset.Classes);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Subset("some", s_shapes, [1005]));
    }

    [Fact]
    public void Shares_that_leave_nothing_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => StratifiedSplit.Split(s_shapes, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => StratifiedSplit.Split(s_shapes, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => StratifiedSplit.Split(s_shapes, double.NaN, 1));
        Assert.Contains("too few", Assert.Throws<DatasetException>(() => StratifiedSplit.Split(new ShapesDataset(1, ShapesSplit.Train, 9), 0.1, 1)).Message);
    }

    [Fact]
    public void Balance_is_said_in_one_line()
    {
        Assert.Equal("10 classes, 1,000 images, 100 each", ClassBalance.Summary(new ShapesDataset(1, ShapesSplit.Train, 1000)));
        Assert.Equal("10 classes, 1,005 images, 100 (star) to 101 (disc) each", ClassBalance.Summary(s_shapes));
        Assert.Equal("10 classes, 2 images, 0 (disc) to 2 (ring) each: 9 without any image", ClassBalance.Summary(new Subset("s", s_shapes, [1, 11])));
    }
}
