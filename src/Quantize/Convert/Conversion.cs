using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One conversion from its start to its end.</summary>
internal sealed class Conversion(RunContext run)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    private ConvertOptions Options => run.Options;

    /// <summary>The result; null of a process that has only assisted.</summary>
    internal ConvertResult? Run()
    {
        BinaryViTConfig preset = StudentLayout.Of(Options);
        using RunLock? held = run.Leads ? run.Folder.Prepare(Options.Resume, Options.Overwrite, RunSpace.Of(preset), run.Progress) : null;
        run.Introduce();
        Device device = TrainingDevice.Choose(Options.Device);
        WarnIfSlow(device);
        using RunInputs read = RunInputs.Read(run, preset, device);
        RunInputs inputs = Begin(read);
        double dataSeconds = Lap();

        var teacherPhase = new TeacherPhase(run, inputs);
        (ITeacher? teacher, double? teacherTop1) = teacherPhase.Run();
        double teacherSeconds = Lap();

        using BinaryViT student = NewStudent(inputs);
        var studentPhase = new StudentPhase(run, inputs);
        using var opened = teacher as IDisposable;
        try
        {
            studentPhase.Train(student, teacher);
        }
        finally
        {
            if (run.Leads)
            {
                run.Folder.WritePage(Title(inputs));
            }
        }
        run.Group?.Leave();
        if (!run.Leads)
        {
            return null;
        }

        double studentSeconds = Lap();

        run.Progress.Report(new PhaseStarted("export", "re-estimating norm statistics, packing"));
        double validationTop1 = studentPhase.Choose(student);
        // What is proven is what a processor computes in float32: a GPU's convolutions round their inputs (TF32).
        student.to(torch.CPU);
        LoweredModel lowered = Lowering.Lower(inputs.Network, ModelTensors.Export(student));
        string provenance = Provenance(inputs, teacher, teacherTop1, validationTop1);
        double exportSeconds = Lap();

        ProvenModel proven = ProofPhase.Prove(run, inputs.Data, student, lowered, provenance);
        foreach (string news in inputs.Data.ReplacementNews())
        {
            run.Progress.Report(new Warned(news));
        }

        run.Folder.Write(RunFiles.Model, proven.Certified.Bytes);
        ConvertResult result = Result(inputs, student, proven, teacherTop1, validationTop1, new ConvertTimings(dataSeconds, teacherSeconds, studentSeconds, exportSeconds, Lap()))
            with
        { TeacherHeads = teacherPhase.Heads, UnlabelledImages = inputs.Data.Split.Unlabelled.Count, PerClass = ByClass(inputs.Data, proven.Outcome.RightByClass, teacherPhase.RightByClass) };
        run.Folder.Write(RunFiles.Result, result.ToJson());
        using IDisposable mixed = MixedPrecision.Scope(inputs.Recipe.Teacher.MixedPrecision);
        ValidationMistakes mistakes = MistakeSearch.Run(
            proven.Certified.File, inputs.Data.Source, inputs.Data.Split.Held, inputs.Data.Unlabelled ? null : teacher, inputs.Device, run.Cancel);
        run.Folder.WritePage(Title(inputs), new RunAccuracy(result.Top1, result.SimulatorTop1, teacherTop1, result.TestImages, result.PerClass, mistakes));
        run.Folder.Write(RunFiles.Card, RunCard.Write(proven.Certified.File, result, inputs.Recipe, inputs.Data, Options));
        return result;
    }

    private string Title(RunInputs inputs) => $"{inputs.Network.Name} on {inputs.Data.Name}, seed {Options.Seed}";

    private static ClassAccuracy[] ByClass(ImageData data, int[] packed, int[]? teacher)
    {
        int[] images = new int[packed.Length];
        foreach (int index in data.TestIndices)
        {
            images[data.Test.Label(index)]++;
        }

        return [.. images.Select((count, c) => new ClassAccuracy(data.Test.Labels[c], count, packed[c], teacher?[c]))];
    }

    private void WarnIfSlow(Device device)
    {
        if (Options.Precision == ConvertOptions.BFloat16 && device.type == DeviceType.CPU && !MixedPrecision.Native)
        {
            run.Progress.Report(new Warned("--precision bfloat16: this processor has no instructions for it, so that training is slower than with float32"));
        }
    }

    /// <summary>Decides the lengths of the trainings and makes sure that all processes, and the run that goes on, have the same configuration.</summary>
    private RunInputs Begin(RunInputs inputs)
    {
        inputs = inputs with { Recipe = new TrainingLengths(run).Resolve(inputs) };
        inputs = inputs with { Configuration = Configuration.Describe(Options, inputs.Network, inputs.Recipe, inputs.Data) };
        run.Group?.RequireSame(inputs.Configuration);
        if (!run.Leads)
        {
            return inputs;
        }

        if (Options.Resume)
        {
            run.Folder.RequireSame(inputs.Configuration);
        }
        else if (Options.Overwrite)
        {
            run.Folder.Clear();
        }

        if (inputs.Data.Pictures is { } pictures && !(Options.Resume && run.Folder.RecordedPictures() is not null))
        {
            run.Folder.RecordPictures(pictures);
        }

        IReadOnlyDictionary<string, string>? typed = Options.Typed ?? (Options.Budget is { } time ? new Dictionary<string, string> { ["budget"] = time.ToString() } : null);
        run.Folder.Describe(inputs.Configuration, typed, inputs.Device.ToString(), torch.get_num_threads());
        return inputs;
    }

    private BinaryViT NewStudent(RunInputs inputs)
    {
        torch.manual_seed((long)Options.Seed);
        var student = new BinaryViT(inputs.Network, binarization: Options.Binarization);
        student.to(inputs.Device);
        if (Options.Init is { } init)
        {
            run.Progress.Report(new Note($"student starts from {InitialWeights.Load(student, init)}"));
        }

        return student;
    }

    private ConvertResult Result(RunInputs inputs, BinaryViT student, ProvenModel proven, double? teacherTop1, double validationTop1, ConvertTimings timings)
    {
        (ImageData data, EvitFile file, Verification.Outcome outcome) = (inputs.Data, proven.Certified.File, proven.Outcome);
        return new ConvertResult(
            run.Folder.Model, file.Bytes, file.Sha256, inputs.Network.Name, student.parameters().Sum(p => p.numel()), inputs.Network.Classes,
            data.Split.Train.Count, data.Split.Held.Count, data.TestIndices.Count, data.Skipped,
            outcome.PackedTop1, outcome.SimulatorTop1, teacherTop1, validationTop1, outcome.Same, outcome.Different,
            proven.Report, proven.Certified.Certificate, timings, RunContext.PeakMemory())
        { LabelledByTeacher = data.Unlabelled, Files = data.Files, ReplacedImages = data.Replaced };
    }

    private string Provenance(RunInputs inputs, ITeacher? teacher, double? teacherTop1, double validationTop1) =>
        JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["tool"] = $"edgevit {typeof(Converter).Assembly.GetName().Version?.ToString(3)}",
            ["data"] = $"{inputs.Data.Name}: {inputs.Data.Kind}, {inputs.Data.Split.Train.Count} training images",
            ["teacher"] = teacher is null ? "none" : string.Create(CultureInfo.InvariantCulture, $"{teacher.Name}, top-1 {teacherTop1:F2} %"),
            ["recipe"] = string.Create(CultureInfo.InvariantCulture,
                $"{inputs.Recipe.Student.Steps} steps of {inputs.Recipe.Student.BatchSize}, AdamW {inputs.Recipe.Student.LearningRate}, distillation T {Options.Temperature} weight {Options.TeacherWeight}"),
            ["seed"] = Options.Seed.ToString(CultureInfo.InvariantCulture),
            ["validationTop1"] = validationTop1.ToString("F2", CultureInfo.InvariantCulture),
        }, StringMapJson.Default.Map);

    private double Lap()
    {
        double seconds = _clock.Elapsed.TotalSeconds;
        _clock.Restart();
        return seconds;
    }
}
