using System.Globalization;

namespace EdgeVit.Imaging;

/// <summary>A file, or a link or folder that was not entered, that no data set uses.</summary>
/// <param name="File">Its path.</param>
/// <param name="Reason">Why, as one word or a few: the same for all of its kind.</param>
public sealed record LeftOutFile(string File, string Reason);

/// <summary>What became of every file of a folder: <see cref="Found"/> = <see cref="Used"/> + those left out. What systems leave in folders
/// (<c>.DS_Store</c>, <c>Thumbs.db</c>, <c>._*</c>, <c>@eaDir</c>, <c>.ipynb_checkpoints</c>, <c>__MACOSX</c> and their like) is no file of it.</summary>
/// <param name="Used">Files that are images of the data set.</param>
/// <param name="LeftOut">All others, in the order of their paths.</param>
public sealed record FileAccount(int Used, IReadOnlyList<LeftOutFile> LeftOut)
{
    /// <summary>How many there are.</summary>
    public int Found => Used + LeftOut.Count;

    /// <summary>Those left out by extension and reason, the most frequent first.</summary>
    /// <returns>For example <c>20 .tiff (a TIFF), 1 .txt (no picture)</c>; empty when there are none.</returns>
    public string Summary() => string.Join(", ", Groups().Select(static g =>
        string.Create(CultureInfo.InvariantCulture, $"{g.Count:N0} {g.Extension} ({g.Reason})")));

    /// <summary>Those left out, counted by extension (lower case; <c>without extension</c>) and reason, the most frequent first.</summary>
    public IReadOnlyList<(string Extension, string Reason, int Count)> Groups() =>
    [
        .. LeftOut.GroupBy(static f => (Extension: Extension(f.File), f.Reason))
            .Select(static g => (g.Key.Extension, g.Key.Reason, g.Count()))
            .OrderByDescending(static g => g.Item3).ThenBy(static g => g.Extension, StringComparer.Ordinal).ThenBy(static g => g.Reason, StringComparer.Ordinal),
    ];

    private static string Extension(string file) =>
        Path.GetExtension(file) is { Length: > 1 } extension ? extension.ToLowerInvariant() : "without extension";
}
