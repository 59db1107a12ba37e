namespace EdgeVit.Cli;

/// <summary>A point of a scatter chart with what stands beside it.</summary>
internal sealed record NamedPoint(string Mark, double X, double Y, string Says, string Style);

/// <summary>Accuracy over latency. The latencies span decades, so their axis is logarithmic.</summary>
internal static class ScatterChart
{
    private const double Height = 280;

    /// <summary>Draws points, and as vertical lines the latencies whose accuracy is not known.</summary>
    public static string ToSvg(string title, IReadOnlyList<NamedPoint> points, IReadOnlyList<(string Mark, double X, string Says)> lines)
    {
        double[] x = [.. points.Select(p => p.X), .. lines.Select(l => l.X)];
        var svg = new Svg(title, string.Join("; ", points.Select(p => p.Says).Concat(lines.Select(l => l.Says))), Height);
        var frame = new ChartFrame(svg, ChartScale.Logarithmic(x.Min() * 0.9, x.Max() * 1.1), ChartScale.Linear(points.Min(p => p.Y), points.Max(p => p.Y), 5), "ms for one image (logarithmic)", Height, 24);
        foreach ((string mark, double at, string says) in lines)
        {
            svg.Line("mark", frame.X(at), 18, frame.X(at), frame.Floor);
            svg.Dot("c2", frame.X(at), 18, 3, says);
            svg.Text(frame.X(at), 12, "middle", mark, "name");
        }

        foreach (NamedPoint point in points)
        {
            svg.Dot(point.Style, frame.X(point.X), frame.Y(point.Y), 4, point.Says);
            bool right = frame.X(point.X) + 8 + (Svg.DigitWidth * point.Mark.Length) < Svg.Width;
            svg.Text(frame.X(point.X) + (right ? 6 : -6), frame.Y(point.Y) + 4, right ? "start" : "end", point.Mark, "name");
        }
        return svg.End();
    }
}
