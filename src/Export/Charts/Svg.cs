using System.Globalization;
using System.Text;

namespace EdgeVit.Export.Charts;

/// <summary>The pieces that every chart is made of: one <c>svg</c> element, well-formed XML without scripts, ids or references, so that any number of charts fit one page,
/// whose style gives the colours by classes.</summary>
internal sealed class Svg
{
    /// <summary>Width of a drawing; a phone's column, so that its letters can be read there.</summary>
    public const double Width = 340;

    /// <summary>Widest letter that is expected of a digit.</summary>
    public const double DigitWidth = 6.2;

    private readonly StringBuilder _text = new();

    /// <summary>Begins a drawing; the title and the description are what a screen reader says.</summary>
    public Svg(string title, string description, double height)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {Width} {Pixel(height)}\" font-size=\"11\">\n");
        _text.Append(CultureInfo.InvariantCulture, $"<title>{Escape(title)}</title>\n<desc>{Escape(description)}</desc>\n");
    }

    public void Line(string style, double x1, double y1, double x2, double y2) =>
        _text.Append(CultureInfo.InvariantCulture, $"<path class=\"{style}\" d=\"M{Pixel(x1)} {Pixel(y1)}L{Pixel(x2)} {Pixel(y2)}\"/>\n");

    public void Path(string style, IEnumerable<(double X, double Y)> points) =>
        _text.Append(CultureInfo.InvariantCulture, $"<path class=\"{style}\" d=\"M{string.Join('L', points.Select(p => $"{Pixel(p.X)} {Pixel(p.Y)}"))}\"/>\n");

    /// <summary>Points that a style with a round, wide stroke shows as dots.</summary>
    public void Points(string style, IEnumerable<(double X, double Y)> points) =>
        _text.Append(CultureInfo.InvariantCulture, $"<path class=\"{style}\" d=\"{string.Concat(points.Select(p => $"M{Pixel(p.X)} {Pixel(p.Y)}h0"))}\"/>\n");

    /// <summary>Begins elements of one class.</summary>
    public void Open(string style) => _text.Append(CultureInfo.InvariantCulture, $"<g class=\"{Escape(style)}\">\n");

    /// <summary>Ends them.</summary>
    public void Close() => _text.Append("</g>\n");

    /// <summary>A filled rectangle that says something under the pointer.</summary>
    public void Bar(string style, double x, double y, double width, double height, string says) => _text.Append(CultureInfo.InvariantCulture,
        $"<rect class=\"{style}\" x=\"{Pixel(x)}\" y=\"{Pixel(y)}\" width=\"{Pixel(Math.Max(width, 0))}\" height=\"{Pixel(Math.Max(height, 0))}\">"
        + $"<title>{Escape(says)}</title></rect>\n");

    public void Dot(string style, double x, double y, double radius, string says) => _text.Append(CultureInfo.InvariantCulture,
        $"<circle class=\"{style}\" cx=\"{Pixel(x)}\" cy=\"{Pixel(y)}\" r=\"{Pixel(radius)}\"><title>{Escape(says)}</title></circle>\n");

    /// <summary>Writes a text whose start, middle or end lies at a point.</summary>
    public void Text(double x, double y, string anchor, string text, string style = "label") => _text.Append(CultureInfo.InvariantCulture,
        $"<text class=\"{style}\" x=\"{Pixel(x)}\" y=\"{Pixel(y)}\" text-anchor=\"{anchor}\">{Escape(text)}</text>\n");

    public string End() => _text.Append("</svg>").ToString();

    /// <summary>Text as content or attribute of HTML and XML: what neither may hold becomes U+FFFD, and what turns the direction of writing too.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                '\t' or '\n' or '\r' => escaped.Append(' '),
                < 0x20 or (>= 0x7f and < 0xa0) or (>= 0x202a and <= 0x202e) or (>= 0x2066 and <= 0x2069) or 0xfffe or 0xffff => escaped.Append('\ufffd'),
                _ => escaped.Append(rune.ToString()),
            };
        }

        return escaped.ToString();
    }

    /// <summary>Text with at most so many characters, the end of it replaced by three points.</summary>
    public static string Shortened(string text, int most) => text.Length <= most ? text : $"{text[..(most - 3)]}...";

    private static string Pixel(double v) => (Math.Round(v, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture);
}
