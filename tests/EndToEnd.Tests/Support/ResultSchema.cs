using System.Text.Json.Nodes;
using Json.Schema;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The published schema of results of <c>edgevit bench</c>.</summary>
internal static class ResultSchema
{
    private static readonly JsonSchema s_schema = JsonSchema.FromText(Repository.Read("docs", "bench-result.schema.json"));

    /// <summary>Returns a result that fits; another one fails with what is wrong with it.</summary>
    public static JsonObject Check(JsonObject result)
    {
        EvaluationResults found = s_schema.Evaluate(result, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(found.IsValid, string.Join("\n", found.Details.Where(d => d.HasErrors).SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Key}: {e.Value}"))));
        return result;
    }

    public static bool Fits(JsonNode result) => s_schema.Evaluate(result, new EvaluationOptions { OutputFormat = OutputFormat.Flag }).IsValid;
}
