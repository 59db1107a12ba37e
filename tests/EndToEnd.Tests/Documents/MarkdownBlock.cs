namespace EdgeVit.EndToEnd.Tests;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page's path from the root.</param>
/// <param name="Line">The line of the opening fence, from 1.</param>
/// <param name="Info">The words behind the fence: a language, then marks that no page shows; empty for none.</param>
/// <param name="Lines">What stands between the fences.</param>
internal sealed record MarkdownBlock(string Page, int Line, IReadOnlyList<string> Info, IReadOnlyList<string> Lines)
{
    private const string Fence = "```";

    public string Place => $"{Page}:{Line}";

    public string Text => string.Join('\n', Lines);

    public string Language => Info.Count > 0 ? Info[0] : "";

    /// <summary>All pages of the repository, by their paths from the root.</summary>
    public static IReadOnlyList<string> Pages { get; } = [.. Directory.EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Repository.Root, f)).Where(f => !f.StartsWith("artifacts", StringComparison.Ordinal) && !f.StartsWith("runs", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The blocks of a page, in order.</summary>
    public static IReadOnlyList<MarkdownBlock> Read(string page)
    {
        string[] lines = Repository.Read(page).Split('\n');
        var blocks = new List<MarkdownBlock>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimStart().StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            int end = Array.FindIndex(lines, i + 1, l => l.Trim() == Fence);
            Assert.True(end > 0, $"{page}:{i + 1}: the block has no end");
            blocks.Add(new MarkdownBlock(page, i + 1, lines[i].Trim()[Fence.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries), lines[(i + 1)..end]));
            i = end;
        }

        return blocks;
    }
}
