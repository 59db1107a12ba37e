namespace EdgeVit.Imaging;

/// <summary>The pictures that an earlier run took of a folder: those that have gone since are put back into the tree of its files, so that each keeps its
/// number.</summary>
internal sealed class EarlierPictures
{
    private readonly FolderTree _tree;
    private readonly HashSet<string> _paths;

    /// <summary>Pictures by their paths within the folder.</summary>
    internal EarlierPictures(FolderTree tree, IEnumerable<string> paths) =>
        (_tree, _paths) = (tree, paths.Select(p => Path.Combine(tree.Path, p)).ToHashSet(StringComparer.Ordinal));

    /// <summary>Whether the earlier run took a picture.</summary>
    internal bool Contains(string picture) => _paths.Contains(picture);

    /// <summary>Puts those back that have gone.</summary>
    /// <param name="allowed">Whether any may have gone.</param>
    /// <exception cref="DatasetException">Some have, and none may.</exception>
    internal void Restore(bool allowed)
    {
        string[] gone = [.. _paths.Except(_tree.AllPictures(), StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (gone.Length > 0 && !allowed)
        {
            throw new DatasetException(gone[0], $"the run began with this picture, and it is {(File.Exists(gone[0]) ? "none any more" : "missing now")}{(gone.Length > 1 ? $", as are {gone.Length - 1} others" : "")}. "
                + "Put it back, or go on with --resume --skip-bad, which shows others of the same class in place of such pictures.");
        }

        foreach (string picture in gone)
        {
            Folder(Path.GetRelativePath(_tree.Path, Path.GetDirectoryName(picture)!)).Pictures.Add(picture);
        }
    }

    /// <summary>Makes sure that no split has come beside those that the run began with.</summary>
    /// <exception cref="DatasetException">One has.</exception>
    internal void RequireSplits()
    {
        FolderTree[] splits = [.. _tree.Folders.Where(static f => f.HasPictures && SplitNames.KindOf(f.Name) is not null)];
        if (splits.Length == _tree.Folders.Count(static f => f.HasPictures)
            && splits.GroupBy(static s => SplitNames.KindOf(s.Name)).FirstOrDefault(k => !k.Any(s => Array.Exists(s.AllPictures(), Contains))) is { } late)
        {
            throw ChangeOfData(late.First().Path);
        }
    }

    /// <summary>A split came after the run began.</summary>
    internal static DatasetException ChangeOfData(string split) => new(split,
        "a change of the data: these pictures came after the run began, as a split of their own, and with them it would be another run. Take them out again and go on, or begin a new run in another --out.");

    private FolderTree Folder(string relative)
    {
        FolderTree folder = _tree;
        foreach (string name in relative.Split(Path.DirectorySeparatorChar).Where(static n => n != "."))
        {
            string composed = NormalForm.Compose(name), path = Path.Combine(folder.Path, name);
            FolderTree? child = folder.Folders.Find(f => f.Path == path);
            if (child is null)
            {
                child = new FolderTree(path, composed);
                int after = folder.Folders.FindIndex(f => string.CompareOrdinal(f.Name, composed) > 0);
                folder.Folders.Insert(after < 0 ? folder.Folders.Count : after, child);
            }

            folder = child;
        }
        return folder;
    }
}
