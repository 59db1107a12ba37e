using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>Covered squares and filtered pictures.</summary>
public class OcclusionTests
{
    [Theory]
    [InlineData(32, 32, 14, 8)]
    [InlineData(32, 32, 32, 8)]
    [InlineData(224, 224, 14, 56)]
    [InlineData(33, 47, 9, 8)]
    [InlineData(7, 5, 4, 1)]
    public void SquaresLieInThePictureAroundTheirMiddles(int height, int width, int grid, int side)
    {
        for (int place = 0; place < grid * grid; place++)
        {
            (int top, int left, int bottom, int right) = Occlusion.Rectangle(place, grid, side, height, width);
            (double y, double x) = Occlusion.Middle(place, grid, height, width);
            Assert.True(top >= 0 && left >= 0 && bottom <= height && right <= width && top < bottom && left < right);
            Assert.True((bottom - top) * (right - left) * 4 <= height * width, "more than a quarter is covered");
            Assert.InRange(y, top - 0.5, bottom + 0.5);
            Assert.InRange(x, left - 0.5, right + 0.5);
        }
    }

    /// <summary>A place's logits are those of the picture with that square painted over, and the picture given is left as it was.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void TheDropIsWhatTheKernelsSayOfThePaintedPicture(int threads)
    {
        using EvitModel model = Model();
        byte[] pixels = new byte[3 * 16 * 16];
        new Random(2).NextBytes(pixels);
        byte[] before = [.. pixels];
        int done = 0;
        var occlusion = Occlusion.Of(model, pixels, 5, OccluderFill.Grey, threads, () => Interlocked.Increment(ref done), CancellationToken.None);
        Assert.Equal(25, done);
        Assert.Equal(before, pixels);
        using Session session = model.CreateSession();
        float[] logits = new float[4];
        for (int place = 0; place < 25; place++)
        {
            byte[] painted = [.. pixels];
            // The square of 4 around the middle (i + 1/2) 16 / 5, to the nearest pixel, the half to even.
            (int cy, int cx) = ((int)Math.Round((((place / 5) + 0.5) * 3.2) - 2), (int)Math.Round((((place % 5) + 0.5) * 3.2) - 2));
            foreach (int y in Enumerable.Range(cy, 4).Where(v => v is >= 0 and < 16))
            {
                foreach (int x in Enumerable.Range(cx, 4).Where(v => v is >= 0 and < 16))
                {
                    painted.AsSpan(((y * 16) + x) * 3, 3).Fill(128);
                }
            }

            session.RunNhwc(painted, logits);
            Assert.Equal(logits, occlusion.Covered[place]);
            double p = Math.Exp(logits[2]) / logits.Sum(v => Math.Exp(v)), whole = Math.Exp(occlusion.Logits[2]) / occlusion.Logits.Sum(v => Math.Exp(v));
            Assert.Equal(Math.Log(whole / p), occlusion.Drop(place, 2), 1e-6);
        }

        Assert.Equal(Enumerable.Range(0, 25).Max(i => occlusion.Drop(i, 1)), occlusion.Drop(occlusion.Peak(1), 1));
    }

    [Fact]
    public void TheMeanColourIsThePictures()
    {
        using EvitModel model = Model();
        byte[] pixels = [.. Enumerable.Range(0, 3 * 16 * 16).Select(i => (byte)(i % 3 == 0 ? 200 : i % 3 == 1 ? (i % 2 * 100) : 7))];
        Assert.Equal(((byte)200, (byte)50, (byte)7), Occlusion.Of(model, pixels, 4, OccluderFill.Mean, 1, () => { }, CancellationToken.None).Colour);
    }

    [Fact]
    public void ItCanBeStopped()
    {
        using EvitModel model = Model();
        using var source = new CancellationTokenSource();
        int done = 0;
        void Done()
        {
            if (Interlocked.Increment(ref done) == 3)
            {
                source.Cancel();
            }
        }

        Assert.ThrowsAny<OperationCanceledException>(() => Occlusion.Of(model, new byte[3 * 16 * 16], 32, OccluderFill.Mean, 1, Done, source.Token));
        Assert.InRange(done, 3, 1000);
    }

    /// <summary>All frequencies give the picture back; none but the lowest its mean; a wave is there from its own radius on.</summary>
    [Theory]
    [InlineData(8, 8)]
    [InlineData(12, 15)]
    [InlineData(7, 9)]
    [InlineData(1, 13)]
    [InlineData(32, 32)]
    public void ALowPassKeepsWhatLiesWithin(int height, int width)
    {
        byte[] noise = new byte[3 * height * width];
        new Random(height + width).NextBytes(noise);
        var spectrum = new LowPass(noise, height, width);
        Assert.Equal(noise, spectrum.Keep(height + width));
        byte[] flat = spectrum.Keep(0.5);
        for (int c = 0; c < 3; c++)
        {
            double mean = Enumerable.Range(0, height * width).Average(i => (double)noise[(i * 3) + c]);
            Assert.All(Enumerable.Range(0, height * width), i => Assert.Equal(mean, flat[(i * 3) + c], 0.51));
        }

        byte[] wave = [.. Enumerable.Range(0, 3 * height * width).Select(i => (byte)Math.Round(128 + (100 * Math.Cos(2 * Math.PI * 3 * (i / 3 % width) / width))))];
        if (width > 6)
        {
            Assert.Equal(wave, new LowPass(wave, height, width).Keep(3.01), (a, b) => Math.Abs(a - b) <= 2);
            Assert.All(new LowPass(wave, height, width).Keep(2.99), v => Assert.InRange(v, 124, 132));
        }
    }

    [Fact]
    public void RadiiAscendAndEndWithinTheDiagonal()
    {
        foreach ((int height, int width) in new[] { (1, 2), (8, 8), (32, 32), (64, 48), (224, 224), (384, 384) })
        {
            IReadOnlyList<int> radii = LowPass.Radii(height, width);
            Assert.Equal(radii.Order().Distinct(), radii);
            Assert.All(radii, r => Assert.True(4 * r * r < (height * height) + (width * width)));
        }
    }

    private static EvitModel Model()
    {
        var config = new BinaryViTConfig("small", 16, 4, [new StageConfig(1, 64, 64, 1, 1)], 4);
        LoweredModel model = FoldedModel.Of(Lowering.Lower(config.Validate(), RandomNetwork.Tensors(config, 8))).Model;
        return EvitModel.Load(EvitWriter.ToBytes(model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}"));
    }
}
