using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A frozen network with a head for the data's classes.</summary>
/// <param name="backbone">Disposed of with this one.</param>
/// <param name="head">Of its features.</param>
/// <param name="known">Answers to images that the head was trained on; null for none.</param>
internal sealed class HeadedTeacher(IBackbone backbone, LinearHead head, KnownAnswers? known) : ITeacher, IDisposable
{
    public string Name => $"{backbone.Name} with a head";

    public Tensor Logits(Tensor images, Batch batch) => known?.Find(batch) is { } logits
        ? torch.tensor(logits).view(batch.Count, head.Classes).to(images.device)
        : head.Logits(backbone.Features(images)).to(images.device);

    public (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch)
    {
        Tensor features = backbone.Features(images);
        return (head.Logits(features).to(images.device), features.to(images.device));
    }

    public void Dispose() => backbone.Dispose();
}

/// <summary>Answers to images as they are, and to their mirror images.</summary>
/// <param name="source">What the images are of.</param>
/// <param name="indices">Which of them.</param>
/// <param name="logits"><c>[views × n, C]</c>: those of all images, then of their mirror images where there are two views.</param>
internal sealed class KnownAnswers(PixelSource source, IReadOnlyList<int> indices, float[] logits, int classes)
{
    private readonly Dictionary<int, int> _rows = indices.Select((index, row) => (index, row)).ToDictionary(static p => p.index, static p => p.row);

    /// <summary>Logits <c>[B, C]</c> of a batch, where all of it is known; else null.</summary>
    internal float[]? Find(Batch batch)
    {
        int first = batch.Flipped ? indices.Count : 0;
        if (!ReferenceEquals(batch.Unvaried, source) || first * classes >= logits.Length || !batch.Indices.All(_rows.ContainsKey))
        {
            return null;
        }

        float[] found = new float[batch.Count * classes];
        for (int i = 0; i < batch.Count; i++)
        {
            logits.AsSpan((first + _rows[batch.Indices[i]]) * classes, classes).CopyTo(found.AsSpan(i * classes));
        }

        return found;
    }
}
