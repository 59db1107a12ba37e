namespace EdgeVit.Bench;

/// <summary>The measured tables of the documents: what stands between two comments that name a results file is that file's tables, all of them in
/// <see cref="Document"/>, chosen rows in the README.</summary>
internal static class DocumentTables
{
    /// <summary>The page with all tables, from the repository's root.</summary>
    public const string Document = "docs/performance.md";

    private const string EndOfRows = "<!-- end of rows -->";

    private const string End = "<!-- end of comparison -->";

    /// <summary>The comment in front of the tables of a results folder.</summary>
    public static string Begin(string folder) => $"<!-- tables of bench/results/{folder}/comparison.md -->";

    /// <summary>Puts new tables in the place of the old ones; a page without the comments stays as it is.</summary>
    public static string Replace(string text, string folder, string tables)
    {
        (int from, int to) = Find(text, folder);
        return from < 0 ? text : $"{text[..from]}\n{tables.Trim()}\n{text[to..]}";
    }

    /// <summary>The tables that stand there; null where the comments are missing.</summary>
    public static string? Read(string text, string folder)
    {
        (int from, int to) = Find(text, folder);
        return from < 0 ? null : text[from..to].Trim();
    }

    /// <summary>The folder whose tables a page shows; null for none.</summary>
    public static string? Folder(string text)
    {
        const string Start = "<!-- tables of bench/results/";
        int at = text.IndexOf(Start, StringComparison.Ordinal);
        return at < 0 ? null : text[(at + Start.Length)..].Split('/')[0];
    }

    /// <summary>The chosen rows of a README's table that are not in the results as they stand; none where it is up to date.</summary>
    public static IReadOnlyList<string> Stale(string text, string folder, string tables) =>
        [.. Rows(text, folder).Where(r => !tables.Split('\n').Contains(r, StringComparer.Ordinal))];

    /// <summary>Puts the newly measured rows in the place of those of the same network, engine and threads.</summary>
    public static string Refresh(string text, string folder, string tables)
    {
        Dictionary<string, string> measured = tables.Split('\n').Where(l => l.StartsWith('|')).GroupBy(Key).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        foreach (string row in Rows(text, folder))
        {
            text = text.Replace(row, measured.GetValueOrDefault(Key(row), row), StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>The lines of a README's table of chosen rows.</summary>
    public static IReadOnlyList<string> Rows(string text, string folder)
    {
        string begin = $"<!-- rows of bench/results/{folder}/comparison.md -->";
        int from = text.IndexOf(begin, StringComparison.Ordinal);
        int to = from < 0 ? -1 : text.IndexOf(EndOfRows, from, StringComparison.Ordinal);
        return to < 0 ? [] : text[(from + begin.Length)..to].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Key(string row) => string.Join('|', row.Split('|').Take(4));

    private static (int From, int To) Find(string text, string folder)
    {
        int begin = text.IndexOf(Begin(folder), StringComparison.Ordinal);
        int end = begin < 0 ? -1 : text.IndexOf(End, begin, StringComparison.Ordinal);
        return end < 0 ? (-1, -1) : (begin + Begin(folder).Length, end);
    }
}
