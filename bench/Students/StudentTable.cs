using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>The table of presets in <c>docs/architectures.md</c>: what each holds and costs, as <c>inspect</c> counts it.</summary>
internal static class StudentTable
{
    /// <summary>The page, from the repository's root.</summary>
    public const string Page = "docs/architectures.md";

    private const string Begin = "<!-- presets, written by bench students -->\n";
    private const string End = "<!-- end of presets -->";
    private const float Weight = 0.5f;
    private const float Clip = 0.1f;

    /// <summary>The page with the table as the presets have it.</summary>
    /// <exception cref="InvalidDataException">The page has no place for it.</exception>
    public static string Refresh(string page)
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal), end = page.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin ? page[..(begin + Begin.Length)] + Text() + page[end..] : throw new InvalidDataException($"{Page} has no '{Begin.Trim()}' with '{End}' behind it.");
    }

    private static string Text()
    {
        Counts[] all = [.. BinaryViTPresets.All.AsParallel().AsOrdered().Select(Count)];
        ArmShare arm = new(all[0].Facts, JsonNode.Parse(File.ReadAllText(Path.Combine(ResultPlace.Repository(), ArmShare.File)))!);
        IEnumerable<string> rows = all.Select(c => string.Create(CultureInfo.InvariantCulture,
            $"| `{c.Config.Name}` | {c.Config.ImageSize} | {Stages(c.Config)} | {DownKinds.Name(c.Config.Down)} | {c.Parameters / 1e6:F1} | {c.Sum(f => f.WeightBits) / c.Parameters:P0} | {c.Sum(f => f.Bytes) / 1e6:F1} | {c.Sum(f => f.Cost.BinaryMacs) / 1e6:N0} | {c.Sum(f => f.Cost.FloatMacs) / 1e6:F1} | {Whole(arm.Milliseconds(c.Facts))} |"));
        return string.Join('\n', (string[])[
            "| `--student` | image | stages: blocks x width | down | parameters, M | of 1 bit | weights, MB | binary M | float M | A72, ms |", "|---|---|---|---|---:|---:|---:|---:|---:|---:|", .. rows, ""]);
    }

    /// <summary>What a network holds and costs, with weights that leave no part of it out.</summary>
    private static Counts Count(BinaryViTConfig config)
    {
        var tensors = new TensorManifest(config).Required.ToDictionary(t => t.Name, t => Constant(t.Name, t.Shape), StringComparer.Ordinal);
        LoweredModel model = FoldedModel.Of(Lowering.Lower(config, tensors)).Model;
        return new Counts(config, tensors.Values.Where(t => !IsStatistic(t.Name)).Sum(t => (double)t.Data.Length), GraphCost.Of(model.Graph, model.Tensors));
    }

    private static FloatTensor Constant(string name, int[] shape)
    {
        var data = new float[shape.Aggregate(1, (a, b) => a * b)];
        Array.Fill(data, name.EndsWith("att_prob_clip", StringComparison.Ordinal) ? Clip : Weight);
        return new FloatTensor(name, shape, data);
    }

    private static bool IsStatistic(string name) => name.EndsWith(".running_mean", StringComparison.Ordinal) || name.EndsWith(".running_var", StringComparison.Ordinal);

    /// <summary>Stages by their mixers: <c>conv3 3x64, 4x128; attention 8x256</c>.</summary>
    private static string Stages(BinaryViTConfig config)
    {
        string text = "", mixer = "";
        foreach (StageConfig stage in config.Stages)
        {
            string name = Mixers(stage.Mixer);
            text += (mixer == name ? ", " : $"{(text.Length > 0 ? "; " : "")}{name} ") + $"{stage.Depth}x{stage.Width}";
            mixer = name;
        }

        return text + (config.ClassAttention > 0 ? $"; class attention {config.ClassAttention}" : "");
    }

    /// <summary>Mixers that take turns, those of one kind in a row once: <c>conv3 + 2 attention</c>.</summary>
    private static string Mixers(MixerCycle cycle)
    {
        List<(MixerKind Kind, int Count)> runs = [];
        foreach (MixerKind kind in cycle.Kinds)
        {
            bool same = runs.Count > 0 && runs[^1].Kind == kind;
            (int count, int at) = same ? (runs[^1].Count + 1, runs.Count - 1) : (1, runs.Count);
            runs.RemoveRange(at, runs.Count - at);
            runs.Add((kind, count));
        }

        return string.Join(" + ", runs.Select(r => $"{(r.Count > 1 ? $"{r.Count} " : "")}{MixerKinds.Name(r.Kind)}"));
    }

    /// <summary>An estimate to two places at most.</summary>
    private static string Whole(double value) => value.ToString(value < 10 ? "F1" : "F0", CultureInfo.InvariantCulture);

    private sealed record Counts(BinaryViTConfig Config, double Parameters, IReadOnlyList<NodeFacts> Facts)
    {
        public double Sum(Func<NodeFacts, double> what) => Facts.Sum(what);
    }
}
