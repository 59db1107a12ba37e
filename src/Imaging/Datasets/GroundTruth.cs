namespace EdgeVit.Imaging;

/// <summary>Splits whose pictures lie side by side with a file that names their classes, as Tiny-ImageNet's <c>val/val_annotations.txt</c> does: one line
/// for each picture, with its file name and its class. ImageNet's <c>LOC_val_solution.csv</c>, with names without extension, lies beside or above the splits, or its development kit does.</summary>
internal static class GroundTruth
{
    private const int KaggleDepth = 3;

    private const string ImageNetFile = "LOC_val_solution.csv";

    private static readonly string[] s_names = ["val_annotations.txt", "test_annotations.txt", "annotations.txt", "labels.txt"];

    /// <summary>Puts the pictures of the splits of a data set under their classes where a file names those. A test split without classes beside them
    /// is no part of the data then.</summary>
    /// <exception cref="DatasetException">A file is not of this form.</exception>
    internal static void Apply(FolderTree root)
    {
        FolderTree[] flat = [.. root.Folders.Where(static f => SplitNames.KindOf(f.Name) is not null && Flat(f) is not null)];
        FolderTree[] unlabelled = [.. flat.Where(f => ClassesOf(f, root) is not { } classes || !Divide(f, classes))];
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

    /// <summary>The classes of a split's pictures by their names; null where no file has them.</summary>
    private static Dictionary<string, string>? ClassesOf(FolderTree split, FolderTree root)
    {
        if (s_names.Select(n => Path.Combine(split.Path, n)).FirstOrDefault(File.Exists) is { } own)
        {
            return Read(own);
        }

        if (SplitNames.KindOf(split.Name) != SplitKind.Validation)
        {
            return null;
        }

        // Kaggle's archive has it three folders above.
        string above = root.Path;
        for (int up = 0; up <= KaggleDepth; up++, above = Path.Combine(above, ".."))
        {
            if (Path.Combine(above, ImageNetFile) is var file && File.Exists(file))
            {
                return Read(file);
            }
        }

        return ImageNetDevkit.Find(root, split) is { } numbers ? ImageNetDevkit.Read(numbers, ImageNetFile) : null;
    }

    /// <summary>The folder with the pictures of a split without class folders: itself, or its only folder; null for any other.</summary>
    private static FolderTree? Flat(FolderTree split) =>
        !split.HoldsFolders && split.Pictures.Count > 0 ? split
        : split.Pictures.Count == 0 && split.Folders is [{ Name: "images", HoldsFolders: false } only] ? only : null;

    /// <summary>Whether the classes are those of any picture of the split, which then has class folders.</summary>
    private static bool Divide(FolderTree split, Dictionary<string, string> classes)
    {
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
        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        // In ImageNet's table boxes follow the class in its field.
        bool boxes = Path.GetFileName(file) == ImageNetFile;
        foreach (string[] fields in CsvRows.Read(file).Select(static r => r.Fields).Where(static f => f.Length > 1 && f[0].Length > 0 && f[1].Length > 0))
        {
            string picture = NormalForm.Compose(fields[0]), name = NormalForm.Compose(boxes ? fields[1].Trim().Split(' ')[0] : fields[1]);
            if (!classes.TryAdd(picture, name) && classes[picture] != name)
            {
                throw new DatasetException(file, $"{picture} has two classes, {classes[picture]} and {name}.");
            }
        }
        return classes;
    }
}
