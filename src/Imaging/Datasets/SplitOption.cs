namespace EdgeVit.Imaging;

/// <summary>The splits as a person names them: <c>train=A,val=B,test=C</c>, each a folder within the data set's.</summary>
internal static class SplitOption
{
    /// <summary>How the option calls a split.</summary>
    internal static string Key(SplitKind kind) => kind switch
    {
        SplitKind.Train => "train",
        SplitKind.Validation => "val",
        _ => "test",
    };

    /// <summary>The folders that an option names.</summary>
    /// <exception cref="DatasetException">The option is wrong, or there is no such folder.</exception>
    internal static SplitFolders Of(FolderTree root, string option)
    {
        List<(SplitKind Kind, FolderTree Folder)> splits = [];
        foreach (string part in option.Split(',', StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || Kind(part[..equals]) is not { } kind)
            {
                throw Wrong(root, $"--split is '{option}', expected train=FOLDER,val=FOLDER,test=FOLDER or some of them, with folders inside the data's.");
            }

            string path = part[(equals + 1)..];
            FolderTree folder = Find(root, path) ?? throw Wrong(root, $"--split {part}: no such folder in it. {There(root)}");
            if (splits.Exists(s => s.Kind == kind))
            {
                throw Wrong(root, $"--split names {part[..equals]} twice.");
            }

            if (splits.Find(s => Within(s.Folder, folder) || Within(folder, s.Folder)).Folder is { } other)
            {
                throw Wrong(root, $"--split {part}: it and {other.Path} lie in each other, so that images would count twice.");
            }

            splits.Add((kind, folder));
        }
        return SplitFolders.Of(splits.ToLookup(static s => s.Kind, static s => SplitRule.Inner(s.Folder, s.Kind)));
    }

    private static SplitKind? Kind(string key) => key switch
    {
        "train" => SplitKind.Train,
        "val" or "validation" => SplitKind.Validation,
        "test" => SplitKind.Test,
        _ => null,
    };

    private static FolderTree? Find(FolderTree root, string path)
    {
        FolderTree? folder = root;
        foreach (string name in path.Split('/', Path.DirectorySeparatorChar))
        {
            if (name is "" or ".")
            {
                continue;
            }

            string wanted = NormalForm.Compose(name);
            folder = folder.Folders.Find(f => f.Name == wanted);
            if (folder is null)
            {
                return null;
            }
        }
        return path.Length == 0 || Path.IsPathRooted(path) ? null : folder;
    }

    private static bool Within(FolderTree inner, FolderTree outer) => ReferenceEquals(inner, outer) || outer.Folders.Exists(f => Within(inner, f));

    private static string There(FolderTree root) => root.Folders.Count == 0 ? "There are no folders."
        : $"There are: {string.Join(", ", root.Folders.Take(12).Select(static f => f.Name))}{(root.Folders.Count > 12 ? ", ..." : "")}.";

    private static DatasetException Wrong(FolderTree root, string problem) => new(root.Path, problem) { IsUsage = true };
}
