namespace EdgeVit.Cli;

/// <summary>A result of <c>edgevit bench --json</c>, as a report shows it. What was not measured is null or empty.</summary>
internal sealed record BenchResult
{
    /// <summary>The file that it was read from.</summary>
    public required string File { get; init; }

    public required string Date { get; init; }

    public required string Version { get; init; }

    public required string Model { get; init; }

    public required string Sha256 { get; init; }

    public required double ModelBytes { get; init; }

    public required DeviceFacts Device { get; init; }

    public required string Kernel { get; init; }

    public required double WarmUp { get; init; }

    public required string Measured { get; init; }

    /// <summary>At least one; the first is the headline.</summary>
    public required IReadOnlyList<ThreadLatency> Threads { get; init; }

    /// <summary>Names and milliseconds, such as the time from the file to the first logits.</summary>
    public required IReadOnlyList<(string Name, double Milliseconds)> Times { get; init; }

    public required IReadOnlyList<(string Name, double Bytes)> Memory { get; init; }

    /// <summary>Steps of the network, the rest of a run among them; empty without a profile.</summary>
    public required IReadOnlyList<StepShare> Steps { get; init; }

    /// <summary>What the sensors said, in the order of time for each thread count.</summary>
    public required IReadOnlyList<SensorSample> Series { get; init; }

    public required bool? Throttled { get; init; }

    /// <summary>Sensors that the board has not, or that failed, with the reasons.</summary>
    public required IReadOnlyList<string> NotMeasured { get; init; }

    public required PowerFacts? Power { get; init; }

    /// <summary>The share of the processors that other programs used.</summary>
    public required double? BackgroundLoad { get; init; }

    /// <summary>How it was measured, as far as a repetition needs it.</summary>
    public required ResultSettings Settings { get; init; }

    /// <summary>Energy per image; null where it was not measured.</summary>
    public required EnergyFacts? Energy { get; init; }

    /// <summary>Windows of a sustained measurement; empty for another.</summary>
    public required IReadOnlyList<WindowFacts> Windows { get; init; }

    /// <summary>Files of ONNX Runtime beside the model, which is the first; null where there were none.</summary>
    public required AgainstFacts? Against { get; init; }

    public required bool Valid { get; init; }

    public required bool Indicative { get; init; }

    public required IReadOnlyList<string> Reasons { get; init; }

    public string Verdict => !Valid ? "INVALID" : Indicative ? "VALID (indicative)" : "VALID";
}

/// <summary>The machine of a result.</summary>
internal sealed record DeviceFacts(
    string Board, string Kind, string Cpu, double Cores, string Architecture, IReadOnlyList<string> Features, string? Governor,
    double? MHz, double? MaxMHz, string OperatingSystem, string Kernel, double Memory, string DotNet, string? Profile, string? PowerMode)
{
    /// <summary>The board, or the processor where the board has no name.</summary>
    public string Name => Board is "unknown" or "" ? Cpu : Board;
}

/// <summary>Latencies of one thread count in milliseconds. A percentile is null where there were too few runs to know it.</summary>
internal sealed record ThreadLatency(
    int Threads, double Count, double Seconds, double P50, double? P90, double? P99, double Minimum, double Maximum, double Mean,
    double Deviation, double PerSecond, IReadOnlyList<(double From, double Count)> Histogram, IReadOnlyList<(double Seconds, double P50)> OverTime);

/// <summary>A step of the network and its share of a profiled run.</summary>
internal sealed record StepShare(string Name, string Kind, double Milliseconds, double Share);

/// <summary>What the sensors said at one moment.</summary>
internal sealed record SensorSample(int Threads, double Seconds, double? Celsius, double? MHz, double? Watts, bool? UnderVoltage, double? Throttle);

/// <summary>Power while measuring, and what it is the power of.</summary>
internal sealed record PowerFacts(double MeanWatts, double MostWatts, string Source, string Scope, bool Estimate);

/// <summary>How a result was measured; null where an older version did not say.</summary>
internal sealed record ResultSettings(string? ModelFile, string? Commit, double Seconds, bool Sustained, double? IdleSeconds, string? Image);

/// <summary>Joules for one image at each thread count, in all and above what the machine uses at rest.</summary>
internal sealed record EnergyFacts(
    string Source, string Scope, bool Estimate, double? IdleWatts, IReadOnlyList<(int Threads, double Watts, double Joules, double? AboveIdle)> ByThreads);

/// <summary>One window of a sustained measurement.</summary>
internal sealed record WindowFacts(int Threads, double From, double To, double Count, double P50, double? Celsius, double? MHz, bool? Throttled);

/// <summary>A comparison with ONNX Runtime.</summary>
internal sealed record AgainstFacts(string Version, string Options, int Threads, double Pictures, IReadOnlyList<AgainstFile> Files);

/// <summary>One file of a comparison.</summary>
internal sealed record AgainstFile(string Name, string Engine, double Bytes, double P50, double? P90, double Ratio, double? SameClass);
