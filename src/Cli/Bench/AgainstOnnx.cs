using System.Text.Json.Nodes;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>bench --against</c>: the model and ONNX files take turns in one process, on the same pictures with the same thread count.</summary>
internal sealed class AgainstOnnx
{
    private const string Options = "sequential execution, all graph optimisations, one thread between operations";

    private readonly int _threads;
    private readonly IReadOnlyList<Entry> _entries;

    private AgainstOnnx(int threads, IReadOnlyList<Entry> entries) => (_threads, _entries) = (threads, entries);

    private static string Version => OnnxModel.RuntimeVersion;

    /// <summary>Lets all take turns for a time, at least three rounds.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static AgainstOnnx Measure(
        EvitModel model, string path, SessionOptions options, IReadOnlyList<Rival> rivals, TimeSpan duration, Action<int> progress, CancellationToken cancel)
    {
        using Session session = model.CreateSession(options);
        var pictures = new RivalPictures(model.Preprocess);
        float[][] inputs = [.. Enumerable.Range(0, RivalPictures.Count).Select(pictures.ChannelsFirst)];
        float[] logits = new float[model.Classes];
        int[] answers = [.. inputs.Select(i =>
        {
            session.RunNchw(i, logits);
            return Array.IndexOf(logits, logits.Max());
        })];
        int next = 0;
        var own = new Contestant(Path.GetFileName(path), "EdgeVit", options.Threads, () => session.RunNchw(inputs[next++ % inputs.Length], logits)) { Release = () => { } };
        IReadOnlyList<ContestantTimes> times = InterleavedRounds.Measure([own, .. rivals.Select(r => r.AsContestant(options.Threads))], duration, progress, cancel);
        return new AgainstOnnx(options.Threads,
        [
            new Entry(path, times[0], new Spread(1, 1, 1), $"{model.Preprocess.Width} x {model.Preprocess.Height}", null),
            .. rivals.Select((r, i) => new Entry(r.File, times[i + 1], InterleavedRounds.Ratio(times[i + 1], times[0]), $"{r.Width} x {r.Height}",
                r.Comparable ? r.Answers.Zip(answers).Count(a => a.First == a.Second) : null)),
        ]);
    }

    public void Print(Printer printer)
    {
        var table = new TextTable($"Against ONNX Runtime {Version}, {BenchReport.Threaded(_threads)}, turn by turn", "file", "by", ">size", "input", ">n", ">p50 ms", ">p90 ms", ">time", ">same class");
        foreach (Entry e in _entries)
        {
            table.Add(Path.GetFileName(e.File), e.Times.Contestant.Engine, Quantity.Bytes(Size(e.File)), e.Input, Quantity.Count(e.Latency.Count), Quantity.Milliseconds(e.Latency.P50),
                e.Latency.P90 is { } p90 ? Quantity.Milliseconds(p90) : "-", $"{Quantity.Fixed(e.Ratio.Median, 2)}x", e.Agreeing is { } same ? $"{same} of {RivalPictures.Count}" : "-");
        }

        printer.Data(table);
        printer.Data($"time: median over {_entries[0].Times.Rounds.Count} rounds of the ratio to the first; from floats at the input's size to logits, normalising is not included");
    }

    public JsonObject ToJson() => new()
    {
        ["onnxruntime"] = Version,
        ["options"] = Options,
        ["threads"] = _threads,
        ["rounds"] = _entries[0].Times.Rounds.Count,
        ["pictures"] = RivalPictures.Count,
        ["measured"] = "floats at the input's size to logits, turn by turn in one process; normalising is not included",
        ["files"] = new JsonArray([.. _entries.Select(e => (JsonNode)new JsonObject
        {
            ["file"] = Path.GetFullPath(e.File),
            ["engine"] = e.Times.Contestant.Engine,
            ["sha256"] = Sha256(e.File),
            ["bytes"] = Size(e.File),
            ["input"] = e.Input,
            ["n"] = e.Latency.Count,
            ["p50"] = Quantity.Json(e.Latency.P50, 6),
            ["p90"] = Quantity.Json(e.Latency.P90, 6),
            ["min"] = Quantity.Json(e.Latency.Minimum, 6),
            ["ratio"] = Quantity.Json(e.Ratio.Median, 6),
            ["ratio_p10"] = Quantity.Json(e.Ratio.Low, 6),
            ["ratio_p90"] = Quantity.Json(e.Ratio.High, 6),
            ["same_class"] = e.Agreeing,
        })]),
    };

    private static long Size(string file) => new FileInfo(file).Length;

    private static string Sha256(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return FileDigest.Sha256(stream);
    }

    private sealed record Entry(string File, ContestantTimes Times, Spread Ratio, string Input, int? Agreeing)
    {
        public LatencyStatistics Latency { get; } = new(Times.All);
    }
}
