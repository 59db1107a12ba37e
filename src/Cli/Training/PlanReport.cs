using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>Prints what a conversion would take.</summary>
internal static class PlanReport
{
    public static void Print(Printer printer, ConvertSettings settings, IReadOnlyList<OptionGroup> options, ConvertPlan plan)
    {
        var recipe = new PlannedRecipe(settings, plan);
        printer.Object(Json(plan, recipe, options));
        var table = new TextTable(null, "", "")
            .Add("student", $"{plan.Network}, {printer.Count(plan.Parameters)} parameters, {printer.Count(plan.BinaryParameters)} of them single bits ({Share(plan)})")
            .Add("model file", $"{Quantity.Bytes(plan.ModelBytes)} with 32-bit floats; as floats alone {Quantity.Bytes(4 * plan.Parameters)}")
            .Add("images", $"{printer.Count(plan.TrainImages)} to learn from");
        if (plan.Processes > 1)
        {
            table.Add("processes", $"{plan.Processes}, which measured together; batches are divided among them");
        }

        if (plan.Pretraining is { } pretraining)
        {
            table.Add("pretraining", Phase(pretraining, printer));
        }

        if (plan.Teacher is { } teacher)
        {
            table.Add("teacher training", Phase(teacher, printer));
        }

        if (plan.Answers is { } answers)
        {
            table.Add("teacher's answers", Answers(answers, printer));
        }

        printer.Data(table
            .Add("student training", Phase(plan.Student, printer))
            .Add("all training", $"{Quantity.Time(TimeSpan.FromSeconds(plan.Seconds))}, evaluations and the check apart")
            .Add("memory", $"{Quantity.Bytes(plan.PeakMemoryBytes)} at most so far{(plan.Processes > 1 ? ", in rank 0" : "")}{(plan.Bound is { } bound ? $", of {Quantity.Bytes(bound.Bytes)} ({bound.Reason})" : "")}")
            .AddLines("faster", [.. Advice(plan)]));
        printer.Say("Layout, as a file for --student:");
        printer.Data(plan.Layout);
        printer.Say("Recipe, as a file for --recipe:");
        printer.Data(recipe.Text(options));
        printer.Say("Next:");
        printer.Say($"  edgevit convert --data {ShellQuote.Word(settings.Data)} --out {ShellQuote.Word(settings.Out)}  (and the other options as before, without --plan)");
    }

    private static string Answers(AnswerCost answers, Printer printer) => string.Create(CultureInfo.InvariantCulture,
        $"{answers.Teacher}: {printer.Count(answers.Passes)} images of {answers.ImageSeconds * 1000:F1} ms, all in {Quantity.Time(TimeSpan.FromSeconds(answers.Seconds))}; ")
        + (answers.Bytes == 0 ? "asked at every step, as the images' variations show other parts of them (--teacher-views N asks beforehand)"
            : $"asked once, {Quantity.Bytes(answers.Bytes)} kept {(answers.OnDisk ? "in the run folder" : "in memory")}");

    private static string Phase(PhasePlan phase, Printer printer) => string.Create(CultureInfo.InvariantCulture,
        $"{printer.Count(phase.Steps)} steps of {phase.BatchSize} images, {phase.StepSeconds * 1000:F0} ms a step, {phase.ImagesPerSecond:F0} img/s, an epoch in {Quantity.Time(TimeSpan.FromSeconds(phase.EpochSeconds))}, all in {Quantity.Time(TimeSpan.FromSeconds(phase.Seconds))}")
        + (phase.Memory is { } m ? $"; {Quantity.Bytes(m.Image)} an image, {Quantity.Bytes(m.Basis)} besides" : "") + (phase.Parts > 1 ? $"; a batch in {phase.Parts} parts" : "");

    /// <summary>What would make the training faster, as far as the plan shows it.</summary>
    private static IEnumerable<string> Advice(ConvertPlan plan)
    {
        if (plan.Student is { Parts: > 1, Memory: { } memory } student && plan.Bound is not null)
        {
            yield return $"a batch in one part, which norms see whole, needs about {Quantity.Bytes(memory.Basis + (1.25 * memory.Image * student.BatchSize))}: free memory, more with --memory, or --batch {Math.Max(2, student.BatchSize / student.Parts)}";
        }

        if (plan.Seconds > 24 * 3600)
        {
            yield return "a GPU (--device cuda), a smaller --student or --image-size, fewer --epochs, or --budget TIME";
        }
    }

    private static string Share(ConvertPlan plan) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * plan.BinaryParameters / plan.Parameters:F1} %");

    private static JsonObject Json(ConvertPlan plan, PlannedRecipe recipe, IReadOnlyList<OptionGroup> options) => new()
    {
        ["recipe"] = new JsonObject(recipe.Values(options).Where(static v => v.Value is not null).Select(static v => KeyValuePair.Create(v.Name, (JsonNode?)v.Value))),
        ["network"] = plan.Network,
        ["layout"] = JsonNode.Parse(plan.Layout),
        ["parameters"] = plan.Parameters,
        ["binary_parameters"] = plan.BinaryParameters,
        ["model_bytes"] = plan.ModelBytes,
        ["train_images"] = plan.TrainImages,
        ["processes"] = plan.Processes,
        ["pretraining"] = plan.Pretraining is { } pretraining ? Json(pretraining) : null,
        ["teacher"] = plan.Teacher is { } teacher ? Json(teacher) : null,
        ["answers"] = plan.Answers is { } answers ? new JsonObject
        {
            ["teacher"] = answers.Teacher,
            ["images"] = answers.Passes,
            ["image_seconds"] = Quantity.Json(answers.ImageSeconds, 6),
            ["seconds"] = Quantity.Json(answers.Seconds, 2),
            ["bytes"] = answers.Bytes,
            ["on_disk"] = answers.OnDisk,
        } : null,
        ["student"] = Json(plan.Student),
        ["seconds"] = Quantity.Json(plan.Seconds, 2),
        ["memory"] = new JsonObject { ["peak_bytes"] = plan.PeakMemoryBytes, ["bound_bytes"] = plan.Bound?.Bytes, ["bound"] = plan.Bound?.Reason },
    };

    private static JsonObject Json(PhasePlan phase) => new()
    {
        ["steps"] = phase.Steps,
        ["batch"] = phase.BatchSize,
        ["step_seconds"] = Quantity.Json(phase.StepSeconds, 6),
        ["epoch_seconds"] = Quantity.Json(phase.EpochSeconds, 3),
        ["images_per_second"] = Quantity.Json(phase.ImagesPerSecond, 1),
        ["seconds"] = Quantity.Json(phase.Seconds, 2),
        ["measured_steps"] = phase.MeasuredSteps,
        ["parts"] = phase.Parts,
        ["image_bytes"] = phase.Memory?.Image,
        ["basis_bytes"] = phase.Memory?.Basis,
    };
}
