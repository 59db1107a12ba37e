using System.Globalization;
using System.Text.RegularExpressions;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Temporary files that a killed run has left in its folder.</summary>
internal static partial class Leftovers
{
    /// <summary>Deletes them; nobody else may be writing.</summary>
    /// <returns>What was deleted, in words; null for nothing.</returns>
    internal static string? Delete(params ReadOnlySpan<string> folders)
    {
        (int count, long bytes) = (0, 0);
        foreach (string folder in folders)
        {
            foreach (FileInfo file in Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles(".*").Where(f => IsTemporary(f.Name)).ToArray() : [])
            {
                try
                {
                    long length = file.Length;
                    file.Delete();
                    (count, bytes) = (count + 1, bytes + length);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It does no harm but for its place.
                }
            }
        }
        return count == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{(count == 1 ? "1 temporary file" : $"{count} temporary files")} of a run that was killed, {ByteText.Of(bytes)}, deleted");
    }

    /// <summary>Whether a name is that of a file under way to its place, of a probe or of decoded images: nothing that a person would name so.</summary>
    private static bool IsTemporary(string name) =>
        Unnamed().IsMatch(name) || (UnderWay().Match(name) is { Success: true } match && RunFiles.All.Contains(match.Groups[1].Value, StringComparer.Ordinal));

    [GeneratedRegex(@"^\.(.+)\.[a-z0-9]{8}\.[a-z0-9]{3}$", RegexOptions.CultureInvariant)]
    private static partial Regex UnderWay();

    [GeneratedRegex(@"^\.(?:probe-[0-9a-f]{32}|scratch-[0-9a-f]{32}\.tmp)$", RegexOptions.CultureInvariant)]
    private static partial Regex Unnamed();
}
