using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace EdgeVit.Quantize;

/// <summary>Draws <c>metrics.csv</c> as one HTML page that needs nothing else: the chart library is inlined.</summary>
public static class TrainingCurves
{
    private const string Page = "curves.html";
    private const string Script = "uPlot.iife.min.js";
    private const string Style = "uPlot.min.css";

    private static readonly (string Key, string Column)[] s_columns =
    [
        ("step", "step"), ("epoch", "epoch"), ("rate", "learning_rate"), ("loss", "loss"), ("norm", "gradient_norm"), ("top1", "top1"),
        ("speed", "images_per_second"), ("seconds", "seconds"), ("wait", "data_wait"), ("dead", "dead_channels"), ("stuck", "attention_stuck"), ("flips", "sign_flips"),
    ];

    /// <summary>Whether this build holds the chart library; <c>setup.sh</c> fetches it.</summary>
    public static bool IsAvailable { get; } = typeof(TrainingCurves).Assembly.GetManifestResourceInfo(Script) is not null;

    /// <summary>The page.</summary>
    /// <param name="metrics">The lines of <c>metrics.csv</c>, the header first.</param>
    /// <param name="title">What was trained, one line.</param>
    /// <exception cref="InvalidOperationException">The build does not hold the chart library.</exception>
    public static string Draw(IEnumerable<string> metrics, string title)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        if (!IsAvailable)
            throw new InvalidOperationException("This build holds no chart library.");
        string[][] rows = [.. metrics.Select(line => line.Split(','))];
        string[] header = rows[0];
        var stages = new JsonArray();
        foreach (IGrouping<string, string[]> stage in rows.Skip(1).Where(r => r.Length == header.Length).GroupBy(r => r[0]))
        {
            var json = new JsonObject { ["name"] = stage.Key };
            foreach ((string key, string column) in s_columns)
            {
                int at = Array.IndexOf(header, column);
                json[key] = new JsonArray([.. stage.Select(row => Number(row[at]))]);
            }
            stages.Add(json);
        }

        // A closing tag within the data would end the script.
        string data = new JsonObject { ["title"] = title, ["stages"] = stages }.ToJsonString().Replace("</", "<\\/", StringComparison.Ordinal);
        return Resource(Page)
            .Replace("{{library.css}}", Resource(Style), StringComparison.Ordinal)
            .Replace("{{library.js}}", Resource(Script), StringComparison.Ordinal)
            .Replace("{{data}}", data, StringComparison.Ordinal);
    }

    private static JsonValue? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? JsonValue.Create(value) : null;

    private static string Resource(string name)
    {
        using Stream stream = typeof(TrainingCurves).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
