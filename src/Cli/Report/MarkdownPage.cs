using System.Text;
using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>Writes a report as Markdown with tables, for pull requests: the facts of the page without its drawings.</summary>
internal static class MarkdownPage
{
    public static string Write(IReadOnlyList<ReportBlock> blocks)
    {
        var text = new StringBuilder();
        foreach (ReportBlock block in blocks)
        {
            Write(text, block);
        }

        return text.Append($"\n{Replacement.MarkdownMark}\n").ToString();
    }

    private static void Write(StringBuilder text, ReportBlock block)
    {
        switch (block)
        {
            case Heading heading:
                text.Append(text.Length == 0 ? "" : "\n").Append('#', heading.Level).Append($" {Escape(heading.Text)}\n");
                break;
            case Paragraph paragraph:
                text.Append($"\n{Escape(paragraph.Text)}\n");
                break;
            case Verdict verdict:
                text.Append($"\n**{Escape(verdict.Text)}**\n");
                Write(text, new Bullets(verdict.Reasons));
                break;
            case Bullets { Lines.Count: > 0 } bullets:
                text.Append('\n').AppendJoin("", bullets.Lines.Select(l => $"* {Escape(l)}\n"));
                break;
            case Tabular tabular:
                Write(text, tabular.Table);
                break;
            case Figure { Facts.Length: > 0 } figure:
                text.Append($"\n{Escape(figure.Caption)}. {Escape(figure.Facts)}\n");
                break;
            case Group group:
                foreach (ReportBlock inner in group.Blocks)
                {
                    Write(text, inner);
                }

                break;
            default:
                break;
        }
    }

    private static void Write(StringBuilder text, TextTable table)
    {
        text.Append(table.Title is null ? "\n" : $"\n{Escape(table.Title)}:\n\n");
        text.Append("| ").AppendJoin(" | ", table.Columns.Select(c => Escape(c.Name))).Append(" |\n|");
        text.AppendJoin("|", table.Columns.Select(c => c.RightAligned ? "---:" : "---")).Append("|\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            text.Append("| ").AppendJoin(" | ", row.Select(Escape)).Append(" |\n");
        }
    }

    /// <summary>Text in which nothing is markup: no tag, link, table border or emphasis.</summary>
    internal static string Escape(string value)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (char c in Svg.Escape(value).Replace("&#39;", "'", StringComparison.Ordinal).Replace("&quot;", "\"", StringComparison.Ordinal))
        {
            if (c is '\\' or '`' or '*' or '_' or '[' or ']' or '|' or '#' or '~')
            {
                escaped.Append('\\');
            }

            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
