using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>Prints what a conversion would take.</summary>
internal static class PlanReport
{
    public static void Print(Printer printer, ConvertSettings settings, ConvertPlan plan)
    {
        printer.Object(Json(plan));
        var table = new TextTable(null, "", "")
            .Add("student", $"{plan.Network}, {Quantity.Count(plan.Parameters)} parameters, {Quantity.Count(plan.BinaryParameters)} of them single bits ({Share(plan)})")
            .Add("model file", $"{Quantity.Bytes(plan.ModelBytes)} with 32-bit floats; as floats alone {Quantity.Bytes(4 * plan.Parameters)}")
            .Add("images", $"{Quantity.Count(plan.TrainImages)} to learn from");
        if (plan.Processes > 1)
        {
            table.Add("processes", $"{plan.Processes}, which measured together; batches are divided among them");
        }

        if (plan.Teacher is { } teacher)
        {
            table.Add("teacher training", Phase(teacher));
        }

        printer.Data(table
            .Add("student training", Phase(plan.Student))
            .Add("all training", $"{Quantity.Time(TimeSpan.FromSeconds(plan.Seconds))}, evaluations and the check apart")
            .Add("memory", $"{Quantity.Bytes(plan.PeakMemoryBytes)} at most so far{(plan.Processes > 1 ? ", in rank 0" : "")}"));
        printer.Say("Layout, as a file for --student:");
        printer.Data(plan.Layout);
        printer.Say("Next:");
        printer.Say($"  edgevit convert --data {settings.Data} --out {settings.Out}  (and the other options as before, without --plan)");
    }

    private static string Phase(PhasePlan phase) => string.Create(CultureInfo.InvariantCulture,
        $"{phase.Steps:N0} steps of {phase.BatchSize} images, {phase.StepSeconds * 1000:F0} ms a step, {phase.ImagesPerSecond:F0} img/s, an epoch in {Quantity.Time(TimeSpan.FromSeconds(phase.EpochSeconds))}, all in {Quantity.Time(TimeSpan.FromSeconds(phase.Seconds))}");

    private static string Share(ConvertPlan plan) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * plan.BinaryParameters / plan.Parameters:F1} %");

    private static JsonObject Json(ConvertPlan plan) => new()
    {
        ["network"] = plan.Network,
        ["layout"] = JsonNode.Parse(plan.Layout),
        ["parameters"] = plan.Parameters,
        ["binary_parameters"] = plan.BinaryParameters,
        ["model_bytes"] = plan.ModelBytes,
        ["train_images"] = plan.TrainImages,
        ["processes"] = plan.Processes,
        ["teacher"] = plan.Teacher is { } teacher ? Json(teacher) : null,
        ["student"] = Json(plan.Student),
        ["seconds"] = Quantity.Json(plan.Seconds, 2),
        ["memory"] = new JsonObject { ["peak_bytes"] = plan.PeakMemoryBytes },
    };

    private static JsonObject Json(PhasePlan phase) => new()
    {
        ["steps"] = phase.Steps,
        ["batch"] = phase.BatchSize,
        ["step_seconds"] = Quantity.Json(phase.StepSeconds, 6),
        ["epoch_seconds"] = Quantity.Json(phase.EpochSeconds, 3),
        ["images_per_second"] = Quantity.Json(phase.ImagesPerSecond, 1),
        ["seconds"] = Quantity.Json(phase.Seconds, 2),
    };
}
