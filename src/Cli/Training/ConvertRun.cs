using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>Runs a conversion and reports it. Only this folder knows the training assemblies.</summary>
internal static class ConvertRun
{
    /// <summary>Converts; returns the exit code.</summary>
    /// <exception cref="UserException">It failed, was stopped, or the packed model is not what was trained.</exception>
    public static int Start(ConvertSettings settings, IReadOnlyList<OptionGroup> options, Printer printer)
    {
        settings.RequireEffect();
        ProcessGroup? group = null;
        using var interruption = new Interruption(() => Stopping(settings, group, printer), saves: true);
        var progress = new ConvertDisplay(printer);
        ConvertResult result;
        try
        {
            group = GroupStart.FromEnvironment(settings.Device, interruption.Token);
            if (settings.Plan)
            {
                bool first = group?.IsFirst != false;
                ConvertPlan plan = Converter.Plan(settings.ToOptions(), first ? progress : new SilentProgress(), interruption.Token, group);
                if (first)
                {
                    PlanReport.Print(printer, settings, options, plan);
                }

                return ExitCode.Ok;
            }
            if (group is { IsFirst: false })
            {
                return Assist(settings, group, interruption.Token);
            }

            result = Converter.Convert(settings.ToOptions(), progress, interruption.Token, group);
        }
        catch (ConvertException e) when (e.ExitCode == ConvertException.Interrupted && !settings.Plan)
        {
            string word = interruption.Token.IsCancellationRequested ? "stopped" : "the time of this call is over";
            throw new UserException(
                File.Exists(Path.Combine(settings.Out, "config.json"))
                    ? $"{word}; what was trained so far is saved. Go on with:  edgevit convert --data {ShellQuote.Word(settings.Data)} --out {ShellQuote.Word(settings.Out)} --resume  (and the other options as before)"
                    : $"{word}.",
                ExitCode.Interrupted, e);
        }
        catch (ConvertException e)
        {
            throw new UserException(e.Message, e.ExitCode, e);
        }
        catch (ModelFormatException e)
        {
            throw new UserException(e.Message, ExitCode.Usage, e);
        }
        printer.Object(Json(result));
        Print(printer, settings, result);
        return ExitCode.Ok;
    }

    private static void Stopping(ConvertSettings settings, ProcessGroup? group, Printer printer)
    {
        if (group?.IsFirst == false)
        {
            return;
        }

        string hurry = group?.Grace is { } grace
            ? string.Create(CultureInfo.InvariantCulture, $"mpirun ends all in {grace.TotalSeconds:F0} s: where that is too short, the last checkpoint counts; mpirun --mca odls_base_sigkill_timeout 10 gives time") : "Ctrl+C again ends at once";
        printer.Warn(settings.Plan ? $"stopping ({hurry}) ..." : $"stopping after this step and saving ({hurry}) ...");
    }

    /// <summary>Takes part in the training of rank 0, which prints and writes.</summary>
    private static int Assist(ConvertSettings settings, ProcessGroup group, CancellationToken cancel)
    {
        try
        {
            Converter.Assist(settings.ToOptions(), group, cancel);
            return ExitCode.Ok;
        }
        catch (ConvertException e) when (e.ExitCode == ConvertException.Interrupted)
        {
            return ExitCode.Interrupted;
        }
    }

    private static void Print(Printer printer, ConvertSettings settings, ConvertResult r)
    {
        ConvertTimings t = r.Timings;
        string right = r.LabelledByTeacher ? "agreement with the teacher" : "top-1";
        printer.Data(new TextTable(null, "", "")
            .Add("model", $"{r.Model}  {Quantity.Bytes(r.Bytes)}  {r.Network}, {printer.Count(r.Parameters)} parameters, {r.Classes} classes")
            .Add("images", Images(r, printer))
            .Add("teacher", r.LabelledByTeacher ? "made the labels" : r.TeacherTop1 is { } teacher ? $"top-1 {Percent(teacher)}" : "none")
            .Add("simulator", $"{right} {Percent(r.SimulatorTop1)}")
            .Add("packed", $"{right} {Percent(r.Top1)}")
            .AddLines("certificate", r.Certificate.Lines(printer.RichData))
            .Add("time", $"{Seconds(t.Total)}: data {Seconds(t.Data)}, teacher {Seconds(t.Teacher)}, student {Seconds(t.Student)}, export {Seconds(t.Export)}, check {Seconds(t.Check)}")
            .Add("memory", $"{Quantity.Bytes(r.PeakMemoryBytes)} at most"));
        printer.Say("Next:");
        string model = ShellQuote.Word(r.Model);
        printer.Say($"  edgevit inspect {model}");
        string seed = settings.Data == DatasetFolder.Shapes && settings.Seed is { } s ? $" --seed {s}" : "";
        string split = settings.Split is { } named ? $" --split {ShellQuote.Word(named)}" : "";
        string labels = settings.LabelsCsv is { } table ? $" --labels-csv {ShellQuote.Word(table)}" : "";
        printer.Say($"  edgevit validate {model} --data {ShellQuote.Word(settings.Data)}{seed}{split}{labels}");
        printer.Say($"  edgevit bench {model} --quick");
    }

    private static string Images(ConvertResult r, Printer printer) =>
        $"{printer.Count(r.TrainImages)} to train, {printer.Count(r.ValidationImages)} to choose, {printer.Count(r.TestImages)} to test"
        + (r.UnlabelledImages > 0 ? $"; {printer.Count(r.UnlabelledImages)} without labels" : "")
        + (r.SkippedImages > 0 ? $"; {printer.Count(r.SkippedImages)} cannot be decoded and were left out" : "")
        + (r.ReplacedImages > 0 ? $"; {printer.Count(r.ReplacedImages)} could not be read during the training and were replaced by others of their class" : "");

    private static string Percent(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:F2} %");

    private static string Seconds(double value) => Quantity.Time(TimeSpan.FromSeconds(value));

    private static JsonObject Certificate(ConvertResult r)
    {
        JsonObject json = JsonNode.Parse(r.Certificate.ToJson())!.AsObject();
        json["same_predictions"] = r.SamePredictions;
        json["different_predictions"] = r.DifferentPredictions;
        json["report"] = JsonNode.Parse(r.Parity.ToJson());
        return json;
    }

    private static JsonObject Json(ConvertResult r) => new()
    {
        ["model"] = r.Model,
        ["bytes"] = r.Bytes,
        ["sha256"] = r.Sha256,
        ["network"] = r.Network,
        ["parameters"] = r.Parameters,
        ["classes"] = r.Classes,
        ["images"] = new JsonObject { ["train"] = r.TrainImages, ["validation"] = r.ValidationImages, ["test"] = r.TestImages, ["unlabelled"] = r.UnlabelledImages, ["skipped"] = r.SkippedImages, ["replaced"] = r.ReplacedImages },
        ["files"] = SplitChoice.Json(r.Files),
        ["top1"] = Quantity.Json(r.Top1),
        ["simulator_top1"] = Quantity.Json(r.SimulatorTop1),
        ["labels"] = r.LabelledByTeacher ? "teacher" : "data",
        ["teacher_top1"] = Quantity.Json(r.TeacherTop1),
        ["teacher_heads"] = new JsonArray([.. r.TeacherHeads.Select(h => (JsonNode)new JsonObject
        {
            ["teacher"] = h.Teacher,
            ["features"] = h.Features,
            ["images"] = h.Images,
            ["held_out_top1"] = Quantity.Json(h.HeldOutTop1),
            ["weight_decay"] = h.WeightDecay,
        })]),
        ["validation_top1"] = Quantity.Json(r.ValidationTop1),
        ["certificate"] = Certificate(r),
        ["seconds"] = new JsonObject
        {
            ["data"] = Quantity.Json(r.Timings.Data, 2),
            ["teacher"] = Quantity.Json(r.Timings.Teacher, 2),
            ["student"] = Quantity.Json(r.Timings.Student, 2),
            ["export"] = Quantity.Json(r.Timings.Export, 2),
            ["check"] = Quantity.Json(r.Timings.Check, 2),
            ["total"] = Quantity.Json(r.Timings.Total, 2),
        },
        ["memory"] = new JsonObject { ["peak_bytes"] = r.PeakMemoryBytes },
    };
}
