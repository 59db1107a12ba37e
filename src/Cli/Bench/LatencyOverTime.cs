using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>The median latency of each stretch of a measurement: a board that grows hot shows as a rise.</summary>
internal static class LatencyOverTime
{
    private const int MostStretches = 120;
    private const double LeastSeconds = 0.5;

    /// <summary>The end of each stretch in seconds of runs, and its median in milliseconds.</summary>
    /// <param name="milliseconds">The runs, in their order.</param>
    public static IReadOnlyList<(double Seconds, double P50)> Of(ReadOnlySpan<double> milliseconds)
    {
        double total = 0;
        foreach (double ms in milliseconds)
        {
            total += ms / 1000;
        }

        double length = Math.Max(LeastSeconds, total / MostStretches), elapsed = 0, end = length;
        var stretches = new List<(double, double)>();
        int from = 0;
        for (int i = 0; i < milliseconds.Length; i++)
        {
            elapsed += milliseconds[i] / 1000;
            if (elapsed >= end || i == milliseconds.Length - 1)
            {
                double[] stretch = milliseconds[from..(i + 1)].ToArray();
                Array.Sort(stretch);
                stretches.Add((elapsed, stretch[(stretch.Length - 1) / 2]));
                from = i + 1;
                end = elapsed + length;
            }
        }

        return stretches;
    }

    public static JsonArray Json(IReadOnlyList<(double Seconds, double P50)> stretches) =>
        new([.. stretches.Select(s => (JsonNode)new JsonArray(Quantity.Json(s.Seconds, 2), Quantity.Json(s.P50, 6)))]);
}
