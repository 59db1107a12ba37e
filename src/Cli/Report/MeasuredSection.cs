namespace EdgeVit.Cli;

/// <summary>What a report says of the parts that not every result has.</summary>
internal static class MeasuredSection
{
    /// <summary>Energy as rows of a table of facts; one row says that it was not measured.</summary>
    public static IEnumerable<(string Name, string Value)> Energy(BenchResult result)
    {
        if (result.Energy is not { } energy)
        {
            yield return ("energy for one image", "not measured");
            yield break;
        }

        string source = $"{energy.Source}, {energy.Scope}{(energy.Estimate ? ", an estimate" : "")}";
        yield return ("power at rest", energy.IdleWatts is { } idle ? $"{Quantity.Fixed(idle, 2)} W ({source})" : $"not measured ({source})");
        foreach ((int threads, double watts, double joules, double? above) in energy.ByThreads)
        {
            yield return ($"energy for one image, {BenchReport.Threaded(threads)}",
                $"{(above is { } a ? $"{Cli.Energy.Joules(a)} above idle, " : "")}{Cli.Energy.Joules(joules)} in all at {Quantity.Fixed(watts, 2)} W");
        }
    }

    public static IEnumerable<ReportBlock> Sustained(BenchResult result)
    {
        if (result.Windows.Count == 0)
        {
            yield break;
        }

        yield return new Heading(3, "Sustained");
        foreach (IGrouping<int, WindowFacts> windows in result.Windows.GroupBy(w => w.Threads))
        {
            var table = new TextTable($"Window by window, {BenchReport.Threaded(windows.Key)}", ">from s", ">to s", ">runs", ">p50 ms", ">C", ">MHz", "throttled");
            foreach (WindowFacts w in windows)
            {
                table.Add(Quantity.Fixed(w.From, 1), Quantity.Fixed(w.To, 1), Quantity.Count(w.Count), ReportDocument.Ms(w.P50),
                    w.Celsius is { } celsius ? Quantity.Fixed(celsius, 1) : "-", w.MHz is { } mhz ? Quantity.Fixed(mhz, 0) : "-", w.Throttled switch { true => "yes", false => "no", null => "-" });
            }

            yield return new Tabular(table);
        }
    }

    public static IEnumerable<ReportBlock> Against(BenchResult result)
    {
        if (result.Against is not { } against)
        {
            yield break;
        }

        yield return new Heading(3, "Against ONNX Runtime");
        var table = new TextTable($"Turn by turn in one process, {BenchReport.Threaded(against.Threads)}", "file", "by", ">size", ">p50 ms", ">p90 ms", ">time", ">same class");
        foreach (AgainstFile f in against.Files)
        {
            table.Add(f.Name, f.Engine, Quantity.Bytes(f.Bytes), ReportDocument.Ms(f.P50), ReportDocument.Ms(f.P90), $"{Quantity.Fixed(f.Ratio, 2)}x",
                f.SameClass is { } same ? $"{Quantity.Count(same)} of {Quantity.Count(against.Pictures)}" : "-");
        }

        yield return new Tabular(table);
        yield return new Paragraph($"ONNX Runtime {against.Version}: {against.Options}. Normalising the pictures is in nobody's time.");
    }
}
