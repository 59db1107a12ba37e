using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>A finished run of <c>convert</c>, as a page about several shows it: what its folder says, and its model file. Accuracies are in per cent,
/// the packed file's on test images and the teacher's, null without one; with <c>Agreement</c> the labels were the teacher's. Multiply-adds are those of an image.</summary>
internal sealed record RunResult(
    string Folder, string Name, string Network, string Data, double TestImages, int Classes, double Top1, double? TeacherTop1, bool Agreement, double Seconds, long Bytes, string Sha256,
    double BinaryMacs, double FloatMacs)
{
    private const string Result = "result.json", Configuration = "config.json";
    private const string Remedy = "It is written by 'edgevit convert' at the end of a run; convert again, or name other folders.";

    /// <summary>The median for an image, where a result of bench of this very model lies in the folder; else null.</summary>
    public ThreadLatency? Latency { get; init; }

    /// <summary>Operations for an image as the papers count them: 64 of single bits are one.</summary>
    public double Operations => FloatMacs + (BinaryMacs / 64);

    /// <summary>Whether none of others is at least as accurate at a lower cost, or more accurate at the same.</summary>
    public bool IsOnFront(IEnumerable<RunResult> others, Func<RunResult, double?> cost) =>
        cost(this) is { } own && !others.Any(o => cost(o) is { } other && other <= own && o.Top1 >= Top1 && (other < own || o.Top1 > Top1));

    /// <summary>Finished and unfinished runs below folders, in the order of their names.</summary>
    /// <exception cref="UserException">There is none, or one is damaged.</exception>
    public static (IReadOnlyList<RunResult> Finished, IReadOnlyList<string> Unfinished) Find(IReadOnlyList<string> roots)
    {
        List<RunResult> finished = [];
        List<string> unfinished = [];
        foreach (string root in roots)
        {
            foreach (string file in Directory.EnumerateFiles(root, Configuration, SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                string folder = Path.GetDirectoryName(file)!, name = Path.GetRelativePath(root, folder) is var below and not "." ? below : Path.GetFileName(Path.GetFullPath(folder));
                if (File.Exists(Path.Combine(folder, Result)) && File.Exists(Path.Combine(folder, ModelPath.InRunFolder)))
                {
                    finished.Add(Read(folder, name));
                }
                else
                {
                    unfinished.Add(name);
                }
            }
        }

        return finished.Count > 0 ? (finished, unfinished)
            : throw new UserException($"{string.Join(", ", roots)}: expected run folders of 'edgevit convert' that have finished, found {(unfinished.Count == 0 ? "none" : $"{unfinished.Count} that have not")}. Name the folder that holds them.");
    }

    private static RunResult Read(string folder, string name)
    {
        JsonPart root = JsonPart.Read(Path.Combine(folder, Result), Remedy);
        EvitFile file = ModelPath.Read(folder);
        var summary = new ModelSummary(file);
        double top1 = root.Number("top1");
        return top1 > 100 ? throw root["top1"].Wrong("percent, so at most 100") : new RunResult(
            folder, name, file.Graph.Name, TrainedOn(file), root.Number("testImages"), file.Labels.Count, top1, root.OptionalNumber("teacherTop1"), root.OptionalFlag("labelledByTeacher") == true,
            root.Object("timings").Number("total"), file.Bytes, file.Sha256, summary.BinaryMacs, summary.FloatMacs);
    }

    /// <summary>The data that the model says it was trained on, without their number.</summary>
    private static string TrainedOn(EvitFile file)
    {
        try
        {
            return JsonNode.Parse(file.Provenance) is JsonObject provenance && provenance["data"] is JsonValue value && value.TryGetValue(out string? text) ? text.Split(": ")[0] : "unknown data";
        }
        catch (JsonException)
        {
            return "unknown data";
        }
    }
}
