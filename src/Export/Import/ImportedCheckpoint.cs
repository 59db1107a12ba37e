using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The file that a network came from, see <see cref="Checkpoint"/>; its name without folders, SHA-256 of the whole file in lower-case
/// hex.</summary>
internal sealed record CheckpointSource(string File, long Bytes, string Sha256, string Format, string Key, string Prefix, int Tensors);

/// <summary>A checkpoint that was read and understood: the trained tensors, what network they are of, and everything else that a model file needs.
/// <see cref="Lower"/> makes the packed network of it. <c>GivenLabels</c> are as many as logits, null where the classes have no names;
/// <c>LeftOut</c> are integer tensors (<c>name I64 [1]</c>) other than counters; <c>Notes</c> say in sentences what was assumed and what is worth
/// knowing.</summary>
internal sealed record ImportedCheckpoint(
    CheckpointSource Source,
    RecognisedNetwork Network,
    IReadOnlyDictionary<string, FloatTensor> Tensors,
    Preprocess Preprocess,
    IReadOnlyList<string>? GivenLabels,
    IReadOnlyList<string> LeftOut,
    IReadOnlyList<string> Notes)
{
    private const int MostNamed = 6;

    /// <summary>Numbers that the network has: parameters and the statistics of batch norms, as in a state_dict without its counters.</summary>
    public long Parameters => Tensors.Values.Sum(t => t.Length);

    /// <summary>Class names: the given ones, or <c>class 0</c>, <c>class 1</c> and so on.</summary>
    public IReadOnlyList<string> Labels => GivenLabels ?? [.. Enumerable.Range(0, Network.Config.Classes).Select(i => $"class {i}")];

    /// <summary>The packed network.</summary>
    /// <exception cref="ModelFormatException">The tensors do not fit the network; the message lists everything.</exception>
    public LoweredModel Lower()
    {
        try
        {
            return Lowering.Lower(Network, Tensors);
        }
        catch (ModelFormatException e)
        {
            string integers = LeftOut.Count == 0 ? "" : $"\n  {LeftOutText}";
            throw new ModelFormatException($"{Source.File}: {e.Message}{integers}", e);
        }
    }

    internal string LeftOutText => TextOf(LeftOut);

    internal static string TextOf(IReadOnlyList<string> leftOut) =>
        $"integer tensors were left out: {string.Join(", ", leftOut.Take(MostNamed))}{(leftOut.Count > MostNamed ? $" and {leftOut.Count - MostNamed} more" : "")}";

    /// <summary>What the model file says about where it comes from: a JSON object.</summary>
    public string Provenance() => new JsonObject
    {
        ["tool"] = $"edgevit {typeof(ImportedCheckpoint).Assembly.GetName().Version?.ToString(3)}",
        ["source"] = Source.File,
        ["sourceSha256"] = Source.Sha256,
        ["sourceFormat"] = Source.Format,
        ["sourceBytes"] = Source.Bytes,
        ["variant"] = Network.Variant,
        ["parameters"] = Parameters,
        ["assumed"] = new JsonArray([.. Network.Assumed.Select(a => (JsonNode)a)]),
    }.ToJsonString();
}
