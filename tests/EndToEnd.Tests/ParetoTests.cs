using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Which runs no other beats.</summary>
public sealed class ParetoTests
{
    [Fact]
    public void OnTheFrontIsWhatNoOtherBeats()
    {
        RunResult[] runs = [Run("small", 60, 10), Run("beaten", 59, 12), Run("large", 90, 50), Run("as good, larger", 90, 51), Run("as large, worse", 80, 50), Run("small again", 60, 10)];
        Assert.Equal(["small", "large", "small again"], runs.Where(r => r.IsOnFront(runs, static o => o.Bytes)).Select(r => r.Name));
    }

    /// <summary>What has no cost is on no front and beats nothing.</summary>
    [Fact]
    public void WhatWasNotMeasuredIsOnNoFront()
    {
        RunResult[] runs = [Run("measured", 60, 10), Run("not", 90, 5)];
        Assert.Equal(["measured"], runs.Where(r => r.IsOnFront(runs, static o => o.Name == "not" ? null : o.Bytes)).Select(r => r.Name));
    }

    [Fact]
    public void SixtyFourOperationsOfBitsAreOne() => Assert.Equal(1.5e6, (Run("r", 50, 1) with { BinaryMacs = 64e6, FloatMacs = 0.5e6 }).Operations);

    private static RunResult Run(string name, double top1, long bytes) => new(name, name, "net", "data", 100, 2, top1, null, false, 1, bytes, name, 1, 1);
}
