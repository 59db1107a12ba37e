namespace EdgeVit.Devices;

/// <summary>The kernel's text files under one root: <c>/proc</c>, <c>/sys</c> and a few of <c>/etc</c>. What cannot be read is null, because
/// boards differ in what they have; tests pass a folder with a copy of a board's files.</summary>
public sealed class SystemFiles
{
    private readonly string _root;

    /// <summary>How the text of a file is had.</summary>
    internal Func<string, string> Load { get; init; } = File.ReadAllText;

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
            return File.Exists(full) ? Clean(Load(full)) : null;
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

    /// <summary>The content of a file that a sensor needs.</summary>
    /// <exception cref="SensorException">It cannot be read; the message says why.</exception>
    internal string Require(string path)
    {
        string full = FullPath(path);
        try
        {
            return Clean(Load(full));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SensorException($"/{path} is not there");
        }
        catch (UnauthorizedAccessException)
        {
            throw Permission.Lack(this, path);
        }
        catch (IOException e)
        {
            // The message ends with the whole path, which is known.
            throw new SensorException($"/{path} cannot be read: {e.Message.Split(" : ")[0]}");
        }
    }

    /// <summary>A file of a sensor that holds one decimal integer.</summary>
    /// <exception cref="SensorException">It cannot be read or holds something else.</exception>
    internal long RequireInteger(string path)
    {
        string text = Require(path);
        return long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out long value)
            ? value : throw new SensorException($"/{path} holds '{(text.Length > 20 ? text[..20] + "..." : text)}' instead of a number");
    }

    /// <summary>The first bytes of a file; none where it cannot be read.</summary>
    internal byte[] Start(string path, int count)
    {
        try
        {
            using FileStream file = File.OpenRead(FullPath(path));
            byte[] bytes = new byte[count];
            return bytes[..file.ReadAtLeast(bytes, count, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    internal bool Has(string path) => File.Exists(FullPath(path));

    internal string FullPath(string path) => Path.Combine(_root, path);

    private static string Clean(string text) => text.Replace("\0", "", StringComparison.Ordinal).Trim();

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
