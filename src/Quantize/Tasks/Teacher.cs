using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Whom a student learns from.</summary>
public interface ITeacher
{
    /// <summary>How reports name it.</summary>
    string Name { get; }

    /// <summary>Logits <c>[B, classes]</c> of normalised images <c>[B, 3, H, W]</c>, without a graph, on the images' device.</summary>
    Tensor Logits(Tensor images, Batch batch);
}

/// <summary>A network of this process as teacher.</summary>
public sealed class ModuleTeacher : ITeacher
{
    private readonly nn.Module<Tensor, Tensor> _model;

    /// <summary>Puts the network into evaluation mode.</summary>
    public ModuleTeacher(string name, nn.Module<Tensor, Tensor> model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Name = name;
        _model = model;
        model.eval();
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Tensor Logits(Tensor images, Batch batch)
    {
        using IDisposable frozen = torch.no_grad();
        return _model.call(images);
    }
}

/// <summary>A teacher's logits of every training image, computed once. Shifted crops and mirror images are taught those of the whole image: a
/// forward pass of the teacher at every step would cost as much as the student's. Where images are mirrored, the teacher should be a
/// <see cref="MirroredTeacher"/>.</summary>
public sealed class CachedTeacher : ITeacher
{
    /// <summary>Logits of at most so many bytes are kept.</summary>
    public const long MemoryLimit = 512L << 20;

    private readonly Dictionary<int, int> _rows;
    private readonly float[] _logits;
    private readonly int _classes;

    private CachedTeacher(string name, Dictionary<int, int> rows, float[] logits, int classes) =>
        (Name, _rows, _logits, _classes) = (name, rows, logits, classes);

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Whether the logits of so many images would fit.</summary>
    public static bool Fits(int images, int classes) => (long)images * classes * sizeof(float) <= MemoryLimit;

    /// <summary>Asks a teacher for all images.</summary>
    /// <param name="teacher">Who is asked.</param>
    /// <param name="source">The images.</param>
    /// <param name="indices">Which of them.</param>
    /// <param name="device">Where the teacher is.</param>
    /// <param name="progress">Receives events.</param>
    /// <param name="cancel">Stops between two batches.</param>
    public static CachedTeacher Ask(
        ITeacher teacher, PixelSource source, IReadOnlyList<int> indices, Device device, IConvertProgress progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(progress);
        int classes = source.Classes.Count;
        var logits = new float[indices.Count * classes];
        int at = 0;
        foreach (Batch batch in BatchLoader.InOrder(source, indices, 256))
        {
            cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            ModelTensors.ToArray(teacher.Logits(Trainer.ToTensor(batch, source, device), batch)).CopyTo(logits, at * classes);
            at += batch.Count;
            progress.Report(new StepProgress("teacher logits", at, indices.Count));
        }
        return new CachedTeacher(teacher.Name, indices.Select((index, row) => (index, row)).ToDictionary(p => p.index, p => p.row), logits, classes);
    }

    /// <inheritdoc/>
    public Tensor Logits(Tensor images, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(batch);
        float[] logits = new float[batch.Count * _classes];
        for (int i = 0; i < batch.Count; i++)
            _logits.AsSpan(_rows[batch.Indices[i]] * _classes, _classes).CopyTo(logits.AsSpan(i * _classes));
        Tensor own = torch.tensor(logits).view(batch.Count, _classes).to(images.device);
        if (batch.OwnShare == 1)
            return own;

        // A mixed image is taught the mixture of both answers.
        Tensor probabilities = own.softmax(1);
        return ((probabilities * batch.OwnShare) + (probabilities.flip(0) * (1 - batch.OwnShare))).log();
    }
}
