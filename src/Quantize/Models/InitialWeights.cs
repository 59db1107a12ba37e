using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Starts a student from weights that were trained before: those of an earlier run, a packed model, or a checkpoint of the paper's code. What does not fit
/// (a classifier for other classes, positions of another image size, layers of another width, more layers) stays fresh.</summary>
internal static class InitialWeights
{
    private const string RunPrefix = "model.";
    private const string Clip = "att_prob_clip";

    /// <summary>Of a network's numbers, what must fit at least for a file to be a start for it.</summary>
    private const double LeastShare = 0.05;

    /// <summary>Fresh tensors are named one by one up to this number.</summary>
    private const int MostNames = 4;

    /// <summary>Fills the student and says what was taken.</summary>
    /// <param name="student">Of any layout.</param>
    /// <param name="path">A run's <c>best.safetensors</c>, an <c>.evit</c> model, or a <c>.pth</c> or <c>.safetensors</c> of the paper's names.</param>
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
        if (taken < LeastShare * total)
        {
            throw new ConvertException(string.Create(CultureInfo.InvariantCulture,
                $"--init {path}: only {taken:N0} of the {total:N0} numbers of {student.Config.Name} fit, so it is of another network. Expected a checkpoint of the same layout, or of one that shares layers with it; choose the --student that it belongs to. The first that does not fit: {fresh[0]}."),
                ConvertException.Usage);
        }
        ModelTensors.Load(student, all);
        string packed = IsPacked(path) ? " (signs, slopes, positions; norms, shifts and scales of a packed model are folded and start fresh)" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{taken:N0} of {total:N0} numbers from {path}{packed}")
            + (fresh.Count == 0 ? "" : $"; fresh: {(fresh.Count <= MostNames ? string.Join(", ", fresh) : Grouped(fresh, all.Keys))}");
    }

    /// <summary>The parts of a network whose tensors are fresh, and how many of each.</summary>
    internal static string Grouped(IEnumerable<string> fresh, IEnumerable<string> all)
    {
        Dictionary<string, int> whole = all.Where(static n => !n.EndsWith(TensorManifest.RowMean, StringComparison.Ordinal)).GroupBy(Part).ToDictionary(static g => g.Key, static g => g.Count());
        return string.Join(", ", fresh.GroupBy(Part).Select(g => g.Count() == whole[g.Key] ? g.Key : $"{g.Count()} of {whole[g.Key]} tensors of {g.Key}"));
    }

    private static string Part(string tensor) => tensor.Split('.') switch
    {
        ["vit", "encoder", "layer", var number, ..] => $"layer {number}",
        ["vit", "encoder", var down, ..] => down,
        ["vit", "class_attention", ..] => "class attention",
        ["vit", var part, ..] => part,
        [var part, ..] => part,
        _ => tensor,
    };

    private static bool IsPacked(string path) => ModelFileKinds.Of(path) == ModelFileKind.Model;

    /// <summary>Finds a file that is missing before the data are read.</summary>
    /// <param name="path">The file; null asks for none.</param>
    /// <exception cref="ConvertException">There is no such file.</exception>
    internal static void Require(string? path)
    {
        if (path is not null && !File.Exists(path))
        {
            throw new ConvertException($"--init {path}: there is no such file. Expected a checkpoint such as runs/demo/student/best.safetensors.", ConvertException.Usage);
        }

        if (path is not null)
        {
            InputFile.RequireRegular("--init", path);
        }

        if (path is not null && ModelFileKinds.Of(path) is var kind and not (ModelFileKind.Unknown or ModelFileKind.Model or ModelFileKind.PyTorch or ModelFileKind.Safetensors or ModelFileKind.Index))
        {
            throw new ConvertException($"--init {ModelFileKinds.Describe(path, kind, "a checkpoint to start from")}", ConvertException.Usage);
        }
    }

    private static IReadOnlyDictionary<string, FloatTensor> Read(string path)
    {
        Require(path);
        try
        {
            if (IsPacked(path))
            {
                return PackedTensors.Of(EvitFile.Read(path));
            }

            Dictionary<string, FloatTensor> result = new(StringComparer.Ordinal);
            foreach ((string name, FloatTensor tensor) in CheckpointReader.Read(path))
            {
                result[name.StartsWith(RunPrefix, StringComparison.Ordinal) ? name[RunPrefix.Length..] : name] = tensor;
            }
            return StudentCheckpoint.Renamed(result);
        }
        catch (Exception e) when (e is CheckpointException or EvitFormatException)
        {
            throw new ConvertException($"--init {e.Message}", e, ConvertException.Usage);
        }
    }
}
