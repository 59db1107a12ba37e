using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>Values over seconds.</summary>
internal sealed record TimeLine(string Name, IReadOnlyList<(double Seconds, double Value)> Values);

/// <summary>Lines over time, one colour each.</summary>
internal static class TimeChart
{
    private const double Height = 190;
    private const int Colours = 6;
    private const int MostPoints = 600;

    /// <summary>Draws lines, at least one, each with at least one value.</summary>
    public static string ToSvg(string title, IReadOnlyList<TimeLine> lines)
    {
        (double Seconds, double Value)[] all = [.. lines.SelectMany(l => l.Values)];
        var svg = new Svg(title, string.Join("; ", lines.Select(Describe)), Height);
        double top = lines.Count > 1 ? 26 : 12;
        var frame = new ChartFrame(
            svg, ChartScale.Linear(0, all.Max(v => v.Seconds), 5), ChartScale.Linear(all.Min(v => v.Value), all.Max(v => v.Value), 4), "seconds", Height, top);
        double legend = frame.Left;
        for (int i = 0; i < lines.Count; i++)
        {
            int colour = (i % Colours) + 1;
            IReadOnlyList<(double Seconds, double Value)> values = Thinned(lines[i].Values);
            svg.Path($"line l{colour}", values.Select(v => (frame.X(v.Seconds), frame.Y(v.Value))));
            if (values.Count <= 60)
            {
                foreach ((double seconds, double value) in values)
                {
                    svg.Dot($"c{colour}", frame.X(seconds), frame.Y(value), 2,
                        $"{lines[i].Name}, {Quantity.Fixed(seconds, 1)} s: {Quantity.Milliseconds(value)}");
                }
            }

            if (lines.Count > 1)
            {
                svg.Line($"line l{colour}", legend, 10, legend + 12, 10);
                svg.Text(legend + 16, 14, "start", lines[i].Name, "name");
                legend += 26 + (Svg.DigitWidth * lines[i].Name.Length);
            }
        }
        return svg.End();
    }

    private static string Describe(TimeLine line) => $"{line.Name}: {line.Values.Count} values, first {Quantity.Milliseconds(line.Values[0].Value)}, "
        + $"last {Quantity.Milliseconds(line.Values[^1].Value)}, "
        + $"lowest {Quantity.Milliseconds(line.Values.Min(v => v.Value))}, highest {Quantity.Milliseconds(line.Values.Max(v => v.Value))}";

    // Of each stretch the lowest and the highest value, in their order: a spike is what a reader looks for.
    private static IReadOnlyList<(double Seconds, double Value)> Thinned(IReadOnlyList<(double Seconds, double Value)> values) =>
        values.Count <= MostPoints ? values
        : [.. values.Chunk((2 * values.Count / MostPoints) + 1)
            .SelectMany(c => new[] { c.MinBy(v => v.Value), c.MaxBy(v => v.Value) }.OrderBy(v => v.Seconds))];
}
