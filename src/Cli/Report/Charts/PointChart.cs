using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>Points of one colour, as a line or apart; each says something under the pointer.</summary>
/// <param name="Colour">1 to 6, of the page's style.</param>
/// <param name="Joined">Whether a line leads through them.</param>
/// <param name="Points">Where they are.</param>
internal sealed record PointSeries(int Colour, bool Joined, IReadOnlyList<(double X, double Y, string Says)> Points);

/// <summary>Points over a number.</summary>
internal static class PointChart
{
    private const double Height = 210;

    public static string ToSvg(string title, string description, string abscissa, ChartScale x, ChartScale y, params IReadOnlyList<PointSeries> series)
    {
        var svg = new Svg(title, description, Height);
        var frame = new ChartFrame(svg, x, y, abscissa, Height, 12);
        foreach (PointSeries points in series)
        {
            if (points.Joined && points.Points.Count > 1)
            {
                svg.Path($"line l{points.Colour}", points.Points.Select(p => (frame.X(p.X), frame.Y(p.Y))));
            }

            foreach ((double px, double py, string says) in points.Points)
            {
                svg.Dot($"c{points.Colour}", frame.X(px), frame.Y(py), points.Joined ? 2.5 : 3.5, says);
            }
        }

        return svg.End();
    }
}
