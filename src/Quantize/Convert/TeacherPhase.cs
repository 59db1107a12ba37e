using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Provides a conversion's teacher: trains it, or loads it, or both and averages them.</summary>
internal sealed class TeacherPhase(RunContext run, RunInputs inputs)
{
    private readonly Recipe _recipe = inputs.Recipe;
    private readonly ImageData _data = inputs.Data;

    /// <summary>Trains and loads the teachers and measures what they are together on the test images.</summary>
    /// <returns>The teacher and its right predictions in per cent; nulls without a teacher.</returns>
    internal (ITeacher? Teacher, double? Top1) Run()
    {
        IReadOnlyList<string> names = TeacherList.Split(run.Options.Teacher);
        if (names is [TeacherList.None])
        {
            return (null, null);
        }

        using IDisposable mixed = MixedPrecision.Scope(_recipe.Teacher.MixedPrecision);
        List<ITeacher> teachers = All(names);
        if (_data.Unlabelled)
        {
            return (Whole(teachers), null);
        }

        foreach (ITeacher teacher in teachers.Count > 1 ? teachers : [])
        {
            Measure(teacher);
        }

        ITeacher plain = Mean(teachers);
        double top1 = Measure(plain);
        if (!_recipe.Augmentation.Flip)
        {
            return (plain, top1);
        }

        var mirrored = new MirroredTeacher(plain);
        return (mirrored, Measure(mirrored, " with mirror images"));
    }

    private List<ITeacher> All(IReadOnlyList<string> names)
    {
        List<ITeacher> teachers = [];
        try
        {
            foreach (string name in names)
            {
                teachers.Add(One(name));
            }
        }
        catch
        {
            foreach (ITeacher teacher in teachers)
            {
                (teacher as IDisposable)?.Dispose();
            }

            throw;
        }
        return teachers;
    }

    private ITeacher One(string name)
    {
        if (TeacherTable.Find(name) is not { } kind)
        {
            run.Progress.Report(new PhaseStarted("teacher", $"loading {name}"));
            if (!FileTeacher.Takes(name))
            {
                RequireNormalisation(name);
            }

            return TeacherFiles.Open(name, run.Options, _data.Source, inputs.Network, inputs.Device, run.Progress);
        }
        var network = new TeacherNetwork(kind, _data.Source.Labels.Count, _data.Source.Preprocess.Height, _recipe.TeacherWidth, inputs.Network);
        run.Progress.Report(new PhaseStarted("teacher", network.Text));
        torch.manual_seed((long)run.Options.Seed);
        nn.Module<Tensor, Tensor> model = network.Build(inputs.Device);
        kind.Prepare(model, _data.Source, _data.Split.Train);
        ITeacher? from = run.Options.TeachersTeacher is { } its ? FromFiles(its) : null;
        ITrainingTask task = TeacherTask.Of(network, model, _recipe.Teacher, run.Options, inputs.Device, from);
        Trainer trainer = inputs.Trainer(run, task, _recipe.Teacher, "teacher", run.Folder.Teacher);
        trainer.Run(run.Options.Resume, run.Cancel, run.Deadline);
        if (run.Leads)
        {
            Checkpoint.Load(trainer.Files.Best, model);
        }

        run.Group?.Broadcast(model);
        return new ModuleTeacher(network.Name, model);
    }

    /// <summary>The teacher's own teacher, from files, its answers kept where they fit.</summary>
    private ITeacher FromFiles(string names)
    {
        ITeacher whole = Whole([.. TeacherList.Split(names).Select(One)]);
        if (!(_recipe.Augmentation.IsNone || inputs.Device.type == DeviceType.CPU) || !CachedTeacher.Fits(_data.Split.Train.Count, _data.Source.Labels.Count))
        {
            return whole;
        }

        ITeacher cached = CachedTeacher.Ask(whole, _data.Source, _data.Split.Train, inputs.Device, run.Progress, run.Cancel);
        (whole as IDisposable)?.Dispose();
        return cached;
    }

    private static ITeacher Mean(IReadOnlyList<ITeacher> teachers) => teachers.Count == 1 ? teachers[0] : new MeanTeacher(teachers);

    /// <summary>The teachers as one, which looks at mirror images where training images are mirrored.</summary>
    private ITeacher Whole(IReadOnlyList<ITeacher> teachers) => _recipe.Augmentation.Flip ? new MirroredTeacher(Mean(teachers)) : Mean(teachers);

    private double Measure(ITeacher teacher, string how = "")
    {
        // Rank 0 alone measures and reports.
        if (!run.Leads)
        {
            return double.NaN;
        }

        double top1 = TeacherAccuracy.Top1(teacher, _data.Test, _data.TestIndices, _recipe.Teacher.EvaluationBatch, inputs.Device, run.Cancel);
        run.Progress.Report(new Note(string.Create(CultureInfo.InvariantCulture, $"teacher {teacher.Name}{how}: {top1:F2} % on {_data.TestIndices.Count} test images")));
        return top1;
    }

    /// <summary>A teacher sees the student's pixels: it must have learnt from pixels with the same normalisation.</summary>
    private void RequireNormalisation(string teacher)
    {
        foreach (string key in (string[])[ConfigurationKeys.Mean, ConfigurationKeys.Std])
        {
            if (Checkpoint.Setting(teacher, key) is string learnt && !ConfigurationKeys.Near(learnt, inputs.Configuration[key]))
            {
                throw new ConvertException(
                    $"--teacher {teacher}: it learnt from images with {key} {learnt}, these images have {inputs.Configuration[key]}, so its answers would mean nothing. Take a teacher of the same data, or train one here (--teacher {ConvNetTeacher.Name}).",
                    ConvertException.Usage);
            }
        }
    }
}
