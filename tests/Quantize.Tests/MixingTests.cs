namespace EdgeVit.Quantize.Tests;

/// <summary>Images that are mixed and erased.</summary>
public class MixingTests
{
    private const int Side = 8;
    private const int Length = 3 * Side * Side;

    [Fact]
    public void MixupWeighsBothImages()
    {
        for (long step = 0; step < 20; step++)
        {
            float[] images = Constant(1, 2, 3, 10);
            float share = new Mixing(0.4, 0).Apply(images, 4, Side, Side, 1, step);
            Assert.InRange(share, 0, 1);
            float[] own = [1, 2, 3, 10];
            for (int i = 0; i < 4; i++)
            {
                Assert.All(images.AsSpan(i * Length, Length).ToArray(), v => Assert.Equal((share * own[i]) + ((1 - share) * own[3 - i]), v, 1e-5f));
            }
        }
    }

    [Fact]
    public void CutMixTakesARectangleAndTellsItsShare()
    {
        for (long step = 0; step < 30; step++)
        {
            float[] images = Constant(1, 2, 3);
            float share = new Mixing(0, 1).Apply(images, 3, Side, Side, 2, step);
            bool[] own = [.. images.Take(Length).Select(v => v == 1)];
            Assert.Equal(share, own.Count(o => o) / (float)Length, 1e-6f);
            Assert.All(images.Take(Length), v => Assert.True(v is 1 or 3));
            Assert.All(images.Skip(Length).Take(Length), v => Assert.Equal(2, v));
            Assert.Equal(own, images.Skip(2 * Length).Select(v => v == 3));

            // The three channels lose the same rectangle.
            for (int p = 0; p < Side * Side; p++)
            {
                Assert.True(own[p] == own[p + (Side * Side)] && own[p] == own[p + (2 * Side * Side)]);
            }

            int[] rows = [.. Enumerable.Range(0, Side).Where(y => Enumerable.Range(0, Side).Any(x => !own[(y * Side) + x]))];
            int[] columns = [.. Enumerable.Range(0, Side).Where(x => Enumerable.Range(0, Side).Any(y => !own[(y * Side) + x]))];
            Assert.Equal(rows.Length * columns.Length, own.Take(Side * Side).Count(o => !o));
        }
    }

    [Fact]
    public void MixingIsAFunctionOfSeedAndStep()
    {
        float Share(ulong seed, long step) => new Mixing(1, 1).Apply(Constant(1, 2), 2, Side, Side, seed, step);
        Assert.Equal(Share(1, 5), Share(1, 5));
        Assert.True(Enumerable.Range(0, 20).Select(s => Share(1, s)).Distinct().Count() > 10);
        Assert.NotEqual(Enumerable.Range(0, 5).Select(s => Share(1, s)), Enumerable.Range(0, 5).Select(s => Share(2, s)));
        Assert.Equal(1, Mixing.None.Apply(Constant(1, 2), 2, Side, Side, 1, 0));
        Assert.Equal(1, new Mixing(1, 1).Apply(Constant(1), 1, Side, Side, 1, 0));
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(5)]
    public void SharesHaveTheBetaDistributionsMoments(double alpha)
    {
        var random = new CounterRandom(3);
        double[] values = [.. Enumerable.Range(0, 20_000).Select(_ => Mixing.Beta(ref random, alpha))];
        Assert.Equal(0.5, values.Average(), 0.01);
        Assert.Equal(1 / (4 * ((2 * alpha) + 1)), values.Average(v => (v - 0.5) * (v - 0.5)), 0.005);
    }

    [Fact]
    public void ErasingTakesOneRectangleFromTheAskedShareOfImages()
    {
        int erased = 0;
        for (int image = 0; image < 1000; image++)
        {
            float[] pixels = Constant(1);
            Erasing.Apply(pixels, Side, Side, 0.3, 7, 2, image);
            int gone = pixels.Count(v => v == 0);
            erased += gone > 0 ? 1 : 0;
            Assert.True(gone <= Length / 2);
            Assert.Equal(gone, 3 * pixels.Take(Side * Side).Count(v => v == 0));
            float[] again = Constant(1);
            Erasing.Apply(again, Side, Side, 0.3, 7, 2, image);
            Assert.Equal(pixels, again);
        }
        Assert.InRange(erased, 250, 350);
    }

    [Fact]
    public void TheLoaderMixesAndSaysSo()
    {
        PixelSource source = DataTests.Shapes(40);
        var augmentation = new Augmentation(0, false, Erase: 0.5) { Mixing = new Mixing(0.5, 0.5) };
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 40)], 8, augmentation, seed: 3);
        using var plain = new BatchLoader(source, [.. Enumerable.Range(0, 40)], 8, Augmentation.None, seed: 3);
        Batch[] batches = [.. Enumerable.Range(0, 5).Select(s => loader.Get(s))];
        Assert.Contains(batches, b => b.OwnShare < 1);
        Assert.All(Enumerable.Range(0, 5), s => Assert.Equal(plain.Get(s).Indices, batches[s].Indices));
        Assert.NotEqual(plain.Get(0).Images, batches[0].Images);
        Assert.Equal(batches[0].Images, loader.Get(0).Images);
    }

    private static float[] Constant(params float[] values) => [.. values.SelectMany(v => Enumerable.Repeat(v, Length))];
}
