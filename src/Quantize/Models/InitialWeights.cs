using System.Globalization;
using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>Starts a student from weights that were trained before: those of an earlier run, or a checkpoint of the paper's code. What does not fit
/// (a classifier for other classes, positions of another image size) stays fresh.</summary>
internal static class InitialWeights
{
    private const string RunPrefix = "model.";
    private const string Clip = "att_prob_clip";

    /// <summary>Fills the student and says what was taken.</summary>
    /// <param name="path">A run's <c>best.safetensors</c>, or a <c>.pth</c> or <c>.safetensors</c> of the paper's names.</param>
    /// <exception cref="ConvertException">The file cannot be read, or hardly anything in it fits.</exception>
    internal static string Load(BinaryViT student, string path)
    {
        IReadOnlyDictionary<string, FloatTensor> given = Read(path);
        Dictionary<string, FloatTensor> all = new(ModelTensors.Export(student), StringComparer.Ordinal);
        long taken = 0;
        List<string> fresh = [];
        foreach ((string name, FloatTensor own) in all.Where(t => !t.Key.EndsWith(TensorManifest.RowMean, StringComparison.Ordinal)).ToArray())
        {
            bool clip = name.EndsWith(Clip, StringComparison.Ordinal);
            if (given.TryGetValue(name, out FloatTensor? tensor) && (tensor.Shape.SequenceEqual(own.Shape) || (clip && tensor.Data.Length == 1)))
            {
                all[name] = tensor;
                taken += own.Data.Length;
            }
            else
            {
                fresh.Add(name);
            }
        }
        long total = all.Where(t => !t.Key.EndsWith(TensorManifest.RowMean, StringComparison.Ordinal)).Sum(t => (long)t.Value.Data.Length);
        if (taken < total / 2)
        {
            throw new ConvertException(string.Create(CultureInfo.InvariantCulture,
                $"--init {path}: only {taken:N0} of the {total:N0} numbers of {student.Config.Name} fit, so it is of another network. Expected a checkpoint of the same layout; choose the --student that it belongs to. The first that does not fit: {fresh[0]}."),
                ConvertException.Usage);
        }
        ModelTensors.Load(student, all);
        return string.Create(CultureInfo.InvariantCulture,
            $"{taken:N0} of {total:N0} numbers from {path}") + (fresh.Count == 0 ? "" : $"; fresh: {string.Join(", ", fresh)}");
    }

    /// <summary>Finds a file that is missing before the data are read.</summary>
    /// <param name="path">The file; null asks for none.</param>
    /// <exception cref="ConvertException">There is no such file.</exception>
    internal static void Require(string? path)
    {
        if (path is not null && !File.Exists(path))
        {
            throw new ConvertException($"--init {path}: there is no such file. Expected a checkpoint such as runs/demo/student/best.safetensors.", ConvertException.Usage);
        }
    }

    private static IReadOnlyDictionary<string, FloatTensor> Read(string path)
    {
        Require(path);
        try
        {
            Dictionary<string, FloatTensor> result = new(StringComparer.Ordinal);
            foreach ((string name, FloatTensor tensor) in CheckpointReader.Read(path))
            {
                result[name.StartsWith(RunPrefix, StringComparison.Ordinal) ? name[RunPrefix.Length..] : name] = tensor;
            }
            return StudentCheckpoint.Renamed(result);
        }
        catch (CheckpointException e)
        {
            throw new ConvertException($"--init {e.Message}", e, ConvertException.Usage);
        }
    }
}
