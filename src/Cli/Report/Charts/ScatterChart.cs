using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>A point of a scatter chart with what stands beside it.</summary>
internal sealed record NamedPoint(string Mark, double X, double Y, string Says, string Style);

/// <summary>Accuracy over latency, or another cost. Costs span decades, so their axis is logarithmic.</summary>
internal static class ScatterChart
{
    private const double Height = 290, Top = 30, Radius = 4;

    /// <summary>Draws points, and as vertical lines the costs whose accuracy is not known; the abscissa says what the cost is.</summary>
    public static string ToSvg(string title, IReadOnlyList<NamedPoint> points, IReadOnlyList<(string Mark, double X, string Says)> lines, string abscissa = "ms for one image (logarithmic)")
    {
        double[] x = [.. points.Select(p => p.X), .. lines.Select(l => l.X)];
        var svg = new Svg(title, string.Join("; ", points.Select(p => p.Says).Concat(lines.Select(l => l.Says))), Height);
        var frame = new ChartFrame(
            svg, ChartScale.Logarithmic(x.Min() * 0.9, x.Max() * 1.1), ChartScale.Linear(points.Min(p => p.Y), points.Max(p => p.Y), 5),
            abscissa, Height, Top);
        Lines(svg, frame, lines);

        // Dots keep their places; each name takes the first place around its dot that is still free.
        List<(double X, double Y, double Width, double Height)> taken =
            [.. points.Select(p => (frame.X(p.X) - Radius, frame.Y(p.Y) - Radius, 2 * Radius, 2 * Radius))];
        foreach (NamedPoint point in points)
        {
            double atX = frame.X(point.X), atY = frame.Y(point.Y), width = (Svg.DigitWidth * point.Mark.Length) + 1;
            (double X, double Y)[] places =
            [
                (atX + 6, atY + 4), (atX - 6 - width, atY + 4), (atX - (width / 2), atY - 6), (atX - (width / 2), atY + 14),
                (atX + 6, atY - 5), (atX + 6, atY + 13), (atX - 6 - width, atY - 5), (atX - 6 - width, atY + 13),
            ];
            (double X, double Y) place = places.FirstOrDefault(p =>
                p.X >= frame.Left && p.X + width <= Svg.Width && !taken.Exists(t => Overlap((p.X, p.Y - 9, width, 10), t)), places[0]);
            taken.Add((place.X, place.Y - 9, width, 10));
            svg.Dot(point.Style, atX, atY, Radius, point.Says);
            svg.Text(place.X, place.Y, "start", point.Mark, "name");
        }
        return svg.End();
    }

    // Names of lines that lie close to each other stand in one text.
    private static void Lines(Svg svg, ChartFrame frame, IReadOnlyList<(string Mark, double X, string Says)> lines)
    {
        (string Mark, double X, string Says)[] ascending = [.. lines.OrderBy(l => l.X)];
        for (int from = 0, to; from < ascending.Length; from = to)
        {
            string text = ascending[from].Mark;
            double first = frame.X(ascending[from].X);
            for (to = from; to < ascending.Length && frame.X(ascending[to].X) < first + (Svg.DigitWidth * text.Length) + 6; to++)
            {
                text = to == from ? text : $"{text} {ascending[to].Mark}";
                svg.Line("mark", frame.X(ascending[to].X), Top - 6, frame.X(ascending[to].X), frame.Floor);
                svg.Dot("c2", frame.X(ascending[to].X), Top - 6, 3, ascending[to].Says);
            }

            double width = Svg.DigitWidth * text.Length;
            svg.Text(Math.Clamp(first - 6, 2, Math.Max(2, Svg.Width - width - 2)), Top - 14, "start", text, "name");
        }
    }

    private static bool Overlap((double X, double Y, double Width, double Height) a, (double X, double Y, double Width, double Height) b) =>
        a.X < b.X + b.Width && b.X < a.X + a.Width && a.Y < b.Y + b.Height && b.Y < a.Y + a.Height;
}
