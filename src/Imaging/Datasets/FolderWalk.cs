using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Walks a folder once: links are followed, loops end, and a file counts once however many links lead to it. What a file is is
/// decided by its first bytes.</summary>
internal sealed class FolderWalk
{
    /// <summary>The reason why a link without anything at its end is left out.</summary>
    internal const string LeadsNowhere = "a link that leads nowhere";

    /// <summary>The reason why what is no file with bytes of its own is left out; to open it may be to wait for ever.</summary>
    internal const string PipeOrDevice = "a pipe, a socket or a device";

    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly string _root;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<(FolderTree Folder, string File)> _files = [];
    private readonly List<LeftOutFile> _leftOut = [];
    private readonly List<(FileSystemInfo Entry, string Path, string Real)> _hidden = [];

    private FolderWalk(string root) => _root = root;

    /// <summary>The folder with all that is in it, and what of that is no picture.</summary>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder must not be read.</exception>
    internal static (FolderTree Tree, IReadOnlyList<LeftOutFile> LeftOut) Of(string folder)
    {
        string root = RealPath.Of(folder) ?? throw new DirectoryNotFoundException($"{folder}: no such folder.");
        var walk = new FolderWalk(root);
        walk._seen.Add(root);
        var tree = new FolderTree(folder, NormalForm.Compose(Path.GetFileName(root)));
        walk.Enter(tree, root);
        walk._hidden.ForEach(h => walk.Hide(h.Entry, h.Path, h.Real));
        walk.Sort();
        return (tree, walk._leftOut);
    }

    private void Enter(FolderTree folder, string real)
    {
        IEnumerable<FileSystemInfo> entries = new DirectoryInfo(folder.Path).EnumerateFileSystemInfos("*", s_all)
            .Where(static e => !JunkNames.Contains(e.Name))
            .OrderBy(static e => NormalForm.Compose(e.Name), StringComparer.Ordinal).ThenBy(static e => e.Name, StringComparer.Ordinal);
        foreach (FileSystemInfo entry in entries)
        {
            string path = Path.Combine(folder.Path, entry.Name);
            if (entry.Name[0] == '.')
            {
                _hidden.Add((entry, path, Path.Combine(real, entry.Name)));
            }
            else if (Target(entry, real) is not { } target)
            {
                _leftOut.Add(new(path, LeadsNowhere));
            }
            else if (!_seen.Add(target))
            {
                _leftOut.Add(new(path, $"the same {(Directory.Exists(path) ? "folder" : "file")} as another"));
            }
            else if (!Directory.Exists(path))
            {
                _files.Add((folder, path));
            }
            else if (entry.LinkTarget is not null && IsAround(target))
            {
                _leftOut.Add(new(path, "a link to a folder around the data"));
            }
            else
            {
                var child = new FolderTree(path, NormalForm.Compose(entry.Name));
                folder.Folders.Add(child);
                Enter(child, target);
            }
        }
    }

    /// <summary>Leaves out what is hidden, every file of a folder as one; what a link has led to counts where that lies.</summary>
    private void Hide(FileSystemInfo entry, string path, string real)
    {
        if (entry is not DirectoryInfo folder || entry.LinkTarget is not null)
        {
            if (!_seen.Contains(real))
            {
                _leftOut.Add(new(path, "hidden"));
            }

            return;
        }

        foreach (FileSystemInfo inner in folder.EnumerateFileSystemInfos("*", s_all).Where(static e => e.LinkTarget is null && !JunkNames.Contains(e.Name)))
        {
            Hide(inner, Path.Combine(path, inner.Name), Path.Combine(real, inner.Name));
        }
    }

    private static string? Target(FileSystemInfo entry, string realFolder) =>
        entry.LinkTarget is null ? Path.Combine(realFolder, entry.Name) : RealPath.Of(entry.FullName);

    private bool IsAround(string target) =>
        _root.StartsWith(target.EndsWith(Path.DirectorySeparatorChar) ? target : target + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Decides of every file whether it is a picture.</summary>
    private void Sort()
    {
        var reasons = new string?[_files.Count];
        Parallel.For(0, _files.Count, i => reasons[i] = !RegularFile.Is(_files[i].File) ? PipeOrDevice : ImageDecoder.HasImageExtension(_files[i].File) ? null : ImageDecoder.WhyNoPicture(_files[i].File));
        for (int i = 0; i < reasons.Length; i++)
        {
            if (reasons[i] is { } reason)
            {
                _leftOut.Add(new(_files[i].File, reason));
            }
            else
            {
                _files[i].Folder.Pictures.Add(_files[i].File);
            }
        }
    }
}
