using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Predictions for people and for programs.</summary>
internal static class PredictionText
{
    private const int MostOnALine = 3;

    public static string Line(IReadOnlyList<Prediction> best) => string.Join("  ", best.Take(MostOnALine).Select(p => $"{p.Label} {Quantity.Percent(p.Probability)}"));

    public static TextTable Table(IReadOnlyList<Prediction> best)
    {
        var table = new TextTable(null, ">probability", "label", ">index");
        foreach (Prediction p in best)
        {
            table.Add(Quantity.Percent(p.Probability, 2), p.Label, Quantity.Count(p.Index));
        }

        return table;
    }

    public static JsonArray Json(IReadOnlyList<Prediction> best) => new([.. best.Select(p => (JsonNode)new JsonObject
    {
        ["label"] = p.Label,
        ["index"] = p.Index,
        ["probability"] = Quantity.Json(p.Probability, 6),
    })]);
}
