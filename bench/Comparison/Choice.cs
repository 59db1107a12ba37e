using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Cli;

namespace EdgeVit.Bench;

/// <summary>A network that a user may pick for ImageNet, with all that decides about it.</summary>
/// <param name="Name">Network and precision.</param>
/// <param name="Engine">What runs it.</param>
/// <param name="Published">Its accuracy.</param>
/// <param name="Median">Of an image on one thread, milliseconds; null where rounds do not time it.</param>
/// <param name="Ratio">Its time by that of EdgeVit's first choice within rounds: below 1 is faster.</param>
/// <param name="First">File, start and memory.</param>
internal sealed record Choice(string Name, string Engine, PublishedAccuracy Published, double? Median, Spread? Ratio, FirstOutput First)
{
    /// <summary>The table, GitHub's Markdown.</summary>
    public static string Table(IEnumerable<Choice> choices)
    {
        var text = new StringBuilder("| network | engine | ImageNet top-1 | median | time by EdgeVit's | file | file to first output | peak memory |\n");
        text.Append("|---|---|---:|---:|---:|---:|---:|---:|\n");
        foreach (Choice c in choices)
        {
            string median = c.Median is { } ms ? $"{Goal.Text(ms)} ms" : "–", ratio = c.Ratio is { } r ? $"{Goal.Text(r.Median)}x" : "–";
            string start = $"{Megabytes(c.First.FileBytes)} | {Goal.Text(c.First.Milliseconds.Median)} ms | {Megabytes(c.First.PeakBytes)}";
            text.Append(CultureInfo.InvariantCulture, $"| {c.Name} | {c.Engine} | {c.Published.Text} | {median} | {ratio} | {start} |\n");
        }

        return text.ToString();
    }

    /// <summary>For programs.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["engine"] = Engine,
        ["top1"] = Published.Top1,
        ["top1_source"] = Published.Source,
        ["median_ms"] = Rounded(Median),
        ["ratio"] = Rounded(Ratio?.Median),
        ["ratio_p10"] = Rounded(Ratio?.Low),
        ["ratio_p90"] = Rounded(Ratio?.High),
        ["file_bytes"] = First.FileBytes,
        ["first_output_ms"] = Rounded(First.Milliseconds.Median),
        ["peak_bytes"] = First.PeakBytes,
    };

    /// <summary>Millions of bytes.</summary>
    public static string Megabytes(double bytes) => $"{Goal.Text(bytes / 1e6)} MB";

    private static double? Rounded(double? value) => value is { } number ? Goal.Rounded(number) : null;
}
