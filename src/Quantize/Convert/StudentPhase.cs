using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>Trains a conversion's student and chooses the weights that are packed.</summary>
internal sealed class StudentPhase(RunContext run, RunInputs inputs)
{
    private readonly Recipe _recipe = inputs.Recipe;
    private readonly ImageData _data = inputs.Data;

    /// <summary>What a student learns.</summary>
    internal static ITrainingTask Task(BinaryViT student, ITeacher? teacher, ConvertOptions options) => teacher is null
        ? new ClassifyTask(student, options.LabelSmoothing)
        : new DistillTask(student, teacher, options.Temperature, options.TeacherWeight, options.HardDistillation) { FeatureWeight = options.FeatureWeight };

    internal void Train(BinaryViT student, ITeacher? teacher)
    {
        run.Progress.Report(new PhaseStarted("student", string.Create(CultureInfo.InvariantCulture,
            $"{(teacher is null ? "training" : "distilling")} {student.Config.Name}, {student.parameters().Sum(p => p.numel()):N0} parameters, {_recipe.Student.Steps} steps of {_recipe.Student.BatchSize}")));
        DataSplit all = _data.Split.WithUnlabelled();
        Augmentation augmentation = _recipe.Augmentation with { Views = teacher is null ? 0 : run.Options.TeacherViews };
        bool cache = augmentation.Views > 0 || augmentation.IsNone || (inputs.Device.type == TorchSharp.DeviceType.CPU && augmentation.KeepsContent);
        using (MixedPrecision.Scope(_recipe.Student.MixedPrecision))
        {
            if (teacher is not null && cache)
            {
                var place = new AnswerPlace(augmentation, _recipe.Student.Seed, run.Leads && Directory.Exists(run.Options.Out) ? run.Options.Out : null, run.Options.FeatureWeight > 0);
                teacher = CachedTeacher.Ask(teacher, _data.Source, all.Train, inputs.Device, place, run.Progress, run.Cancel) ?? teacher;
            }
        }

        RunInputs taught = teacher is null || all == _data.Split ? inputs
            : inputs with { Data = _data with { Source = UnlabelledImages.Answered(_data.Source, _data.Split, teacher, inputs.Device, run.Progress, run.Cancel) } };
        taught = taught with { Recipe = _recipe with { Augmentation = augmentation } };
        taught.Trainer(run, Task(student, teacher, run.Options), _recipe.Student, "student", run.Folder.Student, all).Run(run.Options.Resume, run.Cancel, run.Deadline);
    }

    /// <summary>Chooses, by the validation images, between the last and the best weights and between the running statistics of their norms
    /// and fresh ones, estimated with frozen weights.</summary>
    /// <returns>Right predictions of what was chosen, per cent.</returns>
    internal double Choose(BinaryViT student)
    {
        using var best = new BestWeights(student);
        void Consider(string name) => best.Consider(name, Accuracy.Top1(student, _data.Source, _data.Split.Held, _recipe.Student.EvaluationBatch, inputs.Device));

        // As in training, norms see a part of a batch where that was divided.
        int parts = CheckpointObserver.Parts(Path.Combine(run.Folder.Student, TrainerFiles.LastName));
        int batch = Math.Max(2, _recipe.Student.BatchSize / parts);
        void Reestimate() => NormStatistics.Reestimate(
            student, _data.Source, _data.Split.WithUnlabelled().Train, _recipe.Augmentation, batch, run.Options.Binarization.NormBatches, inputs.Device, run.Options.Seed, _data.OnDevice);

        Consider("last weights, running statistics");
        bool fresh = run.Options.Binarization.NormBatches > 0;
        if (fresh)
        {
            Reestimate();
            Consider("last weights, fresh statistics");
        }
        if (_recipe.Student.Regularization.Average is > 0 and double decay
            && Checkpoint.Extra(Path.Combine(run.Folder.Student, TrainerFiles.LastName), FloatAverage.StateName) is { } means)
        {
            using var average = new FloatAverage(student, decay);
            average.Restore(means);
            average.Apply();
            Reestimate();
            Consider("last signs, mean floats, fresh statistics");
        }
        string path = Path.Combine(run.Folder.Student, TrainerFiles.BestName);
        if (Checkpoint.Fault(path) is null && Checkpoint.Peek(path).Step < _recipe.Student.Steps)
        {
            Checkpoint.Load(path, student);
            Consider("best weights, running statistics");
            if (fresh)
            {
                Reestimate();
                Consider("best weights, fresh statistics");
            }
        }
        best.Restore();
        run.Progress.Report(new Note(string.Create(CultureInfo.InvariantCulture, $"student: {best.Top1:F2} % on {_data.Split.Held.Count} validation images ({best.Name})")));
        return best.Top1;
    }
}
