using System.Collections.Concurrent;
using System.Globalization;

namespace EdgeVit.Imaging;

/// <summary>What was odd about pictures of a data set that were decoded all the same. Thread-safe.</summary>
internal sealed class PictureWarnings
{
    private readonly ConcurrentDictionary<string, string> _all = new(StringComparer.Ordinal);

    internal void Add(string file, string warning) => _all.TryAdd(file, warning);

    /// <summary>How many there are, and the first; null where there are none.</summary>
    internal string? Text()
    {
        string[] files = [.. _all.Keys.Order(StringComparer.Ordinal)];
        return files.Length == 0 ? null : string.Create(CultureInfo.InvariantCulture,
            $"{files.Length:N0} {(files.Length == 1 ? "picture was" : "pictures were")} decoded with a warning{(files.Length == 1 ? "" : ", the first")}: {files[0]}: {_all[files[0]]}");
    }
}
