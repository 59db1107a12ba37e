using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>What a measurement of latencies is to do.</summary>
/// <param name="Threads">Thread counts, at least one; the first is the headline.</param>
/// <param name="Plan">How long each is measured.</param>
/// <param name="Quick">Whether the result is indicative only.</param>
internal sealed record BenchSettings(IReadOnlyList<int> Threads, LatencyPlan Plan, bool Quick)
{
    private const double LeastIdle = 0.3;
    private const double MostIdle = 5;

    /// <summary>The time for which the idle machine is watched; by default a twelfth of the measurement, 0.3 to 5 s.</summary>
    public TimeSpan? Idle { get; init; }

    public TimeSpan IdleTime => Idle ?? TimeSpan.FromSeconds(Math.Clamp(Plan.Duration.TotalSeconds / 12, LeastIdle, MostIdle));

    /// <summary>The kernel set; null as <see cref="SessionOptions.Kernel"/>.</summary>
    public KernelChoice? Kernel { get; init; }

    public bool Profile { get; init; }

    /// <summary>A picture whose preparation is measured.</summary>
    public string? Image { get; init; }

    /// <summary>The meter in the supply as the command line describes it.</summary>
    public string? Meter { get; init; }

    public IReadOnlyList<IPowerMeter> Meters { get; init; } = [];

    /// <summary>ONNX files that are measured beside the model.</summary>
    public IReadOnlyList<string> Against { get; init; } = [];

    /// <summary>For a session with one of the thread counts.</summary>
    public SessionOptions Session(int threads) => new() { Threads = threads, Kernel = Kernel };
}
