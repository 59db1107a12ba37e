using System.Globalization;
using EdgeVit.Export.Charts;

namespace EdgeVit.Quantize;

/// <summary>One line of a chart.</summary>
/// <param name="Name">Its name in the legend and for screen readers.</param>
/// <param name="Colour">The class of its elements, which the page's style gives a colour.</param>
/// <param name="Values">The values, x ascending. Pairs with a number that is not finite, or beyond <see cref="LineChart.Limit"/>, are left out; the line goes on over them.</param>
/// <param name="Dots">Whether every value gets a dot; a line of one value always does.</param>
internal sealed record ChartLine(string Name, string Colour, IReadOnlyList<(double X, double Y)> Values, bool Dots = false);

/// <summary>Draws lines over numbered axes as an SVG element for an HTML page, whose style gives the colours: well-formed XML without scripts, ids or
/// references, so that any number of charts fit one page.</summary>
internal static class LineChart
{
    /// <summary>Numbers farther from zero than this are not drawn: differences of two could overflow.</summary>
    internal const double Limit = 1e300;

    /// <summary>Width and height of the drawing; the page may scale it.</summary>
    internal const double Width = Svg.Width, Height = 200;

    // Below the middle of a line of text, its base.
    private const double Middle = 3.85;

    private const double DigitWidth = 7, Top = 10, LegendHeight = 18, Bottom = 38, Right = 12;
    private const int MostHovers = 60;

    /// <summary>The chart as one <c>svg</c> element.</summary>
    /// <param name="abscissa">What x counts.</param>
    /// <param name="lines">At least one line; with two or more there is a legend.</param>
    internal static string ToSvg(string title, string abscissa, params ReadOnlySpan<ChartLine> lines)
    {
        var drawn = new List<(ChartLine Line, (double X, double Y)[] Values)>();
        foreach (ChartLine line in lines)
        {
            drawn.Add((line, [.. line.Values.Where(v => Math.Abs(v.X) <= Limit && Math.Abs(v.Y) <= Limit)]));
        }

        bool empty = drawn.All(d => d.Values.Length == 0);
        (double X, double Y)[] all = empty ? [(0, 0)] : [.. drawn.SelectMany(d => d.Values)];

        double top = Top + (drawn.Count > 1 ? LegendHeight : 0);
        ChartAxis y = ChartAxis.Rounded(all.Min(v => v.Y), all.Max(v => v.Y), 5);
        double left = 10 + (DigitWidth * y.Ticks.Max(t => y.Label(t).Length));
        ChartAxis x = ChartAxis.Fitted(all.Min(v => v.X), all.Max(v => v.X), all.All(v => double.IsInteger(v.X)), (Width - left - Right) / DigitWidth);
        double AtX(double v) => left + ((v - x.From) / (x.To - x.From) * (Width - left - Right));
        double AtY(double v) => Height - Bottom - ((v - y.From) / (y.To - y.From) * (Height - Bottom - top));

        var svg = new Svg(title, Describe(abscissa, drawn), Height);
        svg.Open("ticks");
        foreach (double tick in y.Ticks)
        {
            svg.Line("tick", left, AtY(tick), Width - Right, AtY(tick));
            svg.Text(left - 6, AtY(tick) + Middle, "end", y.Label(tick), "y");
        }

        foreach (double tick in x.Ticks)
        {
            double at = AtX(tick), half = DigitWidth * x.Label(tick).Length / 2;
            svg.Line("tick", at, Height - Bottom, at, Height - Bottom + 4);
            (double edge, string anchor) = at + half > Width ? (Width, "end") : (at, "middle");
            svg.Text(edge, Height - Bottom + 16, anchor, x.Label(tick), "x");
        }

        svg.Text((left + Width - Right) / 2, Height - 5, "middle", abscissa);
        if (empty)
        {
            svg.Text((left + Width - Right) / 2, (top + Height - Bottom) / 2, "middle", "no values");
        }

        svg.Close();
        double legend = left;
        foreach ((ChartLine line, (double X, double Y)[] values) in drawn)
        {
            svg.Open(line.Colour);
            if (drawn.Count > 1)
            {
                svg.Line("line", legend, 12, legend + 14, 12);
                svg.Text(legend + 18, 16, "start", line.Name, "name");
                legend += 32 + (DigitWidth * line.Name.Length);
            }

            Draw(svg, abscissa, line, values, [.. values.Select(v => (AtX(v.X), AtY(v.Y)))]);
            svg.Close();
        }

        return svg.End();
    }

    private static void Draw(Svg svg, string abscissa, ChartLine line, (double X, double Y)[] values, (double X, double Y)[] pixels)
    {
        if (pixels.Length > 1)
        {
            svg.Path("line", Thin(pixels));
        }

        if (pixels.Length == 1 || line.Dots)
        {
            svg.Points("dots", pixels);
        }

        // Places that tell their value under the pointer: the last one, and evenly before it.
        int apart = ((values.Length - 1) / MostHovers) + 1;
        for (int i = values.Length - 1; i >= 0; i -= apart)
        {
            svg.Dot("told", pixels[i].X, pixels[i].Y, 6, string.Create(CultureInfo.InvariantCulture, $"{abscissa} {values[i].X:#,0.##}: {Short(values[i].Y)}"));
        }
    }

    /// <summary>A number for people: four digits or so, an exponent where it is very large or small.</summary>
    internal static string Short(double value) =>
        value == 0 ? "0"
        : Math.Abs(value) is >= 1e6 or < 1e-3 ? value.ToString("0.##e0", CultureInfo.InvariantCulture)
        : value.ToString(Math.Abs(value) >= 1000 ? "#,0" : Math.Abs(value) >= 10 ? "0.##" : "0.####", CultureInfo.InvariantCulture);

    private static string Describe(string abscissa, List<(ChartLine Line, (double X, double Y)[] Values)> drawn) =>
        string.Join(' ', drawn.Select(d => d.Values.Length == 0
            ? $"{d.Line.Name}: no values."
            : string.Create(CultureInfo.InvariantCulture, $"{d.Line.Name}: {d.Values.Length:#,0} values over {abscissa} {d.Values[0].X:#,0.##} to {d.Values[^1].X:#,0.##}, "
                + $"from {Short(d.Values[0].Y)} to {Short(d.Values[^1].Y)}, lowest {Short(d.Values.Min(v => v.Y))}, highest {Short(d.Values.Max(v => v.Y))}.")));

    /// <summary>Of the values in one column of pixels those that can be seen: the first, the lowest, the highest and the last.</summary>
    private static IEnumerable<(double X, double Y)> Thin((double X, double Y)[] pixels)
    {
        for (int from = 0, to; from < pixels.Length; from = to)
        {
            for (to = from + 1; to < pixels.Length && Math.Floor(pixels[to].X) == Math.Floor(pixels[from].X);)
            {
                to++;
            }

            int lowest = from, highest = from;
            for (int i = from; i < to; i++)
            {
                lowest = pixels[i].Y > pixels[lowest].Y ? i : lowest;
                highest = pixels[i].Y < pixels[highest].Y ? i : highest;
            }
            foreach (int i in new SortedSet<int> { from, lowest, highest, to - 1 })
            {
                yield return pixels[i];
            }
        }
    }
}
