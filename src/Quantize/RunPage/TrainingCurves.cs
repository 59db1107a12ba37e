using System.Globalization;
using System.Text;
using EdgeVit.Export.Charts;

namespace EdgeVit.Quantize;

/// <summary>Draws <c>metrics.csv</c> for a run's page.</summary>
internal static class TrainingCurves
{
    private sealed record Chart(string Column, string Title, string Note, string Colour, string Unit = "", bool Dots = false);

    private static readonly Chart[] s_charts =
    [
        new("loss", "Loss", "mean since the last report", "one"),
        new("top1", "Validation top-1", "per cent, images that are not learnt from", "two", " %", Dots: true),
        new("learning_rate", "Learning rate", "", "two"),
        new("gradient_norm", "Gradient norm", "before clipping", "one"),
        new("images_per_second", "Images per second", "evaluations apart", "two"),
        new("data_wait", "Waiting for images", "per cent of the training time", "one", " %"),
        new("sign_flips", "Sign flips", "per cent of the binary weights in an epoch", "two", " %", Dots: true),
        new("dead_channels", "Dead channels", "per cent with one sign for all images, mean over layers", "one", " %", Dots: true),
        new("attention_stuck", "Stuck attention", "per cent of queries with bits all 1 or all 0", "one", " %", Dots: true),
    ];

    /// <summary>A section for each phase, as well-formed XHTML.</summary>
    /// <param name="metrics">The lines of <c>metrics.csv</c>, the header first. Lines of another length, such as one cut off, are left out.</param>
    public static string Draw(IEnumerable<string> metrics)
    {
        string[][] rows = [.. metrics.Select(line => line.Split(','))];
        var phases = new StringBuilder();
        if (rows.Length > 0)
        {
            foreach (IGrouping<string, string[]> phase in rows.Skip(1).Where(r => r.Length == rows[0].Length).GroupBy(r => r[0]))
            {
                AppendPhase(phases, phase.Key, rows[0], [.. phase]);
            }
        }

        return phases.ToString();
    }

    private static void AppendPhase(StringBuilder page, string name, string[] header, string[][] rows)
    {
        double[] Column(string column) => Array.IndexOf(header, column) is >= 0 and int at ? [.. rows.Select(r => Number(r[at]))] : [];
        double[] steps = Column("step");
        double Last(string column) => Column(column).LastOrDefault(double.IsFinite, double.NaN);

        page.Append(CultureInfo.InvariantCulture, $"<section>\n<h2>{Svg.Escape(name)}</h2>\n<ul class=\"facts\">\n");
        AppendFact(page, "steps", Text(Last("step"), v => v.ToString("#,0", CultureInfo.InvariantCulture)));
        AppendFact(page, "epochs", Text(Last("epoch"), v => v.ToString("0.00", CultureInfo.InvariantCulture)));
        AppendFact(page, "best validation top-1", Text(Column("top1").Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max(), v => v.ToString("0.00 '%'", CultureInfo.InvariantCulture)));
        AppendFact(page, "time", Text(Last("seconds"), Duration));
        page.Append("</ul>\n<div class=\"grid\">\n");
        foreach (Chart chart in s_charts)
        {
            (double X, double Y)[] values = [.. steps.Zip(Column(chart.Column)).Where(v => double.IsFinite(v.First) && double.IsFinite(v.Second))];
            if (values.Length == 0)
            {
                continue;
            }

            page.Append(CultureInfo.InvariantCulture, $"<figure>\n<figcaption>{chart.Title} <b class=\"{chart.Colour}\">{LineChart.Short(values[^1].Y)}{chart.Unit}</b><small>{chart.Note}</small></figcaption>\n");
            page.Append(LineChart.ToSvg($"{chart.Title}, {name}", "step", new ChartLine(chart.Title, chart.Colour, values, chart.Dots))).Append("\n</figure>\n");
        }
        page.Append("</div>\n</section>\n");
    }

    private static void AppendFact(StringBuilder page, string label, string value) =>
        page.Append(CultureInfo.InvariantCulture, $"<li><span class=\"sub\">{label}</span> <b>{value}</b></li>\n");

    private static string Text(double value, Func<double, string> format) => double.IsFinite(value) ? format(value) : "–";

    private static string Duration(double seconds)
    {
        long whole = (long)Math.Round(Math.Clamp(seconds, 0, 1e12));
        return whole >= 3600 ? $"{whole / 3600} h {whole % 3600 / 60} min" : whole >= 60 ? $"{whole / 60} min {whole % 60} s" : $"{whole} s";
    }

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN;
}
