using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The images or clips that a command line names: a file, a folder, a pattern, or <c>-</c> for standard input. A folder stands for its images,
/// whatever their extensions, and for its clips where it has no image.</summary>
internal static class ImageInputs
{
    public const string StandardInput = "-";

    /// <summary>All that the braces of a source stand for, each a source of its own, as in a shell: a name without a file is missed. Of <c>*.{png,jpg}</c> and the
    /// like those count that match a file, where one does.</summary>
    public static IReadOnlyList<string> Expand(string source)
    {
        string[] texts = File.Exists(source) || Directory.Exists(source) ? [source] : [.. GlobPattern.Braces(source).Distinct()];
        if (texts.Length == 1)
        {
            return texts;
        }

        string[] found = [.. texts.Where(t => !GlobPattern.Is(t) || File.Exists(t) || Matching(t).Any())];
        return found.Length > 0 ? found : [source];
    }

    /// <summary>The files, those of folders and patterns in the order of their names.</summary>
    /// <param name="source">One of <see cref="Expand"/>.</param>
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
            // A picture that a link promises and that is not there is missed, as one that is named is.
            IEnumerable<string> lost = others.Where(static f => f.Reason == FolderWalk.LeadsNowhere && ImageDecoder.HasImageExtension(f.File)).Select(static f => f.File);
            string[] images = [.. tree.AllPictures().Where(IsNoPipe).Concat(lost).OrderBy(NormalForm.Compose, StringComparer.Ordinal).ThenBy(static f => f, StringComparer.Ordinal)];
            return images.Length > 0 ? images : NotEmpty(Sorted(others.Select(static f => f.File).Where(ClipInfo.HasExtension)), $"{source}: no PNG, JPEG, WebP, BMP or GIF files and no clips in this folder.");
        }

        if (!GlobPattern.Is(source))
        {
            throw new UserException($"{OneLine.Of(source)}: no such file or folder.");
        }

        return NotEmpty(Sorted(Matching(source)), $"{source}: no file matches this pattern.");
    }

    private static IReadOnlyList<string> Sorted(IEnumerable<string> files) => [.. files.Order(StringComparer.Ordinal)];

    private static IReadOnlyList<string> NotEmpty(IReadOnlyList<string> files, string message) =>
        files.Count > 0 ? files : throw new UserException(message);

    /// <summary>A pattern stands in any part of the path; <c>**</c> is any depth of folders.</summary>
    private static IEnumerable<string> Matching(string pattern)
    {
        string[] parts = pattern.Split('/');
        int first = Array.FindIndex(parts, p => GlobPattern.Is(p));
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
        if (part is "" or "." or ".." && parts.Length > 1)
        {
            return Descend(Path.Join(folder, part), parts[1..]);
        }

        if (part == "**")
        {
            string[] rest = parts.Length == 1 ? ["*"] : parts[1..];
            return Descend(folder, rest).Concat(Directory.EnumerateDirectories(folder).Where(static f => !JunkNames.Contains(Path.GetFileName(f))).SelectMany(f => Descend(f, parts)));
        }
        if (parts.Length == 1)
        {
            return Directory.EnumerateFiles(folder).Where(f => Fits(part, f) && IsNoPipe(f));
        }

        return Directory.EnumerateDirectories(folder).Where(f => Fits(part, f)).SelectMany(f => Descend(f, parts[1..]));
    }

    /// <summary>A pipe is read where it is named; one that lies in a folder may have nobody who writes. What is not there is named later on.</summary>
    private static bool IsNoPipe(string file) => !File.Exists(file) || RegularFile.Is(file);

    private static bool Fits(string pattern, string path) =>
        Path.GetFileName(path) is var name && !JunkNames.Contains(name) && (name == pattern || GlobPattern.Fits(pattern, name));
}
