using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Labelled images that a model is measured on: which of them, and which of its classes they show.</summary>
internal static class MeasuredImages
{
    /// <summary>The model's class for each class of the data: by name where the names are the same, else by index.</summary>
    public static int[] LabelMap(IImageDataset data, EvitModel model, string path, Printer printer)
    {
        string[] labels = [.. model.Labels];
        if (data.Labels.All(c => labels.Contains(c)))
        {
            return [.. data.Labels.Select(c => Array.IndexOf(labels, c))];
        }

        if (data.Labels.Count != labels.Length)
        {
            throw new UserException(
                $"{path} has {data.Labels.Count} classes ({Some(data.Labels)}), the model has {labels.Length} ({Some(labels)}). They must be the same, or the data's among the model's.");
        }
        printer.Warn($"the names of the classes differ ({Some(data.Labels)} against {Some(labels)}); comparing by their order.");
        return [.. Enumerable.Range(0, labels.Length)];
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(5)) + (names.Count > 5 ? ", ..." : "");

    /// <summary>All indices, or a sample that is the same every time. Drawn at random: data sets often repeat their classes at regular
    /// steps.</summary>
    public static int[] Sample(int count, int? limit)
    {
        if (limit is < 1)
        {
            throw new UserException($"--limit is {limit}, expected 1 or more.", ExitCode.Usage);
        }

        int[] indices = [.. Enumerable.Range(0, count)];
        if (limit is null || limit >= count)
        {
            return indices;
        }

        new Random(1).Shuffle(indices);
        return [.. indices.Take(limit.Value).Order()];
    }
}
