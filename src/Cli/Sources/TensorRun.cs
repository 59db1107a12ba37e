using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Runs an exact tensor and prints its logits.</summary>
internal static class TensorRun
{
    public static int Run(EvitModel model, Session session, string spec, int top, Printer printer)
    {
        (string name, float[] input, int images) = TensorInput.Read(spec, model.InputShape);
        int odd = Array.FindIndex(input, v => !float.IsFinite(v));
        if (odd >= 0)
        {
            throw new UserException($"{name}: value {odd} (image {odd / (input.Length / images)}) is {input[odd].ToString(System.Globalization.CultureInfo.InvariantCulture)}, expected finite numbers.");
        }

        float[] logits = new float[images * model.Classes];
        session.RunNchw(input, logits);
        var results = new JsonArray();
        var rows = new JsonArray();
        for (int i = 0; i < images; i++)
        {
            float[] row = logits.AsSpan(i * model.Classes, model.Classes).ToArray();
            results.Add((JsonNode)new JsonObject { ["source"] = $"{name}[{i}]", ["top"] = PredictionText.Json(Prediction.Top(row, model.Labels, top)) });
            rows.Add((JsonNode)new JsonArray([.. row.Select(v => (JsonNode)JsonValue.Create(v))]));
            printer.Data(string.Join(' ', row.Select(v => v.ToString("R", System.Globalization.CultureInfo.InvariantCulture))));
        }

        printer.Object(new JsonObject { ["results"] = results, ["logits"] = rows, ["kernel"] = session.KernelName });
        return ExitCode.Ok;
    }
}
