using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;

namespace EdgeVit.Bench;

/// <summary>A trained network on its test images.</summary>
/// <param name="Name">Network and precision.</param>
/// <param name="Engine">What runs it.</param>
/// <param name="BinaryMacs">Multiply-adds of bits for an image.</param>
/// <param name="FloatMacs">All others.</param>
/// <param name="Top1">Share of the test images.</param>
/// <param name="Times">Of an image on one thread.</param>
/// <param name="Ratio">Its time by that of the first row within rounds: below 1 is faster.</param>
/// <param name="First">File, start and memory.</param>
internal sealed record SmallImagesRow(string Name, string Engine, long BinaryMacs, long FloatMacs, double Top1, ContestantTimes Times, Spread Ratio, FirstOutput First)
{
    /// <summary>A line of the table.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture,
        $"| {Name} | {Engine} | {BinaryMacs / 1e6:F1} | {FloatMacs / 1e6:F1} | {100 * Top1:F2} % | {Goal.Text(Times.Median)} ms | {Goal.Text(Ratio.Median)}x | {Choice.Megabytes(First.FileBytes)} | {Goal.Text(First.Milliseconds.Median)} ms | {Choice.Megabytes(First.PeakBytes)} |");

    /// <summary>For programs.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["engine"] = Engine,
        ["binary_macs"] = BinaryMacs,
        ["float_macs"] = FloatMacs,
        ["top1"] = Goal.Rounded(Top1),
        ["median_ms"] = Goal.Rounded(Times.Median),
        ["min_ms"] = Goal.Rounded(Times.Minimum),
        ["rounds"] = Times.Rounds.Count,
        ["ratio"] = Goal.Rounded(Ratio.Median),
        ["ratio_p10"] = Goal.Rounded(Ratio.Low),
        ["ratio_p90"] = Goal.Rounded(Ratio.High),
        ["file_bytes"] = First.FileBytes,
        ["first_output_ms"] = Goal.Rounded(First.Milliseconds.Median),
        ["peak_bytes"] = First.PeakBytes,
    };
}

/// <summary>Students and float networks that were trained on the same small images, beside each other.</summary>
/// <param name="Board">The machine.</param>
/// <param name="Commit">What was measured.</param>
/// <param name="Command">The command line, without the folders of the files.</param>
/// <param name="Date">When.</param>
/// <param name="Images">Name and number of the test images.</param>
/// <param name="Calibrated">Training images that 8-bit ranges are of.</param>
/// <param name="Rows">The networks.</param>
internal sealed record SmallImagesReport(
    BoardInfo Board, string Commit, string Command, DateTimeOffset Date, (string Name, int Count) Images, int Calibrated, IReadOnlyList<SmallImagesRow> Rows)
{
    /// <summary>The table, GitHub's Markdown.</summary>
    public string Table()
    {
        var text = new StringBuilder("| network | engine | binary M | other M | top-1 | median | time by EdgeVit's | file | file to first output | peak memory |\n");
        text.Append("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (SmallImagesRow row in Rows)
        {
            text.Append(row.Text).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The report for people.</summary>
    public string ToMarkdown() => string.Create(CultureInfo.InvariantCulture, $"""
        # {Board.Cpu}: small images

        {Board.Model}, {Board.Cores} cores, {string.Join(" ", Board.Features)}; {Board.OperatingSystem}, Linux {Board.Kernel}.
        {string.Join(", ", ResultPlace.Versions.Select(v => $"{v.Name} {v.Version}"))}. Measured {Date:yyyy-MM-dd HH:mm} UTC at commit {Commit} by `{Command}`.

        Top-1 of {Images.Count:N0} images, {Images.Name}, which no training has seen, each network on the same bytes. The student is the packed file; floats are a checkpoint
        of `edgevit convert` as an ONNX graph with its norms folded, int8 the same as QDQ (GELU stays float), ranges from {Calibrated} training images. Times: batch 1, one thread, turn by
        turn in one process; multiply-adds in millions. Start and peak memory: medians of fresh .NET processes.

        {Table()}
        """);

    /// <summary>The report for programs.</summary>
    public JsonObject ToJson() => new()
    {
        ["schema"] = 1,
        ["date"] = Date.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        ["commit"] = Commit,
        ["command"] = Command,
        ["machine"] = ResultPlace.Machine(Board),
        ["versions"] = new JsonObject(ResultPlace.Versions.Select(v => KeyValuePair.Create(v.Name, (JsonNode?)v.Version))),
        ["images"] = Images.Name,
        ["count"] = Images.Count,
        ["calibrated"] = Calibrated,
        ["networks"] = new JsonArray([.. Rows.Select(r => (JsonNode)r.ToJson())]),
    };
}
