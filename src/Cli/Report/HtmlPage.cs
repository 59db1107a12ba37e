using System.Security.Cryptography;
using System.Text;
using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>What a page has beyond a report's.</summary>
/// <param name="Generator">The command that wrote it.</param>
/// <param name="Css">Rules behind those of <see cref="PageStyle"/>.</param>
/// <param name="Script">The one script that may run, at the end of the page; empty for none.</param>
internal sealed record PageParts(string Generator, string Css = "", string Script = "")
{
    /// <summary>The mark of a page that a command has written.</summary>
    public string Mark => $"<meta name=\"generator\" content=\"{Generator}\">";
}

/// <summary>Writes a report as one HTML page that needs nothing else: no font, no network, and no script but the one that is given. Every text is escaped, and
/// the page forbids itself to load or run anything else.</summary>
internal static class HtmlPage
{
    private static readonly PageParts s_report = new("edgevit report");

    public static string Write(IReadOnlyList<ReportBlock> blocks, PageParts? parts = null)
    {
        parts ??= s_report;
        Heading[] headings = [.. blocks.OfType<Heading>()];
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        string script = parts.Script.Length == 0 ? "" : $" script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(parts.Script)))}';";
        html.Append("<meta http-equiv=\"Content-Security-Policy\" "
            + $"content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline';{script} base-uri 'none'; form-action 'none'\">\n");
        html.Append($"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{parts.Mark}\n");
        // An icon of its own, or a browser asks the server for one.
        html.Append("<link rel=\"icon\" href=\"data:,\">\n");
        html.Append($"<title>{Svg.Escape(headings[0].Text)}</title>\n<style>\n{PageStyle.Css}{parts.Css}</style>\n</head>\n<body>\n");
        foreach (ReportBlock block in blocks)
        {
            Write(html, block);
            if (block is Heading { Level: 1 })
            {
                html.Append("<nav aria-label=\"Sections\"><ul>\n");
                foreach (Heading heading in headings.Where(h => h.Anchor is not null))
                {
                    html.Append($"<li><a href=\"#{heading.Anchor}\">{Svg.Escape(heading.Text)}</a></li>\n");
                }

                html.Append("</ul></nav>\n");
            }
        }
        html.Append(parts.Script.Length == 0 ? "" : $"<script>{parts.Script}</script>\n");
        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void Write(StringBuilder html, ReportBlock block)
    {
        switch (block)
        {
            case Heading heading:
                string anchor = heading.Anchor is null ? "" : $" id=\"{heading.Anchor}\"";
                html.Append($"<h{heading.Level}{anchor}>{Svg.Escape(heading.Text)}</h{heading.Level}>\n");
                break;
            case Paragraph paragraph:
                html.Append($"<p>{Svg.Escape(paragraph.Text)}</p>\n");
                break;
            case Verdict verdict:
                html.Append($"<div class=\"verdict{(verdict.Valid ? " valid" : "")}\"><strong>{Svg.Escape(verdict.Text)}</strong>\n");
                Write(html, new Bullets(verdict.Reasons));
                html.Append("</div>\n");
                break;
            case Bullets { Lines.Count: > 0 } bullets:
                html.Append("<ul>\n").AppendJoin("", bullets.Lines.Select(l => $"<li>{Svg.Escape(l)}</li>\n")).Append("</ul>\n");
                break;
            case Tabular tabular:
                Write(html, tabular.Table);
                break;
            case Figure figure:
                html.Append($"<figure><figcaption>{Svg.Escape(figure.Caption)}</figcaption>\n{figure.Svg}\n");
                html.Append(figure.Facts.Length == 0 ? "</figure>\n" : $"<p>{Svg.Escape(figure.Facts)}</p></figure>\n");
                break;
            case Group { Blocks.Count: > 0 } group:
                html.Append("<div class=\"group\">\n");
                foreach (ReportBlock inner in group.Blocks)
                {
                    Write(html, inner);
                }

                html.Append("</div>\n");
                break;
            case HtmlPart part:
                html.Append(part.Html);
                break;
            default:
                break;
        }
    }

    private static void Write(StringBuilder html, TextTable table)
    {
        string caption = table.Title is null ? "" : $"<caption>{Svg.Escape(table.Title)}</caption>\n";
        if (!table.HasHeaders)
        {
            html.Append($"<table class=\"facts\">\n{caption}");
            foreach (IReadOnlyList<string> row in table.Rows)
            {
                html.Append($"<tr><th scope=\"row\">{Svg.Escape(row[0])}</th>")
                    .AppendJoin("", row.Skip(1).Select(c => $"<td>{Svg.Escape(c)}</td>")).Append("</tr>\n");
            }

            html.Append("</table>\n");
            return;
        }

        // Wider than a phone: it scrolls in itself, by keys too.
        html.Append($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Svg.Escape(table.Title ?? "table")}\"><table>\n{caption}<thead><tr>");
        html.AppendJoin("", table.Columns.Select(c => $"<th scope=\"col\"{Aligned(c.RightAligned)}>{Svg.Escape(c.Name)}</th>"))
            .Append("</tr></thead>\n<tbody>\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            html.Append("<tr>").AppendJoin("", row.Select((c, i) => $"<td{Aligned(table.Columns[i].RightAligned)}>{Svg.Escape(c)}</td>")).Append("</tr>\n");
        }

        html.Append("</tbody>\n</table></div>\n");
    }

    private static string Aligned(bool right) => right ? " class=\"n\"" : "";
}
