using System.Text;

namespace EdgeVit.Cli;

/// <summary>Writes a report as one HTML page that needs nothing else: no script, no font, no picture, no network. Every text is escaped, and the
/// page forbids itself to load anything.</summary>
internal static class HtmlPage
{
    public static string Write(IReadOnlyList<ReportBlock> blocks)
    {
        Heading[] headings = [.. blocks.OfType<Heading>()];
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append("<meta http-equiv=\"Content-Security-Policy\" "
            + "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"generator\" content=\"edgevit report\">\n");
        // An icon of its own, or a browser asks the server for one.
        html.Append("<link rel=\"icon\" href=\"data:,\">\n");
        html.Append($"<title>{Svg.Escape(headings[0].Text)}</title>\n<style>\n{PageStyle.Css}</style>\n</head>\n<body>\n");
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
