namespace EdgeVit.Quantize;

/// <summary>Where a trainer reads and writes.</summary>
/// <param name="Phase">teacher or student, in messages and metrics.</param>
/// <param name="Folder">Holds <c>last.safetensors</c> and <c>best.safetensors</c>.</param>
/// <param name="MetricsFile"><c>metrics.csv</c> of the run.</param>
/// <param name="Configuration">What a resumed run must share, key → value.</param>
internal sealed record TrainerFiles(string Phase, string Folder, string MetricsFile, IReadOnlyDictionary<string, string> Configuration)
{
    internal const string LastName = "last.safetensors", BestName = "best.safetensors";

    /// <summary>To be called before something is written: throws where the run's folder is not this process's.</summary>
    public Action RequirePlace { get; init; } = () => { };

    /// <summary>Time between two checkpoints, those at evaluations and at the end apart.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The newest checkpoint.</summary>
    public string Last => Path.Combine(Folder, LastName);

    /// <summary>The checkpoint of the best validation accuracy.</summary>
    public string Best => Path.Combine(Folder, BestName);
}
