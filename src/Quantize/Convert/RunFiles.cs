namespace EdgeVit.Quantize;

/// <summary>Names of the files of a run folder; each is written beside its place first.</summary>
internal static class RunFiles
{
    internal const string Model = "model.evit", Card = "card.md", Parity = "parity.json", Result = "result.json", Configuration = "config.json", Environment = "env.json",
        Page = "report.html", Metrics = "metrics.csv", Pictures = "pictures.json", Head = "head.safetensors";

    /// <summary>Those of the folders of teacher and student.</summary>
    internal static IReadOnlyList<string> Checkpoints { get; } = [TrainerFiles.LastName, TrainerFiles.BestName, Head];

    /// <summary>All of them, those of the folders of teacher and student as well.</summary>
    internal static IReadOnlyList<string> All { get; } =
        [Model, Card, Parity, Result, Configuration, Environment, Page, Metrics, MetricsLog.Layers, Pictures, .. Checkpoints];
}
