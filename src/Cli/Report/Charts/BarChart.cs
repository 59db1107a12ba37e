using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>A bar of a chart: what it stands for, how long it is, and the value in words.</summary>
internal sealed record NamedBar(string Name, double Value, string Says, string Style = "c1");

/// <summary>Horizontal bars, each below its name, so that long names fit a phone.</summary>
internal static class BarChart
{
    private const double RowHeight = 30;

    public static string ToSvg(string title, IReadOnlyList<NamedBar> bars)
    {
        double most = Math.Max(bars.Max(b => b.Value), 1e-12);
        var svg = new Svg(title, string.Join("; ", bars.Select(b => $"{b.Name}: {b.Says}")), (RowHeight * bars.Count) + 4);
        for (int i = 0; i < bars.Count; i++)
        {
            NamedBar bar = bars[i];
            double y = RowHeight * i;
            int room = (int)((Svg.Width - 16) / Svg.DigitWidth) - bar.Says.Length - 2;
            svg.Text(2, y + 13, "start", Svg.Shortened(bar.Name, Math.Max(room, 8)));
            svg.Text(Svg.Width - 4, y + 13, "end", bar.Says, "name");
            svg.Bar(bar.Style, 2, y + 18, Math.Max(1, bar.Value / most * (Svg.Width - 6)), 9, $"{bar.Name}: {bar.Says}");
        }
        return svg.End();
    }
}
