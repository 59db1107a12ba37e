using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>A teacher that looks at mirror images, too.</summary>
public class MirroredTeacherTests
{
    private static Batch Any { get; } = new(0, [0], [], [0], [false]);

    [Fact]
    public void ItsAnswerIsTheMeanOfBothImagesProbabilities()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var teacher = new MirroredTeacher(new Corner());
        Assert.Equal("corner", teacher.Name);
        // Of the upper corners, one says 0.9 and one 0.2; the lower ones would say something else.
        Tensor image = Image(0.9f, 0.5f, 0.2f, 0.7f, 0.6f, 0.1f);
        Near([0.55f, 0.45f], teacher.Logits(image, Any).softmax(1));
        Near([0.55f, 0.45f], teacher.Logits(image.flip(3), Any).softmax(1));
        (Tensor logits, Tensor? features) = teacher.WithFeatures(image, Any);
        Near([0.55f, 0.45f], logits.softmax(1));
        // Its features are the image itself: the mean with the mirrored rows.
        Near([0.55f, 0.5f, 0.55f, 0.4f, 0.6f, 0.4f], features!);
    }

    [Fact]
    public void WithoutFeaturesThereAreNone()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var teacher = new MirroredTeacher(new Blind());
        (Tensor logits, Tensor? features) = teacher.WithFeatures(Image(0, 0, 0, 0, 0, 0), Any);
        Near([0.25f, 0.75f], logits.softmax(1));
        Assert.Null(features);
    }

    private static Tensor Image(params float[] values) => torch.tensor(values).view(1, 1, 2, 3).expand(1, 3, 2, 3);

    private static void Near(float[] expected, Tensor found) =>
        Assert.Equal(expected, ModelTensors.ToArray(found), (a, b) => Math.Abs(a - b) < 1e-6);

    /// <summary>Believes in the first class as much as the upper left pixel says.</summary>
    private sealed class Corner : ITeacher
    {
        public string Name => "corner";

        public Tensor Logits(Tensor images, Batch batch)
        {
            Tensor first = images[TensorIndex.Colon, 0, 0, 0];
            return torch.stack([first, 1 - first], 1).log();
        }

        public (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch) =>
            (Logits(images, batch), images[TensorIndex.Colon, 0].flatten(1));
    }

    private sealed class Blind : ITeacher
    {
        public string Name => "blind";

        public Tensor Logits(Tensor images, Batch batch) => torch.tensor(new float[] { 1, 3 }).log().view(1, 2);
    }
}
