namespace EdgeVit.Cli;

/// <summary>Reads the parts of a result that not every result has: settings, energy, windows, a comparison.</summary>
internal static class MeasuredParts
{
    public static ResultSettings Settings(JsonPart root)
    {
        JsonPart options = root.Object("options"), model = root.Object("model");
        return new ResultSettings(
            model.OptionalText("file"), root.Object("tool").OptionalText("commit"), options.OptionalNumber("duration_s") ?? root.Object("latency").List("by_threads")[0].Number("duration_s"),
            options.OptionalFlag("sustained") ?? false, options.OptionalNumber("idle_s"), options.OptionalText("image"));
    }

    public static EnergyFacts? Energy(JsonPart root)
    {
        if (!root.Has("energy"))
        {
            return null;
        }

        JsonPart energy = root.Object("energy");
        return new EnergyFacts(
            energy.Text("source"), energy.Text("scope"), energy.Flag("estimate"), energy.OptionalNumber("idle_w", negative: true),
            // Below zero where a meter is wired the wrong way round.
            [.. energy.List("by_threads").Select(e => (Threads(e), e["mean_w"].Number(negative: true), e["joules_per_image"].Number(negative: true),
                e.OptionalNumber("joules_per_image_above_idle", negative: true)))]);
    }

    public static IReadOnlyList<WindowFacts> Windows(JsonPart root) => !root.Has("sustained") ? [] :
    [
        .. root.Object("sustained").List("by_threads").SelectMany(t => t.List("windows").Select(w => new WindowFacts(
            Threads(t), w.Number("from_s"), w.Number("to_s"), w.Number("n"), w.Number("p50"), w.OptionalNumber("celsius", negative: true),
            w.OptionalNumber("mhz"), w.OptionalFlag("throttled")))),
    ];

    public static AgainstFacts? Against(JsonPart root)
    {
        if (!root.Has("against"))
        {
            return null;
        }

        JsonPart against = root.Object("against");
        return new AgainstFacts(
            against.Text("onnxruntime"), against.Text("options"), Threads(against), against.Number("pictures"),
            [.. against.List("files").Select(f => new AgainstFile(
                Path.GetFileName(f.Text("file")), f.Text("engine"), f.Number("bytes"), f.Number("p50"), f.OptionalNumber("p90"), f.Number("ratio"), f.OptionalNumber("same_class")))]);
    }

    private static int Threads(JsonPart part) => part.Whole("threads", 1, ResultReader.MostThreads);
}
