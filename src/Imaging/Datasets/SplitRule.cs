namespace EdgeVit.Imaging;

/// <summary>The folders whose sub-folders are the classes, by what their images are for. Classes without splits are training images.</summary>
internal sealed record SplitFolders(IReadOnlyList<FolderTree> Train, IReadOnlyList<FolderTree> Validation, IReadOnlyList<FolderTree> Test)
{
    /// <summary>What to say of another way to read the folders; null where there is none.</summary>
    internal string? Warning { get; init; }

    internal IEnumerable<FolderTree> All => [.. Train, .. Validation, .. Test];

    internal static SplitFolders Of(ILookup<SplitKind, FolderTree> folders) =>
        new([.. folders[SplitKind.Train]], [.. folders[SplitKind.Validation]], [.. folders[SplitKind.Test]]);
}

/// <summary>Decides whether the folders of a data set are splits or classes. They are splits when each of them has a split's name and holds folders
/// with pictures; folders without any picture do not matter. Otherwise they are classes.</summary>
internal static class SplitRule
{
    /// <summary>The splits of a data set.</summary>
    /// <exception cref="DatasetException">It can be read in two ways, or a split has no picture.</exception>
    internal static SplitFolders Of(FolderTree root)
    {
        List<FolderTree> named = [], others = [];
        foreach (FolderTree folder in root.Folders)
        {
            if (SplitNames.KindOf(folder.Name) is not null)
            {
                named.Add(folder);
            }
            else if (folder.HasPictures)
            {
                others.Add(folder);
            }
        }

        FolderTree[] deep = [.. named.Where(static f => f.HoldsFolders)], flat = [.. named.Where(static f => !f.HoldsFolders && f.HasPictures)];
        if (others.Count > 0)
        {
            return new SplitFolders([root], [], []) { Warning = Doubt(deep, others) };
        }

        if (flat.Length > (deep.Length > 0 ? 0 : 1))
        {
            throw Undecidable(root, deep.Length > 0 ? deep : flat);
        }

        if (deep.Length == 0)
        {
            return new SplitFolders([root], [], []);
        }

        if (named.Find(static f => !f.HasPictures) is { } empty)
        {
            throw new DatasetException(empty.Path, "there is no picture in this split. Add images or remove the folder.");
        }

        return SplitFolders.Of(named.ToLookup(Kind, static f => Inner(f, Kind(f))));
    }

    /// <summary>The folder itself, or the only folder in it where that has the name of the same split, as in <c>seg_train/seg_train</c>.</summary>
    internal static FolderTree Inner(FolderTree split, SplitKind kind)
    {
        while (split.Pictures.Count == 0 && split.Folders is [{ HoldsFolders: true } only] && SplitNames.KindOf(only.Name) == kind)
        {
            split = only;
        }

        return split;
    }

    private static SplitKind Kind(FolderTree folder) => SplitNames.KindOf(folder.Name)!.Value;

    /// <summary>Classes of which several are named as splits are, and hold folders as those do.</summary>
    private static string? Doubt(FolderTree[] deep, List<FolderTree> others) => deep.Select(Kind).Distinct().Count() < 2 ? null
        : $"{string.Join(" and ", deep.Take(4).Select(static f => $"'{f.Name}'"))} are taken as classes, because '{others[0].Name}' beside them is no split. If they are splits: --split {Option(deep)}";

    private static string Option(FolderTree[] splits) => string.Join(',', splits.DistinctBy(Kind).OrderBy(Kind).Select(static f => $"{SplitOption.Key(Kind(f))}={f.Name}"));

    private static DatasetException Undecidable(FolderTree root, FolderTree[] splits)
    {
        string all = string.Join(", ", root.Folders.Where(static f => f.HasPictures).Take(8).Select(static f => $"'{f.Name}'"));
        string these = string.Join(" and ", splits.Take(4).Select(static f => $"'{f.Name}'"));
        string option = Option(splits);
        bool deep = splits[0].HoldsFolders;
        string first = deep ? $"{these} are splits whose folders are the classes, and the rest does not belong to them: --split {option}"
            : $"{these} are splits without classes: give one of them as the path, and a teacher that knows the classes";
        return new DatasetException(root.Path, $"this folder can be read in two ways. Either {first}. Or the folders are classes ({all}): --split train=.") { IsUsage = true };
    }
}
