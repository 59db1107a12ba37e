using System.Text;
using EdgeVit.Export.Charts;

namespace EdgeVit.Quantize;

/// <summary>A run as one HTML page that needs nothing else, no script and no other file: its accuracy, once it has one, and its training curves.</summary>
internal static class RunPage
{
    /// <summary>The page.</summary>
    /// <param name="metrics">The lines of <c>metrics.csv</c>, the header first. Lines of another length, such as one cut off, are left out.</param>
    /// <param name="title">What was trained, one line.</param>
    /// <param name="accuracy">How good it is; null before that is known.</param>
    public static string Write(IEnumerable<string> metrics, string title, RunAccuracy? accuracy = null)
    {
        using Stream stream = typeof(RunPage).Assembly.GetManifestResourceStream("run-page.html")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string[] template = reader.ReadToEnd().Split(["{{title}}", "{{sections}}"], StringSplitOptions.None);
        return string.Concat([template[0], Svg.Escape(title), template[1], accuracy is null ? "" : AccuracySection.Draw(accuracy), TrainingCurves.Draw(metrics), template[2]]);
    }
}
