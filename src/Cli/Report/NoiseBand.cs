namespace EdgeVit.Cli;

/// <summary>The difference of two median latencies and what of it the runs themselves explain.</summary>
/// <param name="Difference">Of the second to the first, as a share of the first; below zero is faster.</param>
/// <param name="Band">As a share of the first: a smaller difference is not told from none.</param>
internal readonly record struct NoiseBand(double Difference, double Band)
{
    /// <summary>How it is worked out, for the reader of a report.</summary>
    public const string Explanation = "Noise band: the spread of single runs of both results, taken together (root of the sum of squares), "
        + "where the spread of a result is (p90 - p50) / 1.28, or its standard deviation where p90 is not known; "
        + "but at least 2 %, as medians of the same machine move that much from run to run. "
        + "A difference within the band is not told from none.";

    private const double Least = 0.02;

    // So many standard deviations of a normal distribution lie between its median and its 90th percentile.
    private const double DeviationsToP90 = 1.2816;

    public bool Within => Math.Abs(Difference) <= Band;

    public string Verdict => Within ? "within the noise band" : Difference < 0 ? "faster" : "slower";

    public static NoiseBand Of(ThreadLatency first, ThreadLatency second)
    {
        double a = Spread(first), b = Spread(second);
        return new NoiseBand((second.P50 - first.P50) / first.P50, Math.Max(Least, Math.Sqrt((a * a) + (b * b)) / first.P50));
    }

    private static double Spread(ThreadLatency latency) => latency.P90 is { } p90 ? (p90 - latency.P50) / DeviationsToP90 : latency.Deviation;
}
