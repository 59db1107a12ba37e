namespace EdgeVit.Imaging;

/// <summary>A folder of a data set with what is in it, junk aside.</summary>
/// <param name="Path">As it was reached from the data set's folder.</param>
/// <param name="Name">Its name in the composed normal form.</param>
internal sealed record FolderTree(string Path, string Name)
{
    /// <summary>Sub-folders in the order of their names (ordinal).</summary>
    internal List<FolderTree> Folders { get; } = [];

    /// <summary>Files that are pictures by their first bytes, and those whose extension claims so.</summary>
    internal List<string> Pictures { get; } = [];

    /// <summary>Whether there is a picture in the folder or below.</summary>
    internal bool HasPictures => Pictures.Count > 0 || HoldsFolders;

    /// <summary>Whether there is a picture in a sub-folder.</summary>
    internal bool HoldsFolders => Folders.Exists(static f => f.HasPictures);

    /// <summary>Pictures in the folder and below.</summary>
    internal int Count => Pictures.Count + Folders.Sum(static f => f.Count);

    /// <summary>All pictures in the folder and below, in the order of their paths.</summary>
    internal string[] AllPictures()
    {
        List<string> all = [];
        Collect(all);
        return [.. all.Select(static p => (Path: p, Key: NormalForm.Compose(p))).OrderBy(static p => p.Key, StringComparer.Ordinal).ThenBy(static p => p.Path, StringComparer.Ordinal).Select(static p => p.Path)];
    }

    private void Collect(List<string> all)
    {
        all.AddRange(Pictures);
        foreach (FolderTree folder in Folders)
        {
            folder.Collect(all);
        }
    }
}
