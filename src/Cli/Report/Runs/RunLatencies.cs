namespace EdgeVit.Cli;

/// <summary>Results of bench that lie among runs, for the models of these. Times of one machine alone can be set beside each other.</summary>
internal static class RunLatencies
{
    /// <summary>The runs with their medians, and the machine that these are of; null where nothing was measured.</summary>
    public static (IReadOnlyList<RunResult> Runs, string? Machine) Find(IReadOnlyList<string> roots, IReadOnlyList<RunResult> runs)
    {
        BenchResult[] results = [.. roots.SelectMany(r => Directory.EnumerateFiles(r, "*.json", SearchOption.AllDirectories)).Order(StringComparer.Ordinal)
            .Select(Try).OfType<BenchResult>().Where(r => runs.Any(run => run.Sha256 == r.Sha256))];
        if (results.Length == 0)
        {
            return (runs, null);
        }

        IGrouping<string, BenchResult> machine = results.GroupBy(r => r.Device.Name).OrderByDescending(g => g.Select(r => r.Sha256).Distinct().Count()).First();
        return ([.. runs.Select(run => run with
        {
            Latency = machine.Where(r => r.Sha256 == run.Sha256).OrderByDescending(r => r.Valid).FirstOrDefault()?.Threads.MinBy(t => t.Threads),
        })], machine.Key);
    }

    /// <summary>A file that is a result of bench; null for the others that lie in run folders.</summary>
    private static BenchResult? Try(string file)
    {
        try
        {
            return ResultReader.Read(file);
        }
        catch (UserException)
        {
            return null;
        }
    }
}
