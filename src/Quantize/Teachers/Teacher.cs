using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Gives a student logits to learn from.</summary>
internal interface ITeacher
{
    /// <summary>How reports name it.</summary>
    string Name { get; }

    /// <summary>Logits <c>[B, classes]</c> of normalised images <c>[B, 3, H, W]</c>, without a graph, on the images' device.</summary>
    Tensor Logits(Tensor images, Batch batch);

    /// <summary>The same with the features <c>[B, F]</c> that the logits come from; null where the teacher shows none.</summary>
    (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch) => (Logits(images, batch), null);
}

/// <summary>A network of this process as teacher.</summary>
internal sealed class ModuleTeacher : ITeacher
{
    private readonly nn.Module<Tensor, Tensor> _model;

    /// <summary>Puts the network into evaluation mode.</summary>
    public ModuleTeacher(string name, nn.Module<Tensor, Tensor> model)
    {
        Name = name;
        _model = model;
        model.eval();
    }

    public string Name { get; }

    public Tensor Logits(Tensor images, Batch batch)
    {
        using IDisposable frozen = torch.no_grad();
        return _model.call(images);
    }

    public (Tensor Logits, Tensor? Features) WithFeatures(Tensor images, Batch batch)
    {
        using IDisposable frozen = torch.no_grad();
        return _model is IFeatureNetwork network ? network.WithFeatures(images) : (_model.call(images), null);
    }
}

/// <summary>A teacher's logits of every training image, computed once. Shifted crops and mirror images are taught those of the whole image: a
/// forward pass of the teacher at every step would cost as much as the student's. Where images are mirrored, the teacher should be a
/// <see cref="MirroredTeacher"/>.</summary>
internal sealed class CachedTeacher : ITeacher
{
    /// <summary>Logits of at most so many bytes are kept.</summary>
    public const long MemoryLimit = 512L << 20;

    private readonly Dictionary<int, int> _rows;
    private readonly float[] _logits;
    private readonly float[] _features;

    private CachedTeacher(string name, Dictionary<int, int> rows, float[] logits, float[] features) =>
        (Name, _rows, _logits, _features) = (name, rows, logits, features);

    public string Name { get; }

    /// <summary>Whether so many numbers of so many images would fit.</summary>
    public static bool Fits(int images, int numbers) => (long)images * numbers * sizeof(float) <= MemoryLimit;

    /// <summary>Asks a teacher for all images.</summary>
    public static CachedTeacher Ask(
        ITeacher teacher, PixelSource source, IReadOnlyList<int> indices, Device device, IConvertProgress progress, CancellationToken cancel,
        bool features = false)
    {
        var logits = new List<float>(indices.Count * source.Labels.Count);
        List<float> seen = [];
        int at = 0;
        foreach (Batch batch in BatchLoader.InOrder(source, indices, 256))
        {
            cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor images = batch.ToTensor(source, device);
            (Tensor answer, Tensor? its) = features ? teacher.WithFeatures(images, batch) : (teacher.Logits(images, batch), null);
            logits.AddRange(ModelTensors.ToArray(answer));
            if (its is not null)
            {
                seen.AddRange(ModelTensors.ToArray(its));
            }

            at += batch.Count;
            progress.Report(new StepProgress("teacher logits", at, indices.Count));
        }
        return new CachedTeacher(teacher.Name, indices.Select((index, row) => (index, row)).ToDictionary(p => p.index, p => p.row), [.. logits], [.. seen]);
    }

    public Tensor Logits(Tensor images, Batch batch)
    {
        Tensor own = Rows(_logits, batch).to(images.device);
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

        Tensor own = Rows(_features, batch).to(images.device);
        return (logits, batch.OwnShare == 1 ? own : Mixed(own, batch.OwnShare));
    }

    /// <summary>Rows, each with its partner's in a mixed image.</summary>
    private static Tensor Mixed(Tensor own, float share) => (own * Number(share)).add(own.flip(0) * Number(1 - share), One);

    private Tensor Rows(float[] values, Batch batch)
    {
        int width = values.Length / _rows.Count;
        float[] rows = new float[batch.Count * width];
        for (int i = 0; i < batch.Count; i++)
        {
            values.AsSpan(_rows[batch.Indices[i]] * width, width).CopyTo(rows.AsSpan(i * width));
        }

        return torch.tensor(rows).view(batch.Count, width);
    }
}
