namespace EdgeVit.Imaging;

/// <summary>Finds the pictures of a folder that a list means: by a path within the folder or from where the list lies, or by a name that only one has;
/// the extension may be missing, parts of paths may be joined by <c>\</c>.</summary>
internal sealed class PictureNames
{
    private readonly string _root;
    private readonly string _realRoot;
    private readonly string _listFolder;
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> _stems = new(StringComparer.Ordinal), _names = new(StringComparer.Ordinal), _nameStems = new(StringComparer.Ordinal);

    /// <summary>The pictures of a folder.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="pictures">Its pictures, by paths that begin with it.</param>
    /// <param name="list">The list's file.</param>
    internal PictureNames(string root, IEnumerable<string> pictures, string list)
    {
        _root = Path.GetFullPath(root);
        _realRoot = RealPath.Of(root) ?? _root;
        _listFolder = Path.GetDirectoryName(Path.GetFullPath(list))!;
        foreach (string picture in pictures)
        {
            string path = NormalForm.Compose(Path.GetFullPath(picture));
            _paths[path] = picture;
            AddOnce(_stems, Stem(path), picture);
            AddOnce(_names, Path.GetFileName(path), picture);
            AddOnce(_nameStems, Path.GetFileNameWithoutExtension(path), picture);
        }
    }

    /// <summary>The picture that a list calls so; null where there is none, or where several could be meant.</summary>
    /// <param name="name">As the list has it.</param>
    /// <param name="ambiguous">Several could be meant.</param>
    internal string? Find(string name, out bool ambiguous)
    {
        ambiguous = false;
        string plain = NormalForm.Compose(name.Replace('\\', '/'));
        string[] paths = [NormalForm.Compose(Path.GetFullPath(plain, _listFolder)), NormalForm.Compose(Path.GetFullPath(plain, _root))];
        foreach (string path in paths)
        {
            if (_paths.TryGetValue(path, out string? picture) || (_stems.TryGetValue(path, out picture) && !Unclear(picture, ref ambiguous)))
            {
                return picture;
            }
        }

        bool bare = !plain.Contains('/', StringComparison.Ordinal);
        if (bare && (_names.TryGetValue(plain, out string? only) || _nameStems.TryGetValue(plain, out only)) && !Unclear(only, ref ambiguous))
        {
            return only;
        }

        return paths.Select(Inside).OfType<string>().Select(p => _paths.GetValueOrDefault(p)).FirstOrDefault(static p => p is not null);
    }

    /// <summary>The path within the folder that a path over links leads to.</summary>
    private string? Inside(string path) => RealPath.Of(path) is { } real && real.StartsWith(_realRoot + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        ? NormalForm.Compose(_root + real[_realRoot.Length..]) : null;

    private static bool Unclear(string? picture, ref bool ambiguous) => ambiguous |= picture is null;

    private static string Stem(string path) => Path.Combine(Path.GetDirectoryName(path)!, Path.GetFileNameWithoutExtension(path));

    /// <summary>Null stands for several.</summary>
    private static void AddOnce(Dictionary<string, string?> to, string key, string picture)
    {
        if (!to.TryAdd(key, picture))
        {
            to[key] = null;
        }
    }
}
