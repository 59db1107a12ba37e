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
    public static int Start(ConvertSettings settings, Printer printer)
    {
        ProcessGroup? group = null;
        using var interruption = new Interruption(() =>
        {
            string? hurry = group?.Grace is { } grace
                ? string.Create(CultureInfo.InvariantCulture, $"mpirun ends all in {grace.TotalSeconds:F0} s: where that is too short, the last checkpoint counts; mpirun --mca odls_base_sigkill_timeout 10 gives time") : null;
            if (group?.IsFirst != false)
            {
                printer.Warn($"stopping after this step and saving ({hurry ?? "Ctrl+C again ends at once"}) ...");
            }
        });
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
                    PlanReport.Print(printer, settings, plan);
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
            throw new UserException($"{(interruption.Token.IsCancellationRequested ? "stopped" : "the time of this call is over")}; what was trained so far is saved. Go on with:  edgevit convert --data {settings.Data} --out {settings.Out} --resume  (and the other options as before)", ExitCode.Interrupted, e);
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
            .Add("model", $"{r.Model}  {Quantity.Bytes(r.Bytes)}  {r.Network}, {Quantity.Count(r.Parameters)} parameters, {r.Classes} classes")
            .Add("images", $"{Quantity.Count(r.TrainImages)} to train, {Quantity.Count(r.ValidationImages)} to choose, {Quantity.Count(r.TestImages)} to test" + (r.SkippedImages > 0 ? $"; {Quantity.Count(r.SkippedImages)} cannot be decoded and were left out" : ""))
            .Add("teacher", r.LabelledByTeacher ? "made the labels" : r.TeacherTop1 is { } teacher ? $"top-1 {Percent(teacher)}" : "none")
            .Add("simulator", $"{right} {Percent(r.SimulatorTop1)}")
            .Add("packed", $"{right} {Percent(r.Top1)}")
            .AddLines("certificate", r.Certificate.Lines())
            .Add("time", $"{Seconds(t.Total)}: data {Seconds(t.Data)}, teacher {Seconds(t.Teacher)}, student {Seconds(t.Student)}, export {Seconds(t.Export)}, check {Seconds(t.Check)}")
            .Add("memory", $"{Quantity.Bytes(r.PeakMemoryBytes)} at most"));
        printer.Say("Next:");
        printer.Say($"  edgevit inspect {r.Model}");
        string seed = settings.Data == DatasetFolder.Shapes && settings.Seed is { } s ? $" --seed {s}" : "";
        string split = settings.Split is { } named ? $" --split {named}" : "";
        printer.Say($"  edgevit validate {r.Model} --data {settings.Data}{seed}{split}");
        printer.Say($"  edgevit bench {r.Model} --quick");
    }

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
        ["images"] = new JsonObject { ["train"] = r.TrainImages, ["validation"] = r.ValidationImages, ["test"] = r.TestImages, ["skipped"] = r.SkippedImages },
        ["files"] = SplitChoice.Json(r.Files),
        ["top1"] = Quantity.Json(r.Top1),
        ["simulator_top1"] = Quantity.Json(r.SimulatorTop1),
        ["labels"] = r.LabelledByTeacher ? "teacher" : "data",
        ["teacher_top1"] = Quantity.Json(r.TeacherTop1),
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
