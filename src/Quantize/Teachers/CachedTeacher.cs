using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A teacher's logits of every training image, computed once. Shifted crops and mirror images are taught those of the whole image: a
/// forward pass of the teacher at every step would cost as much as the student's. Where images are mirrored, the teacher should be a
/// <see cref="MirroredTeacher"/>. Or, with <see cref="Augmentation.Views"/>, those of each of the variations in which an image is shown.</summary>
internal sealed class CachedTeacher : ITeacher
{
    private readonly Dictionary<int, int> _rows;
    private readonly RowStore _logits;
    private readonly int _classes;
    private readonly float[] _features;

    private CachedTeacher(string name, Dictionary<int, int> rows, RowStore logits, int classes, float[] features) =>
        (Name, _rows, _logits, _classes, _features) = (name, rows, logits, classes, features);

    public string Name { get; }

    /// <summary>Whether so many numbers of so many images would fit.</summary>
    public static bool Fits(long images, int numbers) => images * numbers * sizeof(float) <= RowStore.Most;

    /// <summary>Asks a teacher for all images.</summary>
    public static CachedTeacher Ask(
        ITeacher teacher, PixelSource source, IReadOnlyList<int> indices, Device device, IConvertProgress progress, CancellationToken cancel,
        bool features = false) => Ask(teacher, source, indices, device, new AnswerPlace(Features: features), progress, cancel)!;

    /// <summary>Asks a teacher for all images; null where there is no place for its answers.</summary>
    internal static CachedTeacher? Ask(
        ITeacher teacher, PixelSource source, IReadOnlyList<int> indices, Device device, AnswerPlace place, IConvertProgress progress, CancellationToken cancel)
    {
        float[] seen = [];
        int at = 0, classes = source.Labels.Count, all = indices.Count * Math.Max(1, place.Views.Views);
        RowStore? logits = null;
        foreach (Batch batch in place.Views.Views == 0
            ? BatchLoader.InOrder(source, indices, TrainSettings.EvaluationImages(source.Preprocess.Height))
            : BatchLoader.Views(source, indices, TrainSettings.EvaluationImages(source.Preprocess.Height), place.Views, place.Seed))
        {
            cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor images = batch.ToTensor(source, device);
            (Tensor answer, Tensor? its) = place.Features ? teacher.WithFeatures(images, batch) : (teacher.Logits(images, batch), null);
            classes = (int)answer.shape[1];
            logits ??= RowStore.For(all, classes, place.Folder);
            if (logits is null)
            {
                return null;
            }

            logits.Write(at, ModelTensors.ToArray(answer));
            if (its is not null)
            {
                seen = seen.Length == 0 ? GC.AllocateUninitializedArray<float>(indices.Count * (int)its.shape[1]) : seen;
                ModelTensors.ToArray(its).CopyTo(seen.AsSpan(at * (int)its.shape[1]));
            }

            at += batch.Count;
            progress.Report(new StepProgress("teacher logits", at, all));
        }
        return new CachedTeacher(teacher.Name, indices.Select((index, row) => (index, row)).ToDictionary(p => p.index, p => p.row), logits!, classes, seen) { Views = place.Views.Views };
    }

    private int Views { get; init; }

    public Tensor Logits(Tensor images, Batch batch)
    {
        Tensor own = Answers(batch).to(images.device);
        if (batch.OwnShare == 1)
        {
            return own;
        }

        // A mixed image is taught the mixture of both answers.
        Tensor probabilities = own.softmax(1);
        return MeanTeacher.Logarithm(Mixed(probabilities, batch.OwnShare));
    }

    public (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch)
    {
        Tensor logits = Logits(images, batch);
        if (_features.Length == 0)
        {
            return (logits, null);
        }

        int width = _features.Length / _rows.Count;
        float[] rows = new float[batch.Count * width];
        for (int i = 0; i < batch.Count; i++)
        {
            _features.AsSpan(_rows[batch.Indices[i]] * width, width).CopyTo(rows.AsSpan(i * width));
        }

        Tensor own = torch.tensor(rows).view(batch.Count, width).to(images.device);
        return (logits, batch.OwnShare == 1 ? own : Mixed(own, batch.OwnShare));
    }

    /// <summary>Rows, each with its partner's in a mixed image.</summary>
    private static Tensor Mixed(Tensor own, float share) => (own * Number(share)).add(own.flip(0) * Number(1 - share), One);

    private Tensor Answers(Batch batch)
    {
        long view = Views == 0 || batch.Unvaried is not null ? 0 : batch.Epoch;
        float[] rows = new float[batch.Count * _classes];
        for (int i = 0; i < batch.Count; i++)
        {
            _logits.Read((view * _rows.Count) + _rows[batch.Indices[i]], rows.AsSpan(i * _classes, _classes));
        }

        return torch.tensor(rows).view(batch.Count, _classes);
    }
}

/// <summary>Which answers are kept, and where.</summary>
/// <param name="Variations">The variations in which images are shown, where each is answered; else null or without such.</param>
/// <param name="Seed">Of the variations.</param>
/// <param name="Folder">Where a file for many answers may be.</param>
/// <param name="Features">Whether features are kept, too.</param>
internal sealed record AnswerPlace(Augmentation? Variations = null, ulong Seed = 0, string? Folder = null, bool Features = false)
{
    /// <summary>As <see cref="Variations"/>; nothing happens to images where those are null.</summary>
    internal Augmentation Views => Variations ?? Augmentation.None;
}
