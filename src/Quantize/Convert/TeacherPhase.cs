using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Provides a conversion's teacher: trains it, or loads it, or both and averages them.</summary>
internal sealed class TeacherPhase(RunContext run, RunInputs inputs)
{
    private readonly Recipe _recipe = inputs.Recipe;
    private readonly ImageData _data = inputs.Data;
    private readonly List<TeacherHeadFacts> _heads = [];

    /// <summary>The heads that were trained, or read again.</summary>
    internal IReadOnlyList<TeacherHeadFacts> Heads => _heads;

    /// <summary>Test images of each class that the teacher recognises; null where it was not measured.</summary>
    internal int[]? RightByClass { get; private set; }

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
            OpenedTeacher opened = TeacherFiles.Open(name, run.Options, _data.Source, inputs.Network, inputs.Device, TeacherFiles.Said(run, _data), heads: !_data.Unlabelled);
            if (opened.Backbone is { } backbone)
            {
                HeadedTeacher headed = new HeadPhase(run, inputs, backbone).Run(_heads.Count, out TeacherHeadFacts facts);
                _heads.Add(facts);
                return headed;
            }

            return opened.Teacher!;
        }
        var network = new TeacherNetwork(kind, _data.Source.Labels.Count, _data.Source.Preprocess.Height, _recipe.TeacherWidth, inputs.Network);
        run.Progress.Report(new PhaseStarted("teacher", network.Text));
        torch.manual_seed((long)run.Options.Seed);
        nn.Module<Tensor, Tensor> model = network.Build(inputs.Device);
        kind.Prepare(model, _data.Source, _data.Split.Train);
        if (_recipe.Pretraining is { } settings)
        {
            new PretrainingPhase(run, inputs).Train((SmallViT)model, network, settings);
            run.Progress.Report(new PhaseStarted("teacher", network.Text));
        }

        ITeacher? from = run.Options.TeachersTeacher is { } its ? FromFiles(its) : null;
        ITrainingTask task = TeacherTask.Of(network, model, _recipe.Teacher, run.Options, inputs.Device, from);
        Trainer trainer = inputs.Trainer(run, task, _recipe.Teacher, "teacher", run.Folder.Teacher);
        trainer.Run(run.Options.Resume, run.Cancel, run.Deadline);
        if (run.Leads && Checkpoint.Fault(trainer.Files.Best) is null)
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

        RightByClass = TeacherAccuracy.RightByClass(teacher, _data.Test, _data.TestIndices, _recipe.Teacher.EvaluationBatch, inputs.Device, run.Cancel);
        double top1 = 100.0 * RightByClass.Sum() / Math.Max(1, _data.TestIndices.Count);
        run.Progress.Report(new Note(string.Create(CultureInfo.InvariantCulture, $"teacher {teacher.Name}{how}: {top1:F2} % on {_data.TestIndices.Count} test images")));
        return top1;
    }
}
