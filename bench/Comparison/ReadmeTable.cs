namespace EdgeVit.Bench;

/// <summary>The measured tables of the README: what stands between two comments that name a results file is that file's tables.</summary>
internal static class ReadmeTable
{
    private const string End = "<!-- end of comparison -->";

    /// <summary>The comment in front of the tables of a results folder.</summary>
    public static string Begin(string folder) => $"<!-- tables of bench/results/{folder}/comparison.md -->";

    /// <summary>Puts new tables in the place of the old ones; a README without the comments stays as it is.</summary>
    public static string Replace(string readme, string folder, string tables)
    {
        (int from, int to) = Find(readme, folder);
        return from < 0 ? readme : $"{readme[..from]}\n{tables.Trim()}\n{readme[to..]}";
    }

    /// <summary>The tables that stand there; null where the comments are missing.</summary>
    public static string? Read(string readme, string folder)
    {
        (int from, int to) = Find(readme, folder);
        return from < 0 ? null : readme[from..to].Trim();
    }

    /// <summary>The folder whose tables a README shows; null for none.</summary>
    public static string? Folder(string readme)
    {
        const string Start = "<!-- tables of bench/results/";
        int at = readme.IndexOf(Start, StringComparison.Ordinal);
        return at < 0 ? null : readme[(at + Start.Length)..].Split('/')[0];
    }

    private static (int From, int To) Find(string readme, string folder)
    {
        int begin = readme.IndexOf(Begin(folder), StringComparison.Ordinal);
        int end = begin < 0 ? -1 : readme.IndexOf(End, begin, StringComparison.Ordinal);
        return end < 0 ? (-1, -1) : (begin + Begin(folder).Length, end);
    }
}
