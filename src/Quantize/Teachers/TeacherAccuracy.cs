using System.Numerics.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Measures teachers of any kind.</summary>
internal static class TeacherAccuracy
{
    /// <summary>Right predictions, per cent.</summary>
    internal static double Top1(ITeacher teacher, PixelSource source, IReadOnlyList<int> indices, int batchSize, Device device, CancellationToken cancel) =>
        100.0 * RightByClass(teacher, source, indices, batchSize, device, cancel).Sum() / Math.Max(1, indices.Count);

    /// <summary>Right predictions of each class's images.</summary>
    internal static int[] RightByClass(ITeacher teacher, PixelSource source, IReadOnlyList<int> indices, int batchSize, Device device, CancellationToken cancel)
    {
        int[] right = new int[source.Labels.Count];
        foreach ((int index, int answer) in indices.Zip(Answers(teacher, source, indices, batchSize, device, cancel)))
        {
            right[source.Label(index)] += answer == source.Label(index) ? 1 : 0;
        }

        return right;
    }

    /// <summary>The class that a teacher takes each image for.</summary>
    internal static IReadOnlyList<int> Answers(ITeacher teacher, PixelSource source, IReadOnlyList<int> indices, int batchSize, Device device, CancellationToken cancel)
    {
        var answers = new List<int>(indices.Count);
        foreach (Batch batch in BatchLoader.InOrder(source, indices, batchSize))
        {
            cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            float[] logits = ModelTensors.ToArray(teacher.Logits(batch.ToTensor(source, device), batch));
            int classes = logits.Length / batch.Count;
            answers.AddRange(Enumerable.Range(0, batch.Count).Select(i => TensorPrimitives.IndexOfMax(logits.AsSpan(i * classes, classes))));
        }

        return answers;
    }
}
