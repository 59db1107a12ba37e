using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>Percentiles and moments of latencies in milliseconds. A percentile is withheld where there are too few samples to know it
/// (MLPerf's early-stopping counts: 64 for the 90th, 662 for the 99th).</summary>
internal sealed class LatencyStatistics
{
    public const int ForP90 = 64;

    public const int ForP99 = 662;

    private const int HistogramBuckets = 20;

    private readonly double[] _sorted;

    /// <summary>Sums up at least one sample.</summary>
    public LatencyStatistics(IReadOnlyList<double> milliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfZero(milliseconds.Count);
        _sorted = [.. milliseconds];
        Array.Sort(_sorted);
        Mean = _sorted.Average();
        Deviation = Math.Sqrt(_sorted.Sum(v => (v - Mean) * (v - Mean)) / _sorted.Length);
    }

    public int Count => _sorted.Length;

    public double Mean { get; }

    public double Deviation { get; }

    public double P50 => Percentile(0.50);

    public double? P90 => Count >= ForP90 ? Percentile(0.90) : null;

    public double? P99 => Count >= ForP99 ? Percentile(0.99) : null;

    public double Minimum => _sorted[0];

    public double Maximum => _sorted[^1];

    /// <summary>Images per second at one image after the other.</summary>
    public double PerSecond => 1000 / Mean;

    /// <summary>Nearest rank: the smallest sample that is not below a share of all.</summary>
    public double Percentile(double share) => _sorted[Math.Clamp((int)Math.Ceiling(share * _sorted.Length) - 1, 0, _sorted.Length - 1)];

    /// <summary>Counts in equal buckets from the shortest to the 99.5th percentile; the last also holds what is longer.</summary>
    public IReadOnlyList<(double From, int Count)> Histogram()
    {
        double low = Minimum, high = Percentile(0.995);
        double width = Math.Max((high - low) / HistogramBuckets, 1e-9);
        int[] counts = new int[HistogramBuckets];
        foreach (double value in _sorted)
        {
            counts[Math.Clamp((int)((value - low) / width), 0, HistogramBuckets - 1)]++;
        }

        return [.. counts.Select((count, i) => (low + (i * width), count))];
    }

    public JsonObject ToJson(int threads, double seconds) => new()
    {
        ["threads"] = threads,
        ["n"] = Count,
        ["duration_s"] = Quantity.Json(seconds, 3),
        ["p50"] = Quantity.Json(P50, 6),
        ["p90"] = Quantity.Json(P90, 6),
        ["p99"] = Quantity.Json(P99, 6),
        ["min"] = Quantity.Json(Minimum, 6),
        ["max"] = Quantity.Json(Maximum, 6),
        ["mean"] = Quantity.Json(Mean, 6),
        ["sd"] = Quantity.Json(Deviation, 6),
        ["images_per_second"] = Quantity.Json(PerSecond, 2),
        ["histogram"] = new JsonArray([.. Histogram().Select(b => (JsonNode)new JsonArray(Quantity.Json(b.From, 6), b.Count))]),
    };
}
