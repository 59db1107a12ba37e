using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;

namespace EdgeVit.Bench;

/// <summary>The outcome of a comparison: what was measured, where, by which versions, and which goals it reaches.</summary>
/// <param name="Board">The machine.</param>
/// <param name="Versions">Name and version of each program that takes part.</param>
/// <param name="Commit">What was measured, with a word when files differ from it.</param>
/// <param name="Command">The command line.</param>
/// <param name="Date">When.</param>
/// <param name="Times">All contestants.</param>
/// <param name="Cold">Load and memory of the command; null where it is not built.</param>
/// <param name="Choices">What a user would pick among; none where starts were not measured.</param>
internal sealed record ComparisonReport(
    BoardInfo Board, IReadOnlyList<(string Name, string Version)> Versions, string Commit, string Command, DateTimeOffset Date,
    IReadOnlyList<ContestantTimes> Times, ColdStart? Cold, IReadOnlyList<Choice> Choices)
{
    /// <summary>What must be reached.</summary>
    public IReadOnlyList<Goal> Goals { get; } = Goal.Of(Times, Cold);

    /// <summary>Peak memory of the measuring program without a model; 0 where it was not measured.</summary>
    public long EmptyProcessBytes { get; init; }

    /// <summary>Name of the processor as a folder: lower case, digits and hyphens.</summary>
    public string Folder => ResultPlace.Folder(Board);

    /// <summary>The table of latencies, GitHub's Markdown.</summary>
    public string LatencyTable()
    {
        var text = new StringBuilder("| network | engine | threads | median | fastest run | rounds |\n|---|---|---:|---:|---:|---:|\n");
        foreach (ContestantTimes t in Times)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"| {t.Contestant.Name} | {t.Contestant.Engine} | {t.Contestant.Threads} | {Goal.Text(t.Median)} ms | {Goal.Text(t.Minimum)} ms | {t.Rounds.Count} |\n");
        }

        return text.ToString();
    }

    /// <summary>The table of goals, GitHub's Markdown.</summary>
    public string GoalTable()
    {
        var text = new StringBuilder("| goal | measured | needed | reached |\n|---|---:|---:|---|\n");
        foreach (Goal g in Goals)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {g.What} | {g.Value} | {g.Needed} | {(g.Met ? "yes" : "no")} |\n");
        }

        return text.ToString();
    }

    /// <summary>The whole report for people.</summary>
    public string ToMarkdown() => $"""
        # {Board.Cpu}

        {Board.Model}, {Board.Cores} cores, {string.Join(" ", Board.Features)}; {Board.OperatingSystem}, Linux {Board.Kernel}.
        {string.Join(", ", Versions.Select(v => $"{v.Name} {v.Version}"))}. Measured {Date.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC at commit {Commit} by `{Command}`.

        Batch 1, random weights, float image in, logits out, turn by turn in one process. A median is that of the rounds' medians; a ratio is
        the median of the ratios within rounds, with the range of four fifths of them. The first table has one thread; top-1 is what the authors
        published for trained weights, and none is published for most networks in int8. From the file to the first output, and peak memory: medians
        of fresh processes of the same .NET program, in which libraries are loaded, code is compiled and graphs are optimised; that program alone
        has {Choice.Megabytes(EmptyProcessBytes)} at its peak. The native command has no .NET beside it; its memory is that after the first output.

        {Tables()}
        """;

    /// <summary>All tables.</summary>
    public string Tables() => $"{Choice.Table(Choices)}\n{LatencyTable()}\n{GoalTable()}";

    /// <summary>The whole report for programs.</summary>
    public JsonObject ToJson() => new()
    {
        ["schema"] = 1,
        ["date"] = Date.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        ["commit"] = Commit,
        ["command"] = Command,
        ["machine"] = ResultPlace.Machine(Board),
        ["versions"] = new JsonObject(Versions.Select(v => KeyValuePair.Create(v.Name, (JsonNode?)v.Version))),
        ["contestants"] = new JsonArray([.. Times.Select(t => (JsonNode)new JsonObject
        {
            ["name"] = t.Contestant.Name,
            ["engine"] = t.Contestant.Engine,
            ["threads"] = t.Contestant.Threads,
            ["median_ms"] = Goal.Rounded(t.Median),
            ["p10_ms"] = Goal.Rounded(Spread.Of(t.Rounds).Low),
            ["p90_ms"] = Goal.Rounded(Spread.Of(t.Rounds).High),
            ["min_ms"] = Goal.Rounded(t.Minimum),
            ["rounds"] = t.Rounds.Count,
            ["runs"] = t.Runs,
        })]),
        ["choices"] = new JsonArray([.. Choices.Select(c => (JsonNode)c.ToJson())]),
        ["empty_process_peak_bytes"] = EmptyProcessBytes,
        ["goals"] = new JsonArray([.. Goals.Select(g => (JsonNode)new JsonObject
        {
            ["goal"] = g.What,
            ["measured"] = Goal.Rounded(g.Measured),
            ["p10"] = g.Spread is { } low ? Goal.Rounded(low.Low) : null,
            ["p90"] = g.Spread is { } high ? Goal.Rounded(high.High) : null,
            ["needed"] = g.Needed,
            ["met"] = g.Met,
        })]),
        ["cold"] = Cold is null ? null : new JsonObject
        {
            ["load_and_first_ms"] = Goal.Rounded(Cold.LoadAndFirstMs.Median),
            ["run_process_ms"] = Goal.Rounded(Cold.WallMs.Median),
            ["rss_bytes"] = Cold.ResidentBytes,
            ["arena_bytes"] = Cold.ArenaBytes,
            ["weight_bytes"] = Cold.WeightBytes,
        },
    };
}
