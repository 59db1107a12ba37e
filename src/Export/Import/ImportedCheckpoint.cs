using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The file that a network came from.</summary>
/// <param name="File">Its name, without folders.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of the whole file, lower-case hex.</param>
/// <param name="Format">The kind of file, see <see cref="Checkpoint.Format"/>.</param>
/// <param name="Key">Under which keys the weights lay; empty for the top.</param>
/// <param name="Prefix">What was cut from every name; or empty.</param>
/// <param name="Tensors">Float tensors that were read.</param>
internal sealed record CheckpointSource(string File, long Bytes, string Sha256, string Format, string Key, string Prefix, int Tensors);

/// <summary>A checkpoint that was read and understood: the trained tensors, what network they are of, and everything else that a model file
/// needs. <see cref="Lower"/> makes the packed network of it.</summary>
/// <param name="Source">The file.</param>
/// <param name="Network">The network.</param>
/// <param name="Tensors">Its tensors by state_dict name, as the lowering and a float simulator take them.</param>
/// <param name="Preprocess">From a decoded image to the network's input.</param>
/// <param name="GivenLabels">Class names, as many as logits; null where nobody named the classes.</param>
/// <param name="LeftOut">Integer tensors of the file (<c>name I64 [1]</c>) other than counters: no network here has any.</param>
/// <param name="Notes">What was assumed, and what is worth knowing, in sentences for people.</param>
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

    /// <summary>The integer tensors in words.</summary>
    internal string LeftOutText => TextOf(LeftOut);

    /// <summary>Integer tensors in words.</summary>
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
