using System.IO.Enumeration;
using EdgeVit.Imaging;

namespace EdgeVit.Cli;

/// <summary>The images or clips that a command line names: a file, a folder, a pattern, or <c>-</c> for standard input. A folder stands for its images,
/// whatever their extensions, and for its clips where it has no image.</summary>
internal static class ImageInputs
{
    public const string StandardInput = "-";

    /// <summary>The files, those of folders and patterns in the order of their names.</summary>
    /// <exception cref="UserException">Nothing is there.</exception>
    public static IReadOnlyList<string> Resolve(string source)
    {
        if (source == StandardInput || File.Exists(source))
        {
            return [source];
        }

        if (Directory.Exists(source))
        {
            (FolderTree tree, IReadOnlyList<LeftOutFile> others) = FolderWalk.Of(source);
            string[] images = tree.AllPictures();
            return images.Length > 0 ? images : NotEmpty(Sorted(others.Select(static f => f.File).Where(ClipInfo.HasExtension)), $"{source}: no PNG, JPEG, WebP, BMP or GIF files and no clips in this folder.");
        }

        if (source.AsSpan().IndexOfAny('*', '?') < 0)
        {
            throw new UserException($"{source}: no such file or folder.");
        }

        return NotEmpty(Sorted(Matching(source)), $"{source}: no file matches this pattern.");
    }

    private static IReadOnlyList<string> Sorted(IEnumerable<string> files) => [.. files.Order(StringComparer.Ordinal)];

    private static IReadOnlyList<string> NotEmpty(IReadOnlyList<string> files, string message) =>
        files.Count > 0 ? files : throw new UserException(message);

    /// <summary>A pattern has <c>*</c> and <c>?</c> in any part of the path; <c>**</c> stands for any depth of folders.</summary>
    private static IEnumerable<string> Matching(string pattern)
    {
        string[] parts = pattern.Split('/');
        int first = Array.FindIndex(parts, p => p.AsSpan().IndexOfAny('*', '?') >= 0);
        string folder = first == 0 ? "." : string.Join('/', parts[..first]);
        if (folder.Length == 0)
        {
            folder = "/";
        }

        return Descend(folder, parts[first..]).Select(f => first == 0 ? f[2..] : f);
    }

    private static IEnumerable<string> Descend(string folder, string[] parts)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        string part = parts[0];
        if (part == "**")
        {
            string[] rest = parts.Length == 1 ? ["*"] : parts[1..];
            return Descend(folder, rest).Concat(Directory.EnumerateDirectories(folder).Where(static f => !JunkNames.Contains(Path.GetFileName(f))).SelectMany(f => Descend(f, parts)));
        }
        if (parts.Length == 1)
        {
            return Directory.EnumerateFiles(folder).Where(f => Fits(part, f));
        }

        return Directory.EnumerateDirectories(folder).Where(f => Fits(part, f)).SelectMany(f => Descend(f, parts[1..]));
    }

    private static bool Fits(string pattern, string path) =>
        Path.GetFileName(path) is var name && !JunkNames.Contains(name) && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
