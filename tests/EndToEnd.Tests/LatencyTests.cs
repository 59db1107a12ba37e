using System.Text.Json.Nodes;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>From single latencies to the figures that are quoted.</summary>
public sealed class LatencyTests
{
    [Fact]
    public void TheFiguresOfKnownSamples()
    {
        // Mean 5, sum of squared distances 32: the textbook's example.
        var latency = new LatencyStatistics([9, 2, 4, 5, 4, 7, 4, 5]);
        Assert.Equal((8, 5.0, 2.0), (latency.Count, latency.Mean, latency.Deviation));
        Assert.Equal((2.0, 9.0, 4.0), (latency.Minimum, latency.Maximum, latency.P50));
        // 5 ms each, one after the other.
        Assert.Equal(200, latency.PerSecond);

        JsonObject json = latency.ToJson(threads: 3, seconds: 1.25);
        Assert.Equal((3, 8, 1.25), ((int)json["threads"]!, (int)json["n"]!, (double)json["duration_s"]!));
        Assert.Equal((4, 2, 9, 5, 2), ((double)json["p50"]!, (double)json["min"]!, (double)json["max"]!, (double)json["mean"]!, (double)json["sd"]!));
        Assert.Equal(200, (double)json["images_per_second"]!);
        Assert.Null(json["p90"]);
        Assert.Null(json["p99"]);
    }

    /// <summary>A percentile is given from so many samples on that MLPerf's rule trusts it.</summary>
    [Theory]
    [InlineData(63, false, false)]
    [InlineData(64, true, false)]
    [InlineData(661, true, false)]
    [InlineData(662, true, true)]
    public void PercentilesNeedSamples(int count, bool p90, bool p99)
    {
        var latency = new LatencyStatistics([.. Enumerable.Range(1, count).Select(i => (double)i)]);
        Assert.Equal((p90, p99), (latency.P90 is not null, latency.P99 is not null));
        if (count == 662)
        {
            // Nearest ranks: 0.9 * 662 = 595.8, 0.99 * 662 = 655.38.
            Assert.Equal((596, 656), (latency.P90, latency.P99));
        }
    }

    [Fact]
    public void TheHistogramHasTwentyBucketsUpToThePercentile99AndAHalf()
    {
        // 0 to 199 ms: the 199th of 200 is 198, so a bucket is 9.9 ms wide.
        IReadOnlyList<(double From, int Count)> buckets = new LatencyStatistics([.. Enumerable.Range(0, 200).Select(i => (double)i)]).Histogram();
        Assert.Equal(20, buckets.Count);
        Assert.Equal(0, buckets[0].From);
        Assert.Equal(9.9, buckets[1].From, 1e-9);
        Assert.Equal(188.1, buckets[19].From, 1e-9);
        Assert.All(buckets.Take(19), b => Assert.InRange(b.Count, 9, 11));
        Assert.Equal(11, buckets[19].Count);
        Assert.Equal(200, buckets.Sum(b => b.Count));
    }

    [Fact]
    public void WarmingUpEndsWhenTheTimesAreSteady()
    {
        // Steady from the start: three windows of 20 runs, and 300 ms.
        Assert.Equal(60, WarmUp(_ => 10));
        Assert.Equal(320, WarmUp(_ => 1));
        // Slow at first, up to the third window: the fourth is the first that is like the one before.
        Assert.Equal(80, WarmUp(i => i < 45 ? 20 : 10));
        // 1 % from window to window is steady, 3 % is not.
        Assert.Equal(60, WarmUp(i => 100 - (i / 20)));
        Assert.True(WarmUp(i => 100 * Math.Pow(0.97, i / 20)) > 60);
    }

    [Fact]
    public void WarmingUpEndsInTime()
    {
        Assert.Equal(10, WarmUp(i => 100 * (i % 2 + 1), most: 1.5));
        Assert.Equal(0, WarmUp(_ => 10, cancelled: true));
    }

    private static int WarmUp(Func<int, double> milliseconds, double most = 1000, bool cancelled = false)
    {
        var clock = new HandClock();
        int next = 0;
        return LatencyMeasurement.WarmUp(
            i =>
            {
                Assert.Equal(next++, i);
                clock.Pass(milliseconds(i));
            },
            TimeSpan.FromSeconds(most), clock, new CancellationToken(cancelled));
    }

    /// <summary>A clock that stands still until it is moved.</summary>
    private sealed class HandClock : TimeProvider
    {
        private long _ticks = 1000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Pass(double milliseconds) => _ticks += (long)(milliseconds * TimeSpan.TicksPerMillisecond);
    }
}
