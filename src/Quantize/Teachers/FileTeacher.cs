using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A network from a file whose classes are the data's, or hold them, as teacher.</summary>
/// <param name="file">Disposed of with this one.</param>
/// <param name="order">For each class of the data, which of the network's numbers it is.</param>
internal sealed class FileTeacher(ModelFile file, IReadOnlyList<int> order) : ITeacher, IDisposable
{
    public string Name => file.Name;

    /// <summary>The network as teacher, or as backbone where its classes are others.</summary>
    /// <param name="file">The network; disposed of where it cannot serve.</param>
    /// <param name="images">With the data's classes.</param>
    /// <param name="options">Whether a head is wanted.</param>
    /// <param name="progress">Told which classes are which.</param>
    /// <param name="heads">Whether a head can be trained: there are labels.</param>
    /// <exception cref="ConvertException">It has other classes, and no head can be trained.</exception>
    internal static OpenedTeacher Of(ModelFile file, PixelSource images, ConvertOptions options, IConvertProgress progress, bool heads)
    {
        try
        {
            return Of(file, images.Labels, options, progress, heads);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public Tensor Logits(Tensor images, Batch batch)
    {
        float[] rows = file.Rows(images);
        int count = (int)images.shape[0], classes = order.Count;
        var logits = new float[count * classes];
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = rows[(i / classes * file.Width) + order[i % classes]];
        }

        return torch.tensor(logits).view(count, classes).to(images.device);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => file.Dispose();

    private static OpenedTeacher Of(ModelFile file, IReadOnlyList<string> classes, ConvertOptions options, IConvertProgress progress, bool heads)
    {
        bool head = heads && options.TeacherHead != false;
        bool direct = !file.IsFeatures && !(head && options.TeacherHead == true);
        IReadOnlyList<string>? labels = Names(file, options);
        LabelMatch? match = labels is null ? null : LabelMatch.Of(classes, labels);
        bool named = labels is not null && !LabelMatch.AreNumbers(labels);
        if (direct && match is { IsWhole: true })
        {
            return new OpenedTeacher(ByName(file, classes, labels!, match, progress), null);
        }

        if (direct && file.Width == classes.Count && !(head && named))
        {
            return new OpenedTeacher(ByPlace(file, classes, labels, progress), null);
        }

        return head ? new OpenedTeacher(null, new FileBackbone(file, Why(file, classes, named ? labels : null, match))) : throw new ConvertException(
            $"--teacher {file.Path}: it has {file.Width} classes, the data {classes.Count} ({Some(classes)}). Take a teacher of the same classes{(heads ? ", or let a head be trained (without --teacher-head false)" : "")}.", ConvertException.Usage);
    }

    /// <summary>The names of what the network gives; null where they are not known.</summary>
    private static IReadOnlyList<string>? Names(ModelFile file, ConvertOptions options)
    {
        if (options.TeacherLabels is { } given && given.Count != file.Width && !file.IsFeatures)
        {
            throw new ConvertException($"--teacher-labels: {given.Count} names, and {file.Name} has {file.Width} classes. Expected a name for each, in their order.", ConvertException.Usage);
        }

        return (options.TeacherLabels ?? file.Labels) is { } known && (known.Count == file.Width || file.IsFeatures) ? known : null;
    }

    private static FileTeacher ByName(ModelFile file, IReadOnlyList<string> classes, IReadOnlyList<string> labels, LabelMatch match, IConvertProgress progress)
    {
        if (labels.Count != classes.Count || !match.Order.SequenceEqual(Enumerable.Range(0, classes.Count)))
        {
            progress.Report(new Note($"{file.Name}: the data's classes are found among its {labels.Count} by their names"));
        }

        return new FileTeacher(file, match.Order);
    }

    private static FileTeacher ByPlace(ModelFile file, IReadOnlyList<string> classes, IReadOnlyList<string>? labels, IConvertProgress progress)
    {
        if (labels is not null)
        {
            progress.Report(new Warned($"the teacher's classes ({Some(labels)}) are called otherwise than the data's ({Some(classes)}); they are taken in their order"));
        }

        return new FileTeacher(file, [.. Enumerable.Range(0, file.Width)]);
    }

    private static string Why(ModelFile file, IReadOnlyList<string> classes, IReadOnlyList<string>? labels, LabelMatch? match)
    {
        string why = labels is null || match is null ? "its classes are not known to be the data's"
            : match.Found == 0 ? $"none of the data's classes is among its {labels.Count} ({Some(labels)})"
            : match.IsWhole ? "a head is asked for"
            : $"{match.Found} of the data's {classes.Count} classes are among its {labels.Count} ({Some([.. classes.Where((_, c) => match.Order[c] >= 0)])}), not {Some([.. classes.Where((_, c) => match.Order[c] < 0)])}";
        return $"{why}; a head is trained on {(file.IsFeatures ? "features" : "its outputs")}{(file.Value is { } value ? $" '{value}'" : "")}, {file.Width:N0} numbers for an image";
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(5)) + (names.Count > 5 ? ", ..." : "");
}
