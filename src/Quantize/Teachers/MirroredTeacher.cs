using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A teacher that looks at every image and at its mirror image: the mean of both answers' probabilities. For images that are mirrored in
/// training it is right more often than the teacher alone, and its answers to an image and to its mirror image are the same.</summary>
/// <param name="teacher">Asked about both images; disposed of with this one.</param>
internal sealed class MirroredTeacher(ITeacher teacher) : ITeacher, IDisposable
{
    public string Name => teacher.Name;

    /// <summary>The logarithm of the mean probabilities, <c>[B, classes]</c>.</summary>
    public Tensor Logits(Tensor images, Batch batch)
    {
        using IDisposable frozen = no_grad();
        Tensor sum = teacher.Logits(images, batch).softmax(1).add(teacher.Logits(images.flip(3), batch with { Flipped = true }).softmax(1), One);
        return MeanTeacher.Logarithm(sum / Number(2));
    }

    /// <summary>The same, and the mean of both images' features.</summary>
    public (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch)
    {
        using IDisposable frozen = no_grad();
        (Tensor own, Tensor? seen) = teacher.WithFeatures(images, batch);
        (Tensor mirrored, Tensor? seenMirrored) = teacher.WithFeatures(images.flip(3), batch with { Flipped = true });
        return (MeanTeacher.Logarithm(own.softmax(1).add(mirrored.softmax(1), One) / Number(2)), seen is null ? null : seen.add(seenMirrored!, One) / Number(2));
    }

    public void Dispose() => (teacher as IDisposable)?.Dispose();
}
