namespace EdgeVit.Devices;

/// <summary>The kernel's text files under one root: <c>/proc</c>, <c>/sys</c> and a few of <c>/etc</c>. What cannot be read is null, because
/// boards differ in what they have; tests pass a folder with a copy of a board's files.</summary>
public sealed class SystemFiles
{
    private readonly string _root;

    /// <summary>The files below a folder; the machine's own by default.</summary>
    public SystemFiles(string root = "/") => _root = root;

    /// <summary>The files of this machine.</summary>
    public static SystemFiles Machine { get; } = new();

    /// <summary>The trimmed content of a file, without the zero bytes that device-tree strings end with; null where it cannot be read.</summary>
    /// <param name="path">Relative to the root, such as <c>proc/cpuinfo</c>.</param>
    public string? Text(string path)
    {
        try
        {
            string full = Path.Combine(_root, path);
            return File.Exists(full) ? File.ReadAllText(full).Replace("\0", "", StringComparison.Ordinal).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A file that holds one decimal integer; null where it cannot be read or holds something else.</summary>
    public long? Integer(string path) =>
        long.TryParse(Text(path), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out long value)
            ? value : null;

    /// <summary>The lines of a file; none where it cannot be read.</summary>
    public IReadOnlyList<string> Lines(string path) => Text(path)?.Split('\n') ?? [];

    /// <summary>Names of the folders of a folder whose names begin with a prefix, in the order of their numbers; none where there is no such
    /// folder.</summary>
    public IReadOnlyList<string> Folders(string path, string prefix = "")
    {
        try
        {
            string full = Path.Combine(_root, path);
            return Directory.Exists(full)
                ? [.. Directory.EnumerateDirectories(full, prefix + "*").Select(f => Path.GetFileName(f)!).OrderBy(f => f.Length).ThenBy(f => f, StringComparer.Ordinal)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Names of the files of a folder, sorted; none where there is no such folder.</summary>
    public IReadOnlyList<string> Names(string path)
    {
        try
        {
            string full = Path.Combine(_root, path);
            return Directory.Exists(full) ? [.. Directory.EnumerateFiles(full).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
