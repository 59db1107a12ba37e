using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>How right a teacher is.</summary>
public class TeacherAccuracyTests
{
    /// <summary>The classes of the built-in images take turns: of 25, three are of each of the first five classes and two of each other.</summary>
    [Theory]
    [InlineData(25, 3, 12.0)]
    [InlineData(25, 7, 8.0)]
    [InlineData(10, 3, 10.0)]
    public void ATeacherThatAlwaysSaysTheSameIsRightForOneClass(int images, int always, double percent)
    {
        PixelSource source = DataTests.Shapes(25);
        double Of(int batchSize) => TeacherAccuracy.Top1(new Stubborn(always), source, [.. Enumerable.Range(0, images)], batchSize, torch.CPU, CancellationToken.None);
        Assert.Equal(percent, Of(8), 1e-9);
        Assert.Equal(percent, Of(100), 1e-9);
        // The same of a network, by the training's own measure.
        using var model = new Constant(always);
        Assert.Equal(percent, Accuracy.Top1(model, source, [.. Enumerable.Range(0, images)], 8, torch.CPU), 1e-9);
    }

    private static Tensor Answer(long count, int always)
    {
        Tensor logits = torch.zeros(count, 10);
        logits[TensorIndex.Colon, always] = 1;
        return logits;
    }

    private sealed class Stubborn(int always) : ITeacher
    {
        public string Name => "stubborn";

        public Tensor Logits(Tensor images, Batch batch) => Answer(images.shape[0], always);
    }

    private sealed class Constant(int always) : nn.Module<Tensor, Tensor>(nameof(Constant))
    {
        public override Tensor forward(Tensor input) => Answer(input.shape[0], always);
    }
}
