namespace EdgeVit.Cli;

/// <summary>A page about several runs: which of them gives the most accuracy for its size, its time, its operations.</summary>
internal static class RunsDocument
{
    private const string RunPage = "report.html";

    /// <summary>One of the costs that accuracy is drawn over.</summary>
    private sealed record Cost(string Name, string Unit, Func<RunResult, double?> Of);

    /// <summary>Writes about runs.</summary>
    /// <param name="runs">At least one.</param>
    /// <param name="unfinished">Names of runs without a model.</param>
    /// <param name="machine">What the medians were measured on; null where there are none.</param>
    public static IReadOnlyList<ReportBlock> Of(IReadOnlyList<RunResult> runs, IReadOnlyList<string> unfinished, string? machine)
    {
        List<ReportBlock> blocks =
        [
            new Heading(1, runs.Count == 1 ? "One run of edgevit convert" : $"{Quantity.Count(runs.Count)} runs of edgevit convert"),
            new Paragraph("Accuracies are the packed files' own on test images. A run is on the front where no other is at least as accurate for less, or more accurate for as much."),
        ];
        if (unfinished.Count > 0)
        {
            blocks.Add(new Paragraph($"Not finished, so not here: {string.Join(", ", unfinished)}."));
        }

        Cost[] costs =
        [
            new("size", "MB of the packed file (logarithmic)", r => r.Bytes / 1e6), new("time", $"ms for one image, median on {machine} (logarithmic)", r => r.Latency?.P50),
            new("operations", "million operations for one image (logarithmic)", r => r.Operations / 1e6),
        ];
        int section = 0;
        foreach (IGrouping<(string, double, int, bool), RunResult> same in runs.GroupBy(r => (r.Data, r.TestImages, r.Classes, r.Agreement)))
        {
            RunResult[] group = [.. same.OrderByDescending(r => r.Top1)];
            string anchor = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"data-{++section}");
            blocks.Add(new Heading(2, $"{group[0].Data}, {Quantity.Count(group[0].TestImages)} test images, {Quantity.Count(group[0].Classes)} classes{(group[0].Agreement ? ", agreement with the teacher" : "")}", anchor));
            blocks.Add(new Group([.. costs.Where(c => group.Any(r => c.Of(r) > 0)).Select(c => Chart(group, c))]));
            blocks.Add(new Tabular(Table(group, costs)));
        }

        blocks.Add(new Heading(2, "How to read this", "reading"));
        blocks.Add(new Bullets(
        [
            "Accuracies on different test images cannot be set beside each other, so there is a part for each.",
            "Operations are multiply-adds of floats and a sixty-fourth of those of single bits, as the papers on binary networks count them. Element-wise work is not among them.",
            machine is null ? "No times: no result of bench lies in the folders. 'edgevit bench RUN --out RUN/bench.json' makes one." : $"Times are of results of bench in the folders, with the fewest threads, all of {machine}. A dash: not measured there.",
            $"Curves, classes and mistakes of a run are on the page in its folder, {RunPage}.",
        ]));
        return blocks;
    }

    private static Figure Chart(RunResult[] group, Cost cost)
    {
        NamedPoint[] points = [.. group.Select((r, i) => (Run: r, Mark: Quantity.Count(i + 1))).Where(p => cost.Of(p.Run) > 0)
            .Select(p => new NamedPoint(p.Mark, cost.Of(p.Run)!.Value, p.Run.Top1, $"{p.Mark} {p.Run.Name}: {Quantity.Fixed(p.Run.Top1, 2)} %, {Quantity.Milliseconds(cost.Of(p.Run)!.Value)}", p.Run.IsOnFront(group, cost.Of) ? "c2" : "c1"))];
        string caption = $"Top-1 in percent over {cost.Name}";
        string front = string.Join(", ", group.Select((r, i) => (Run: r, Mark: i + 1)).Where(p => p.Run.IsOnFront(group, cost.Of)).Select(p => $"{p.Mark} {p.Run.Name}"));
        return new Figure(caption, ScatterChart.ToSvg(caption, points, [], cost.Unit), $"Numbers are the rows of the table. On the front: {front}.");
    }

    private static TextTable Table(RunResult[] group, Cost[] costs)
    {
        var table = new TextTable(null, ">no.", "run", "network", ">top-1", ">teacher", ">file", ">p50 ms", ">M binary", ">M float", ">M operations", ">training", "on the front of");
        for (int i = 0; i < group.Length; i++)
        {
            RunResult r = group[i];
            string[] fronts = [.. costs.Where(c => r.IsOnFront(group, c.Of)).Select(c => c.Name)];
            table.Add(Quantity.Count(i + 1), r.Name, r.Network, $"{Quantity.Fixed(r.Top1, 2)} %", r.TeacherTop1 is { } teacher ? $"{Quantity.Fixed(teacher, 2)} %" : "-", Quantity.Bytes(r.Bytes),
                ReportDocument.Ms(r.Latency?.P50), Quantity.Fixed(r.BinaryMacs / 1e6, 2), Quantity.Fixed(r.FloatMacs / 1e6, 2), Quantity.Fixed(r.Operations / 1e6, 2),
                Quantity.Time(TimeSpan.FromSeconds(r.Seconds)), fronts.Length == 0 ? "-" : string.Join(", ", fronts));
        }

        return table;
    }
}
