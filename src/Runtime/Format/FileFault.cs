using System.Text.RegularExpressions;

namespace EdgeVit.Runtime;

/// <summary>Why a file could not be read or written, in a user's words: .NET's name its own classes and repeat paths.</summary>
internal static partial class FileFault
{
    /// <summary>The fault, without a full stop; where it is of another file than <paramref name="path"/>, with that one's name.</summary>
    /// <param name="e">What was thrown.</param>
    /// <param name="path">The file that a message already names; null where there is none.</param>
    internal static string Of(Exception e, string? path = null)
    {
        string? other = Quoted().Match(e.Message) is { Success: true } found && !IsSame(found.Groups[1].Value, path) ? found.Groups[1].Value : null;
        return $"{Words(e, other ?? path)}{(other is null ? "" : $" ({other})")}";
    }

    /// <summary>Whether the disk has no place left.</summary>
    internal static bool IsFull(Exception e) => e is IOException && e.Message.StartsWith("No space left on device", StringComparison.Ordinal);

    /// <summary>The file that lies on the way to a folder, where one does; else null.</summary>
    internal static string? OnTheWay(string folder) => Nearest(folder) is { } at && File.Exists(at) && Dead(at) is null ? at : null;

    /// <summary>The link to something that is not there, on the way to a folder, and where it leads, in words; null where there is none.</summary>
    internal static string? DeadLink(string folder) => Nearest(folder) is { } at && Dead(at) is { } words ? $"{at} {words}" : null;

    /// <summary>What is there of a path: itself, or the nearest of the folders that it lies in.</summary>
    private static string? Nearest(string folder)
    {
        string? at = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        while (at is not null && !Path.Exists(at) && new FileInfo(at).LinkTarget is null)
        {
            at = Path.GetDirectoryName(at);
        }

        return at;
    }

    private static string? Dead(string path)
    {
        if (new FileInfo(path).LinkTarget is not { } target)
        {
            return null;
        }

        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists == true ? null : $"is a link to {target}, which is not there: a disk that is not mounted, perhaps";
        }
        catch (IOException)
        {
            return "is a link that leads back to itself";
        }
    }

    private static string Words(Exception e, string? path) => e switch
    {
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "there is no such folder",
        UnauthorizedAccessException or IOException when path is not null && Directory.Exists(path) => "it is a folder",
        UnauthorizedAccessException => "access is denied",
        EndOfStreamException => "it ends too early",
        PathTooLongException => "its name is too long",
        IOException when e.Message.StartsWith("The process cannot access the file", StringComparison.Ordinal) => "another process has it open",
        // The system's words, with the path behind them.
        _ => Lower(e.Message.Split(" : '")[0].TrimEnd('.', ' ')),
    };

    private static bool IsSame(string found, string? path) => path is { Length: > 0 } && Path.GetFullPath(path).TrimEnd(Path.DirectorySeparatorChar) == Path.GetFullPath(found).TrimEnd(Path.DirectorySeparatorChar);

    private static string Lower(string text) => text.Length > 1 && char.IsUpper(text[0]) && !char.IsUpper(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;

    [GeneratedRegex("'(/[^']+)'")]
    private static partial Regex Quoted();
}
