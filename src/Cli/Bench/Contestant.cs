namespace EdgeVit.Cli;

/// <summary>Something that turns an image into logits, to be timed.</summary>
/// <param name="Name">As in tables, unique.</param>
/// <param name="Engine">The program that runs it.</param>
/// <param name="Threads">Threads it may use.</param>
/// <param name="Run">Computes one image.</param>
internal sealed record Contestant(string Name, string Engine, int Threads, Action Run) : IDisposable
{
    /// <summary>What to free afterwards.</summary>
    public required Action Release { get; init; }

    public void Dispose() => Release();
}

/// <summary>A contestant's times.</summary>
/// <param name="Contestant">Whose.</param>
/// <param name="Rounds">The median time of each round, milliseconds.</param>
/// <param name="All">Of all timed runs in their order, milliseconds; at least one.</param>
internal sealed record ContestantTimes(Contestant Contestant, IReadOnlyList<double> Rounds, IReadOnlyList<double> All)
{
    /// <summary>The shortest of all runs, milliseconds.</summary>
    public double Minimum { get; } = All.Min();

    /// <summary>Number of timed runs.</summary>
    public int Runs => All.Count;

    /// <summary>The median over the rounds.</summary>
    public double Median { get; } = Spread.Of(Rounds).Median;
}

/// <summary>A median with the range that holds four fifths of the values.</summary>
/// <param name="Low">10th percentile.</param>
/// <param name="Median">50th percentile.</param>
/// <param name="High">90th percentile.</param>
internal readonly record struct Spread(double Low, double Median, double High)
{
    /// <summary>Of at least one value; percentiles by nearest rank.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double At(double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
        return new Spread(At(0.1), At(0.5), At(0.9));
    }
}
