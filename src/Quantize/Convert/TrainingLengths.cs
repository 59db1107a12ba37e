using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How long the trainings of a conversion take, and how long they may be.</summary>
internal sealed class TrainingLengths(ConvertOptions options, IConvertProgress progress, CancellationToken cancel)
{
    /// <summary>Measures the steps of teacher and student; several processes do so together.</summary>
    internal (PhasePlan? Teacher, PhasePlan Student) Measure(Recipe recipe, BinaryViTConfig network, ImageData data, Device device, ProcessGroup? group = null)
    {
        progress.Report(new PhaseStarted("plan", $"measuring {StepTiming.Steps} steps"));
        PhasePlan Of(ITrainingTask task, TrainSettings settings)
        {
            using nn.Module<Tensor, Tensor> thrownAway = task.Model;
            double seconds = StepTiming.Measure(task, settings, data, recipe.Augmentation, device, cancel, group);
            return new PhasePlan(settings.Steps, settings.BatchSize, seconds, Math.Max(1, data.Split.Train.Count / settings.BatchSize));
        }

        PhasePlan? teacher = null;
        if (TeacherNetwork.KindOf(TeacherList.Split(options.Teacher)) is { } kind)
        {
            var known = new TeacherNetwork(kind, data.Source.Classes.Count, data.Source.Preprocess.Height, recipe.TeacherWidth, network);
            teacher = Of(TeacherTask.Of(known, known.Build(device), recipe.Teacher, options, device), recipe.Teacher);
        }
        var student = new BinaryViT(network, binarization: options.Binarization);
        student.to(device);
        return (teacher, Of(new ClassifyTask(student), recipe.Student));
    }

    /// <summary>The recipe with lengths that fit a time.</summary>
    /// <exception cref="ConvertException">The time is too short.</exception>
    internal Recipe Fit(Recipe recipe, TimeSpan time, PhasePlan? teacher, PhasePlan student, BinaryViTConfig network, ImageData data)
    {
        (double teacherEpochs, double epochs) = Budget.Fit(time.TotalSeconds, teacher, student);
        ConvertOptions lengths = options with { Budget = null, Epochs = epochs, TeacherEpochs = teacher is null ? null : teacherEpochs };
        return Recipe.For(lengths, network, data.Split.Train.Count, data.Kind) with { TeacherWidth = recipe.TeacherWidth };
    }
}
