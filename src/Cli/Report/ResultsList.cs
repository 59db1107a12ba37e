namespace EdgeVit.Cli;

/// <summary>Many results as one list, a line for each thread count: what people measured on which board.</summary>
internal static class ResultsList
{
    public static IReadOnlyList<ReportBlock> Of(IReadOnlyList<BenchResult> results)
    {
        List<ReportBlock> blocks =
        [
            new Heading(1, "Results"),
            new Paragraph("What people measured with 'edgevit bench', by model and board. Made out of the files in bench/results; not written by hand."),
        ];
        foreach (IGrouping<(string Model, string Sha256), BenchResult> model in results.GroupBy(r => (r.Model, r.Sha256)).OrderBy(g => g.Key))
        {
            blocks.Add(new Heading(2, model.Key.Model));
            blocks.Add(new Paragraph($"{Quantity.Bytes((long)model.First().ModelBytes)}, SHA-256 {model.Key.Sha256}."));
            blocks.Add(new Tabular(Table(model)));
        }

        string[] invalid = [.. results.Where(r => !r.Valid).OrderBy(r => r.File, StringComparer.Ordinal).Select(r => $"{Name(r)}: {string.Join("; ", r.Reasons)}")];
        if (invalid.Length > 0)
        {
            blocks.Add(new Heading(2, "Why results are INVALID"));
            blocks.Add(new Bullets(invalid));
        }

        blocks.Add(new Heading(2, "Add yours"));
        blocks.Add(new Bullets(
        [
            "Measure: edgevit bench MODEL --threads all --json > bench/results/BOARD/MODEL.bench.json, with the board as it is used: its cooling, its governor, nothing else running.",
            "Make this page: edgevit report bench/results/*/*.bench.json --list docs/results.md. A result that is damaged or contradicts itself is refused.",
            "Send both as one pull request. INVALID results are welcome where the reason tells something; the list says which they are.",
        ]));
        return blocks;
    }

    private static TextTable Table(IEnumerable<BenchResult> results)
    {
        var table = new TextTable(null, "board", "processor", "kernels", ">threads", ">p50 ms", ">p90 ms", ">p99 ms", ">images/s", "verdict", "measured", "edgevit", "file");
        foreach (BenchResult result in results.OrderBy(r => r.Device.Name, StringComparer.Ordinal).ThenBy(r => r.Date, StringComparer.Ordinal).ThenBy(r => r.File, StringComparer.Ordinal))
        {
            foreach (ThreadLatency latency in result.Threads)
            {
                table.Add(result.Device.Name, result.Device.Cpu, result.Kernel, Quantity.Count(latency.Threads), ReportDocument.Ms(latency.P50), ReportDocument.Ms(latency.P90),
                    ReportDocument.Ms(latency.P99), Quantity.Fixed(latency.PerSecond, 1), result.Verdict, result.Date.Split('T')[0], result.Version, Name(result));
            }
        }

        return table;
    }

    // Its folder is the board.
    private static string Name(BenchResult result) => $"{Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(result.File)))}/{Path.GetFileName(result.File)}";
}
