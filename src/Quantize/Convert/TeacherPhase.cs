using System.Globalization;
using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Provides a conversion's teacher: trains it, or loads it, or both and averages them.</summary>
internal sealed class TeacherPhase(ConvertOptions options, RunFolder folder, IConvertProgress progress, Deadline deadline, CancellationToken cancel, ProcessGroup? group = null)
{
    /// <summary>Trains and loads the teachers and measures what they are together on the test images.</summary>
    /// <returns>The teacher and its right predictions in per cent; nulls without a teacher.</returns>
    internal (ITeacher? Teacher, double? Top1) Run(
        Recipe recipe, ImageData data, BinaryViTConfig network, Device device, IReadOnlyDictionary<string, string> configuration)
    {
        IReadOnlyList<string> names = TeacherList.Split(options.Teacher);
        if (names is [TeacherList.None])
        {
            return (null, null);
        }

        List<ITeacher> teachers = [];
        using IDisposable mixed = MixedPrecision.Scope(recipe.Teacher.MixedPrecision);
        try
        {
            foreach (string name in names)
            {
                teachers.Add(One(name, recipe, data, network, device, configuration));
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
        if (data.Unlabelled)
        {
            return (Whole(teachers, recipe), null);
        }

        foreach (ITeacher teacher in teachers.Count > 1 ? teachers : [])
        {
            Measure(teacher, recipe, data, device);
        }

        ITeacher whole = teachers.Count == 1 ? teachers[0] : new MeanTeacher(teachers);
        double top1 = Measure(whole, recipe, data, device);
        if (!recipe.Augmentation.Flip)
        {
            return (whole, top1);
        }

        whole = new MirroredTeacher(whole);
        return (whole, Measure(whole, recipe, data, device, " with mirror images"));
    }

    private ITeacher One(
        string name, Recipe recipe, ImageData data, BinaryViTConfig network, Device device, IReadOnlyDictionary<string, string> configuration)
    {
        int classes = data.Source.Classes.Count;
        int side = data.Source.Preprocess.Height;
        if (!TeacherNetwork.Kinds.Contains(name))
        {
            progress.Report(new PhaseStarted("teacher", $"loading {name}"));
            if (!FileTeacher.Takes(name))
            {
                RequireNormalisation(name, configuration);
            }

            return TeacherFiles.Open(name, options, data.Source, network, device, progress);
        }
        var kind = new TeacherNetwork(name, classes, side, recipe.TeacherWidth, network);
        progress.Report(new PhaseStarted("teacher", kind.Text));
        torch.manual_seed((long)options.Seed);
        nn.Module<Tensor, Tensor> model = kind.Build(device);
        TeacherNetwork.Prepare(model, data.Source, data.Split.Train);
        ITeacher? from = options.TeachersTeacher is { } its ? Known(its, recipe, data, network, device, configuration) : null;
        ITrainingTask task = TeacherTask.Of(kind, model, recipe.Teacher, options, device, from);
        var files = new TrainerFiles("teacher", folder.Teacher, folder.Metrics, configuration) { CheckpointEvery = options.CheckpointEvery };
        new Trainer(task, recipe.Teacher, data.Source, data.Split, recipe.Augmentation, device, files, progress) { Group = group, OnDevice = data.OnDevice }.Run(options.Resume, cancel, deadline);
        if (group?.IsFirst != false)
        {
            Checkpoint.Load(files.Best, model);
        }

        group?.Broadcast(model);
        return new ModuleTeacher(kind.Name, model);
    }

    /// <summary>The teacher's own teacher, from files, its answers kept where they fit.</summary>
    private ITeacher Known(string names, Recipe recipe, ImageData data, BinaryViTConfig network, Device device, IReadOnlyDictionary<string, string> configuration)
    {
        List<ITeacher> teachers = [.. TeacherList.Split(names).Select(n => One(n, recipe, data, network, device, configuration))];
        ITeacher whole = Whole(teachers, recipe);
        if (!(recipe.Augmentation.IsNone || device.type == DeviceType.CPU) || !CachedTeacher.Fits(data.Split.Train.Count, data.Source.Classes.Count))
        {
            return whole;
        }

        ITeacher cached = CachedTeacher.Ask(whole, data.Source, data.Split.Train, device, progress, cancel);
        (whole as IDisposable)?.Dispose();
        return cached;
    }

    /// <summary>The teachers as one, who looks at mirror images where training images are mirrored.</summary>
    private static ITeacher Whole(IReadOnlyList<ITeacher> teachers, Recipe recipe)
    {
        ITeacher whole = teachers.Count == 1 ? teachers[0] : new MeanTeacher(teachers);
        return recipe.Augmentation.Flip ? new MirroredTeacher(whole) : whole;
    }

    private double Measure(ITeacher teacher, Recipe recipe, ImageData data, Device device, string how = "")
    {
        // One process measures; it alone reports.
        if (group is { IsFirst: false })
        {
            return double.NaN;
        }

        double top1 = TeacherAccuracy.Top1(teacher, data.Test, data.TestIndices, recipe.Teacher.EvaluationBatch, device, cancel);
        progress.Report(new Note(string.Create(CultureInfo.InvariantCulture, $"teacher {teacher.Name}{how}: {top1:F2} % on {data.TestIndices.Count} test images")));
        return top1;
    }

    /// <summary>A teacher sees the student's pixels: it must have learnt from pixels that were normalised alike.</summary>
    private static void RequireNormalisation(string teacher, IReadOnlyDictionary<string, string> configuration)
    {
        foreach (string key in (string[])[ConfigurationKeys.Mean, ConfigurationKeys.Std])
        {
            if (Checkpoint.Setting(teacher, key) is string learnt && !ConfigurationKeys.Near(learnt, configuration[key]))
            {
                throw new ConvertException(
                    $"--teacher {teacher}: it learnt from images with {key} {learnt}, these images have {configuration[key]}, so its answers would mean nothing. Take a teacher of the same data, or train one here (--teacher {TeacherNetwork.ConvNet}).",
                    ConvertException.Usage);
            }
        }
    }
}
