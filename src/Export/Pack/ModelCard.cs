using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The Markdown card of a model, from what its file knows: what it is, what it costs, where it comes from, what was proven.</summary>
internal static class ModelCard
{
    /// <summary>How the first sentence of every card begins.</summary>
    public const string Opening = "A model for EdgeVit:";

    /// <summary>Writes the card; facts are rows that only the maker knows, such as accuracy.</summary>
    public static string Write(EvitFile file, string name, IReadOnlyList<(string Name, string Text)>? facts = null)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        IReadOnlyList<NodeFacts> nodes = GraphCost.Of(file.Graph, file.Tensors);
        (long bits, long floats) = (nodes.Sum(n => n.WeightBits), file.Tensors.Values.Where(t => t.Type is StoredType.F32 or StoredType.F16).Sum(Elements));
        (double binary, double multiplies) = (nodes.Sum(n => n.Cost.BinaryMacs), nodes.Sum(n => n.Cost.FloatMacs));
        Preprocess p = file.Preprocess;
        var text = new StringBuilder();
        text.Append(culture, $"# {file.Graph.Name}\n\n{Opening} {file.Labels.Count:N0} classes, images of {p.Width}x{p.Height} pixels.\n\n| | |\n|---|---|\n");
        void Row(string key, string value) => text.Append(culture, $"| {Cell(key)} | {Cell(value)} |\n");
        Row("file", string.Create(culture, $"{name}, {file.Bytes:N0} bytes, sha256 {file.Sha256}"));
        foreach ((string key, string value) in facts ?? [])
        {
            Row(key, value);
        }

        Row("weights", string.Create(culture, $"{bits:N0} of 1 bit, {floats:N0} floats ({ParityCertificate.FloatsOf(file)}); as 32-bit floats {4 * (bits + floats):N0} bytes"));
        Row("operations", string.Create(culture, $"{binary / 1e6:N1} M binary and {multiplies / 1e6:N1} M float multiply-adds per image"));
        Row("input", string.Create(culture, $"RGB, shorter side to {p.ResizeShorterSide} ({p.Interpolation.ToString().ToLowerInvariant()}), centre crop, mean {string.Join(", ", p.Mean)}, std {string.Join(", ", p.Std)}"));
        Row("classes", string.Join(", ", file.Labels.Take(20)) + (file.Labels.Count > 20 ? ", ..." : ""));
        foreach ((string key, string value) in Provenance(file.Provenance))
        {
            Row(key, value);
        }

        Row("self-test", file.SelfTest is null ? "none stored" : "stored: `edgevit doctor` computes it on any machine, bit for bit");
        text.Append("\n## Proof\n\n");
        if (ParityCertificate.Read(file.Certificate) is { } certificate)
        {
            foreach (string line in certificate.Lines())
            {
                text.Append(culture, $"* {line}\n");
            }
        }
        else
        {
            text.Append(file.Certificate is null ? "The file carries no certificate.\n" : "The file carries a certificate of another version of EdgeVit: `edgevit inspect --json` prints it.\n");
        }
        text.Append("\n## Limits\n\nIt names one of its classes for every picture, also for pictures of something else; it is as good as the images that it learnt from. ")
            .Append(bits > 0 ? "Weights, activations and attention are single bits; the first convolution, shortcuts, norms and the classifier are floats.\n" : "All of it is computed in floats.\n");
        return text.ToString();
    }

    private static IEnumerable<(string Key, string Value)> Provenance(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            if (entry.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            {
                yield return (entry.Name, entry.Value.ToString());
            }
            else if (entry.Value.ValueKind == JsonValueKind.Array && entry.Value.GetArrayLength() > 0)
            {
                yield return (entry.Name, string.Join("; ", entry.Value.EnumerateArray().Select(v => v.ToString())));
            }
        }
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace('\n', ' ').Replace('\r', ' ');

    private static long Elements(StoredTensor tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);
}
