using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>How often each latency was seen, with the percentiles as lines.</summary>
internal static class HistogramChart
{
    private const double Height = 220, Top = 38;

    /// <summary>Draws buckets by their lower ends and counts, at least two, ascending and equally wide, and marks as lines with names, ascending.</summary>
    public static string ToSvg(string title, IReadOnlyList<(double From, double Count)> buckets, IReadOnlyList<(string Name, double At)> marks)
    {
        double width = (buckets[^1].From - buckets[0].From) / (buckets.Count - 1);
        double low = buckets[0].From, high = buckets[^1].From + width, most = buckets.Max(b => b.Count);
        var svg = new Svg(
            title, $"{buckets.Count} bars from {Quantity.Milliseconds(low)} to {Quantity.Milliseconds(high)} ms; "
            + $"the highest holds {Quantity.Count(most)} runs. "
            + string.Join(", ", marks.Select(m => $"{m.Name} {Quantity.Milliseconds(m.At)} ms")), Height);
        var frame = new ChartFrame(svg, ChartScale.Linear(low, high, 5), ChartScale.Linear(0, Math.Max(most, 1), 4), "ms for one image", Height, Top);
        foreach ((double from, double count) in buckets)
        {
            svg.Bar("c1", frame.X(from), frame.Y(count), frame.X(from + width) - frame.X(from) - 1, frame.Floor - frame.Y(count),
                $"from {Quantity.Milliseconds(from)} ms: {Quantity.Count(count)} runs");
        }

        // Names that would lie on each other get a row of their own.
        double[] free = [.. marks.Select(_ => double.NegativeInfinity)];
        foreach ((string name, double at) in marks)
        {
            double x = frame.X(Math.Min(at, high)), text = Math.Min(x, Svg.Width - 14);
            svg.Line("mark", x, Top - 4, x, frame.Floor);
            int row = Array.FindIndex(free, f => text - 12 > f);
            svg.Text(text, Top - 7 - (11 * row), "middle", name, "name");
            free[row] = text + 12;
        }
        return svg.End();
    }
}
