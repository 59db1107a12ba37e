namespace EdgeVit.Cli;

/// <summary>The content of a report about one or several results.</summary>
internal static class ReportDocument
{
    /// <summary>Writes about results, at least one; the first is what the others are compared with.</summary>
    public static IReadOnlyList<ReportBlock> Of(IReadOnlyList<BenchResult> results, IReadOnlyList<AccuracyResult> accuracies)
    {
        int valid = results.Count(r => r.Valid);
        List<ReportBlock> blocks =
        [
            new Heading(1, Title(results)),
            new Paragraph($"{(results.Count == 1 ? "One result" : $"{results.Count} results")} of 'edgevit bench', {valid} of {results.Count} VALID. "
                + $"Latency: {results[0].Measured}."),
            new Tabular(Overview(results)),
        ];
        if (results.Count > 1)
        {
            blocks.Add(new Heading(2, "Comparison", "comparison"));
            blocks.AddRange(ComparisonSection.Of(results));
        }

        for (int i = 0; i < results.Count; i++)
        {
            blocks.Add(new Heading(2, Name(results, i), Anchor(i)));
            blocks.AddRange(ResultSection.Of(results[i]));
        }

        blocks.Add(new Heading(2, "Accuracy against latency", "accuracy"));
        blocks.AddRange(AccuracySection.Of(results, accuracies));
        blocks.Add(new Heading(2, "How to read this", "reading"));
        blocks.Add(new Bullets(
        [
            "p50, p90, p99: so many percent of the runs took at most this long. "
                + "A percentile is withheld (-) where there are too few runs to know it: 64 for p90, 662 for p99.",
            "VALID: at least 1,024 runs and 60 s, a known frequency governor, no throttling, p90 less than 1.5 times p50, "
                + "other programs below 10 % of the processors, no other bench at the same time. Indicative: three seconds and 64 runs (--quick), otherwise the same rules.",
            NoiseBand.Explanation,
        ]));
        return blocks;
    }

    /// <summary>How a result is called: its number, model and board.</summary>
    public static string Name(IReadOnlyList<BenchResult> results, int index) =>
        results.Count == 1 ? $"{results[0].Model} on {results[0].Device.Name}" : $"{index + 1}. {results[index].Model} on {results[index].Device.Name}";

    public static string Anchor(int index) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"result-{index + 1}");

    private static string Title(IReadOnlyList<BenchResult> results)
    {
        string[] models = [.. results.Select(r => r.Model).Distinct()], boards = [.. results.Select(r => r.Device.Name).Distinct()];
        return $"{(models.Length == 1 ? models[0] : $"{models.Length} models")} on {(boards.Length == 1 ? boards[0] : $"{boards.Length} machines")}";
    }

    private static TextTable Overview(IReadOnlyList<BenchResult> results)
    {
        var table = new TextTable("Overview", ">no.", "model", "machine", ">threads", ">p50 ms", ">p90 ms", ">p99 ms", ">images/s", "verdict");
        for (int i = 0; i < results.Count; i++)
        {
            ThreadLatency first = results[i].Threads[0];
            table.Add(Quantity.Count(i + 1), results[i].Model, results[i].Device.Name, Quantity.Count(first.Threads),
                Ms(first.P50), Ms(first.P90), Ms(first.P99), Quantity.Fixed(first.PerSecond, 1), results[i].Verdict);
        }

        return table;
    }

    /// <summary>Milliseconds, or a dash where not known.</summary>
    public static string Ms(double? value) => value is { } ms ? Quantity.Milliseconds(ms) : "-";
}
