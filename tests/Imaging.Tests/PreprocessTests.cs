using EdgeVit.Runtime;

namespace EdgeVit.Imaging.Tests;

public class PreprocessTests
{
    private static readonly float[] s_mean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] s_std = [0.229f, 0.224f, 0.225f];

    /// <summary>Sizes after torchvision.transforms.Resize(size).</summary>
    [Theory]
    [InlineData(500, 375, 256, 341, 256)]
    [InlineData(375, 500, 256, 256, 341)]
    [InlineData(28, 28, 32, 32, 32)]
    [InlineData(3, 1000, 2, 2, 666)]
    [InlineData(1, 50_000, 256, 256, 12_800_000)]
    public void TheShorterSideIsResizedAndTheLongerOneTruncated(int width, int height, int shorter, int newWidth, int newHeight) =>
        Assert.Equal((newWidth, newHeight), PreprocessPipeline.ResizedSize(width, height, shorter));

    /// <summary>Offsets after torchvision.transforms.CenterCrop: round((image - crop) / 2), half to even.</summary>
    [Theory]
    [InlineData(10, 9, 0)]
    [InlineData(10, 7, 2)]
    [InlineData(10, 5, 2)]
    [InlineData(10, 8, 1)]
    [InlineData(10, 10, 0)]
    public void TheCropIsCentredWithRoundingToEven(int side, int crop, int offset)
    {
        RgbImage image = TestImages.Noise(side, side, 2);
        var pipeline = new PreprocessPipeline(new Preprocess(crop, crop, side, Interpolation.Bicubic, s_mean, s_std));
        byte[] pixels = new byte[pipeline.Length];
        pipeline.ToPixels(image, pixels);
        Assert.Equal(Resampler.Crop(image, offset, offset, crop, crop).Pixels, pixels);
    }

    [Fact]
    public void ResizeAndCropAreWhatTheyAreOneAfterTheOther()
    {
        RgbImage image = TestImages.Noise(50, 37, 6);
        var pipeline = new PreprocessPipeline(new Preprocess(22, 24, 25, Interpolation.Bilinear, s_mean, s_std));
        byte[] pixels = new byte[pipeline.Length];
        pipeline.ToPixels(image, pixels);
        RgbImage resized = Resampler.Resize(image, 33, 25, Interpolation.Bilinear);
        Assert.Equal(Resampler.Crop(resized, 4, 2, 24, 22).Pixels, pixels);
    }

    /// <summary>What is kept for one size is not taken for another, by one thread or several.</summary>
    [Theory]
    [InlineData(Interpolation.Bilinear)]
    [InlineData(Interpolation.Bicubic)]
    public void APipelineThatSeesManySizesGivesWhatANewOneDoes(Interpolation interpolation)
    {
        var preprocess = new Preprocess(16, 20, 24, interpolation, s_mean, s_std);
        (int Width, int Height)[] sizes = [(40, 30), (40, 31), (41, 30), (30, 40), (24, 24), (24, 60), (90, 24), (40, 30)];
        RgbImage[] images = [.. sizes.Select((size, i) => TestImages.Noise(size.Width, size.Height, i))];
        byte[][] expected = [.. images.Select(image => Pixels(new PreprocessPipeline(preprocess), image))];
        var shared = new PreprocessPipeline(preprocess);
        Parallel.For(0, 200, i => Assert.Equal(expected[i % images.Length], Pixels(shared, images[i % images.Length])));

        static byte[] Pixels(PreprocessPipeline pipeline, RgbImage image)
        {
            byte[] pixels = new byte[pipeline.Length];
            pipeline.ToPixels(image, pixels);
            return pixels;
        }
    }

    [Fact]
    public void ExtremeShapesTakeNoMoreMemoryThanTheWindow()
    {
        var pipeline = new PreprocessPipeline(new Preprocess(224, 224, 256, Interpolation.Bicubic, s_mean, s_std));
        byte[] pixels = new byte[pipeline.Length];
        pipeline.ToPixels(TestImages.Noise(1, 60_000, 1), pixels);
        pipeline.ToPixels(TestImages.Noise(60_000, 1, 1), pixels);
        pipeline.ToPixels(TestImages.Noise(1, 1, 1), pixels);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(4, 4)]
    [InlineData(32, 32)]
    [InlineData(17, 31)]
    public void VectorsAndThePlainLoopGiveTheSameBits(int height, int width)
    {
        var pipeline = new PreprocessPipeline(new Preprocess(height, width, 64, Interpolation.Bilinear, s_mean, s_std));
        byte[] pixels = TestImages.Noise(width, height, height).Pixels;
        float[] vectors = new float[pipeline.Length], plain = new float[pipeline.Length];
        pipeline.Normalise(pixels, vectors);
        new PixelScale(pipeline.Preprocess).NormaliseScalar(pixels, plain, 0);
        Assert.Equal(plain.Select(BitConverter.SingleToInt32Bits), vectors.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void NormalisationIsOneFusedMultiplyAddWithConstantsFromDouble()
    {
        var pipeline = new PreprocessPipeline(new Preprocess(1, 2, 2, Interpolation.Bilinear, s_mean, s_std));
        byte[] pixels = [0, 128, 255, 7, 8, 9];
        float[] output = new float[6];
        pipeline.Normalise(pixels, output);
        for (int c = 0; c < 3; c++)
        {
            float scale = (float)(1.0 / (255.0 * s_std[c])), offset = (float)(-(double)s_mean[c] / s_std[c]);
            for (int i = 0; i < 2; i++)
            {
                Assert.Equal(MathF.FusedMultiplyAdd(pixels[3 * i + c], scale, offset), output[2 * c + i]);
                Assert.Equal((pixels[3 * i + c] / 255.0 - s_mean[c]) / s_std[c], output[2 * c + i], 1e-6);
            }
        }
    }

    [Fact]
    public void ARecordThatMakesNoSenseIsRefused()
    {
        var good = new Preprocess(8, 8, 8, Interpolation.Bilinear, s_mean, s_std);
        Preprocess[] bad =
        [
            good with { Height = 0 }, good with { Width = 9 }, good with { ResizeShorterSide = 7 }, good with { Mean = [0, 0] }, good with { Std = [1, 1, 1, 1] },
            good with { Std = [1, 0, 1] }, good with { Std = [1, float.NaN, 1] }, good with { Mean = [1, float.PositiveInfinity, 1] },
        ];
        Assert.All(bad, record => Assert.Throws<ArgumentException>(() => new PreprocessPipeline(record)));
        var pipeline = new PreprocessPipeline(good);
        Assert.Throws<ArgumentException>(() => pipeline.ToPixels(new RgbImage(8, 8), new byte[191]));
        Assert.Throws<ArgumentException>(() => pipeline.Normalise(new byte[192], new float[193]));
    }
}
