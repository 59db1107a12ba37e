namespace EdgeVit.Imaging;

/// <summary>Reads the class names that may lie beside record files.</summary>
internal static class ClassNames
{
    private const int MaxFileBytes = 1 << 20;

    /// <summary>Names of the first file of <paramref name="fileNames"/> that exists: one a line, empty lines left out.</summary>
    internal static string[]? Read(string folder, params ReadOnlySpan<string> fileNames)
    {
        foreach (string fileName in fileNames)
        {
            string found = Path.Combine(folder, fileName);
            if (!File.Exists(found))
            {
                continue;
            }

            if (new FileInfo(found).Length > MaxFileBytes)
            {
                throw new DatasetException(found,
                    $"{new FileInfo(found).Length} bytes; a list of class names, one a line, has at most {MaxFileBytes}.");
            }

            string[] names = [.. File.ReadLines(found).Select(static line => line.Trim()).Where(static line => line.Length > 0)];
            RequireTwo(found, names.Length);
            if (names.GroupBy(static n => n, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1) is { } twice)
            {
                throw new DatasetException(found, $"the class name '{twice.Key}' is there {twice.Count()} times; each class needs its own.");
            }

            return names;
        }
        return null;
    }

    /// <summary>Throws when there are fewer than two classes.</summary>
    internal static void RequireTwo(string path, int classes) => Require(path, classes, 2);

    /// <summary>Throws when there are fewer classes than <paramref name="least"/>, 1 or 2.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="classes">How many there are.</param>
    /// <param name="least">How many there must be.</param>
    /// <param name="leftOut">What was left out, among which the others may be; empty for nothing.</param>
    internal static void Require(string path, int classes, int least, string leftOut = "")
    {
        if (classes < least)
        {
            throw new DatasetException(path, $"{(classes == 1 ? "only one class" : "no class")}; {(least == 1 ? "expected class folders" : "a classifier needs at least two")}.{(leftOut.Length == 0 ? "" : $" Left out: {leftOut}.")}");
        }
    }

    /// <summary>0, 1, 2, ...</summary>
    internal static string[] Digits(int count) =>
        [.. Enumerable.Range(0, count).Select(static i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>Throws for the first label that has no class, and in training when all labels are equal.</summary>
    internal static void CheckLabels(ReadOnlySpan<byte> labels, int classes, Func<int, (string File, string Record)> nameOf, bool training)
    {
        int wrong = labels.IndexOfAnyInRange((byte)Math.Min(classes, 256 - 1), byte.MaxValue);
        if (classes < 256 && wrong >= 0)
        {
            (string file, string record) = nameOf(wrong);
            throw new DatasetException(file, $"{record} has label {labels[wrong]}; expected 0 to {classes - 1} for {classes} classes. "
                + "The file is damaged, or a classes.txt with one name a line is missing or too short.");
        }
        if (training && labels.Length > 0 && labels.IndexOfAnyExcept(labels[0]) < 0)
        {
            throw new DatasetException(nameOf(0).File,
                $"all {labels.Length} images have label {labels[0]}: only one class; a classifier needs at least two.");
        }
    }
}
