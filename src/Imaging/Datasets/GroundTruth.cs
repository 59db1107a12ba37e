namespace EdgeVit.Imaging;

/// <summary>Splits whose pictures lie side by side with a file that names their classes, as Tiny-ImageNet's <c>val/val_annotations.txt</c> does: one line
/// for each picture, with its file name and its class. ImageNet's <c>LOC_val_solution.csv</c>, with names without extension, lies beside the splits.</summary>
internal static class GroundTruth
{
    private const int MaxFileBytes = 64 << 20;

    private const string ImageNetFile = "LOC_val_solution.csv";

    private static readonly string[] s_names = ["val_annotations.txt", "test_annotations.txt", "annotations.txt", "labels.txt"];

    /// <summary>Puts the pictures of the splits of a data set under their classes where a file names those. A test split without classes beside them
    /// is no part of the data then.</summary>
    /// <exception cref="DatasetException">A file is not of this form.</exception>
    internal static void Apply(FolderTree root)
    {
        FolderTree[] flat = [.. root.Folders.Where(static f => SplitNames.KindOf(f.Name) is not null && Flat(f) is not null)];
        FolderTree[] unlabelled = [.. flat.Where(f => FileOf(f, root) is not { } file || !Divide(f, file))];
        if (unlabelled.Length == flat.Length)
        {
            return;
        }

        foreach (FolderTree split in unlabelled.Where(static f => SplitNames.KindOf(f.Name) == SplitKind.Test))
        {
            root.Folders.Remove(split);
            root.Pictures.AddRange(Flat(split)!.Pictures);
        }
    }

    /// <summary>The file with the classes of a split; null where there is none.</summary>
    private static string? FileOf(FolderTree split, FolderTree root)
    {
        string imageNet = Path.Combine(root.Path, ImageNetFile);
        return Array.Find([.. s_names.Select(n => Path.Combine(split.Path, n))], File.Exists)
            ?? (SplitNames.KindOf(split.Name) == SplitKind.Validation && File.Exists(imageNet) ? imageNet : null);
    }

    /// <summary>The folder with the pictures of a split without class folders: itself, or its only folder; null for any other.</summary>
    private static FolderTree? Flat(FolderTree split) =>
        !split.HoldsFolders && split.Pictures.Count > 0 ? split
        : split.Pictures.Count == 0 && split.Folders is [{ Name: "images", HoldsFolders: false } only] ? only : null;

    /// <summary>Whether the file names any picture of the split, which then has class folders.</summary>
    private static bool Divide(FolderTree split, string file)
    {
        Dictionary<string, string> classes = Read(file);
        FolderTree flat = Flat(split)!;
        var folders = new SortedDictionary<string, FolderTree>(StringComparer.Ordinal);
        foreach (string picture in flat.Pictures)
        {
            string called = NormalForm.Compose(Path.GetFileName(picture));
            if (!classes.TryGetValue(called, out string? name) && !classes.TryGetValue(Path.GetFileNameWithoutExtension(called), out name))
            {
                continue;
            }

            if (!folders.TryGetValue(name, out FolderTree? folder))
            {
                folders[name] = folder = new FolderTree(flat.Path, name);
            }

            folder.Pictures.Add(picture);
        }

        if (folders.Count == 0)
        {
            return false;
        }

        var rest = flat.Pictures.Except(folders.Values.SelectMany(static f => f.Pictures), StringComparer.Ordinal).ToList();
        flat.Pictures.Clear();
        split.Pictures.AddRange(rest);
        split.Folders.Clear();
        split.Folders.AddRange(folders.Values);
        return true;
    }

    private static Dictionary<string, string> Read(string file)
    {
        if (new FileInfo(file).Length > MaxFileBytes)
        {
            throw new DatasetException(file, $"more than {MaxFileBytes} bytes; expected a line for each picture, with its file name and its class.");
        }

        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(file))
        {
            string[] fields = line.Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (fields.Length < 2)
            {
                continue;
            }

            string picture = NormalForm.Compose(fields[0]), name = NormalForm.Compose(fields[1]);
            if (!classes.TryAdd(picture, name) && classes[picture] != name)
            {
                throw new DatasetException(file, $"{picture} has two classes, {classes[picture]} and {name}.");
            }
        }
        return classes;
    }
}
