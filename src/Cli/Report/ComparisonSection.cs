namespace EdgeVit.Cli;

/// <summary>Results beside each other: every one against the first, and against the one before it that the same model gave on the same machine.</summary>
internal static class ComparisonSection
{
    public static IEnumerable<ReportBlock> Of(IReadOnlyList<BenchResult> results)
    {
        var table = new TextTable(
            "Medians against each other", "result", ">against", ">threads", ">p50 ms", ">against ms", ">difference", ">noise band", "says", "what differs");
        for (int i = 1; i < results.Count; i++)
        {
            int again = Enumerable.Range(1, i - 1).LastOrDefault(j => SameMachineAndModel(results[j], results[i]));
            foreach (int against in again > 0 ? new[] { 0, again } : [0])
            {
                Compare(table, results, i, against);
            }
        }

        const string caption = "p50 at the first thread count of each result";
        yield return new Group(
        [
            new Figure(caption, BarChart.ToSvg(caption, [.. results.Select((r, i) => new NamedBar(
                $"{ReportDocument.Name(results, i)}, {BenchReport.Threaded(r.Threads[0].Threads)}",
                r.Threads[0].P50, $"{ReportDocument.Ms(r.Threads[0].P50)} ms", r.Valid ? "c1" : "c7"))]),
                results.All(r => r.Valid) ? "" : "Pale: a result that is INVALID."),
        ]);
        yield return new Tabular(table);
    }

    /// <summary>The conditions in which two results differ.</summary>
    internal static IReadOnlyList<string> Differences(BenchResult a, BenchResult b)
    {
        List<string> names = [];
        Check("model", a.Sha256 == b.Sha256);
        Check("machine", SameMachine(a.Device, b.Device));
        Check("kernels", a.Kernel == b.Kernel);
        Check("edgevit", a.Version == b.Version);
        Check("governor", a.Device.Governor == b.Device.Governor);
        Check("power mode", a.Device.PowerMode == b.Device.PowerMode);
        Check("system", a.Device.OperatingSystem == b.Device.OperatingSystem && a.Device.Kernel == b.Device.Kernel);
        return names;

        void Check(string name, bool same)
        {
            if (!same)
            {
                names.Add(name);
            }
        }
    }

    private static void Compare(TextTable table, IReadOnlyList<BenchResult> results, int index, int against)
    {
        BenchResult result = results[index], other = results[against];
        IReadOnlyList<string> differences = Differences(other, result);
        string differs = differences.Count == 0 ? "nothing: a repetition" : string.Join(", ", differences);
        bool common = false;
        foreach (ThreadLatency latency in result.Threads)
        {
            if (other.Threads.FirstOrDefault(t => t.Threads == latency.Threads) is not { } same)
            {
                continue;
            }

            common = true;
            NoiseBand band = NoiseBand.Of(same, latency);
            string difference = $"{(band.Difference < 0 ? "" : "+")}{Quantity.Percent(band.Difference)}";
            string invalid = (result.Valid, other.Valid) switch
            {
                (true, true) => "",
                (false, false) => "; both are INVALID",
                _ => "; one of them is INVALID",
            };
            table.Add(ReportDocument.Name(results, index), Quantity.Count(against + 1), Quantity.Count(latency.Threads),
                ReportDocument.Ms(latency.P50), ReportDocument.Ms(same.P50), difference, $"{Quantity.Percent(band.Band)}", band.Verdict + invalid, differs);
        }

        if (!common)
        {
            table.Add(ReportDocument.Name(results, index), Quantity.Count(against + 1), "-", "-", "-", "-", "-", "no thread count in common", differs);
        }
    }

    private static bool SameMachineAndModel(BenchResult a, BenchResult b) => a.Sha256 == b.Sha256 && SameMachine(a.Device, b.Device);

    private static bool SameMachine(DeviceFacts a, DeviceFacts b) =>
        (a.Board, a.Cpu, a.Cores, a.Architecture, a.Memory) == (b.Board, b.Cpu, b.Cores, b.Architecture, b.Memory);
}
