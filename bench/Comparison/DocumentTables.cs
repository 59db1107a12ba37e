namespace EdgeVit.Bench;

/// <summary>The measured tables of the documents. Between <c>&lt;!-- choices of bench/results/FOLDER/comparison.md --&gt;</c> and the end stands that
/// file's first table, between <c>&lt;!-- rows of ... --&gt;</c> and the end are chosen rows of any of its tables.</summary>
/// <param name="file">Name of the results' page.</param>
internal sealed class DocumentTables(string file)
{
    /// <summary>Those of <c>compare</c>.</summary>
    public static DocumentTables Comparison { get; } = new("comparison.md");

    /// <summary>Those of <c>small</c>.</summary>
    public static DocumentTables SmallImages { get; } = new("small-images.md");

    private const string End = "<!-- end of rows -->";

    /// <summary>The pages with such tables, from the repository's root.</summary>
    public static IReadOnlyList<string> Documents { get; } = ["README.md", "docs/performance.md"];

    /// <summary>The folders of results that a page shows rows of.</summary>
    public IReadOnlyList<string> Folders(string text) =>
    [
        .. text.Split(" of bench/results/").Skip(1).Select(part => part.Split('/'))
            .Where(p => p.Length > 1 && p[1].StartsWith($"{file} -->", StringComparison.Ordinal)).Select(p => p[0]).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>The rows of a page that are not in the results as they stand; none where it is up to date.</summary>
    public IReadOnlyList<string> Stale(string text, string folder, string tables) =>
        [.. Rows(text, folder).Where(r => !tables.Split('\n').Contains(r, StringComparer.Ordinal))];

    /// <summary>Puts the newly measured first table in its place, and chosen rows in the place of those of the same network, engine and third
    /// column.</summary>
    public string Refresh(string text, string folder, string tables)
    {
        Dictionary<string, string> measured = Lines(tables).GroupBy(Key).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        string first = string.Concat(tables.Split('\n').SkipWhile(l => !l.StartsWith('|')).TakeWhile(l => l.StartsWith('|')).Select(l => l + "\n"));
        text = Replace(text, Begin("choices", folder), _ => first);
        return Replace(text, Begin("rows", folder), rows => string.Concat(Lines(rows).Select(r => measured.GetValueOrDefault(Key(r), r) + "\n")));
    }

    /// <summary>The lines of a page's tables of a folder's rows.</summary>
    public IReadOnlyList<string> Rows(string text, string folder)
    {
        var found = new List<string>();
        foreach (string kind in (string[])["choices", "rows"])
        {
            Replace(text, Begin(kind, folder), rows =>
            {
                found.AddRange(Lines(rows));
                return rows;
            });
        }

        return found;
    }

    private string Begin(string kind, string folder) => $"<!-- {kind} of bench/results/{folder}/{file} -->\n";

    // What stands between a beginning and the next end, everywhere.
    private static string Replace(string text, string begin, Func<string, string> with)
    {
        string[] parts = text.Split(begin);
        return string.Join(begin, parts.Select((part, i) =>
        {
            int end = i == 0 ? -1 : part.IndexOf(End, StringComparison.Ordinal);
            return end < 0 ? part : with(part[..end]) + part[end..];
        }));
    }

    private static IEnumerable<string> Lines(string tables) => tables.Split('\n').Where(l => l.StartsWith('|'));

    private static string Key(string row) => string.Join('|', row.Split('|').Take(4));
}
