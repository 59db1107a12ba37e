using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How long the trainings of a conversion take, and how long they may be.</summary>
internal sealed class TrainingLengths(RunContext run)
{
    /// <summary>Measures the steps of teacher and student; several processes do so together.</summary>
    internal (PhasePlan? Teacher, PhasePlan Student) Measure(RunInputs inputs)
    {
        run.Progress.Report(new PhaseStarted("plan", $"measuring {StepTiming.Steps} steps, or as many as take 20 s"));
        PhasePlan? teacher = Teacher(inputs) is { } known
            ? Of(inputs, TeacherTask.Of(known, known.Build(inputs.Device), inputs.Recipe.Teacher, run.Options, inputs.Device), inputs.Recipe.Teacher, inputs.Data.Split.Train.Count)
            : null;
        var student = new BinaryViT(inputs.Network, binarization: run.Options.Binarization);
        student.to(inputs.Device);
        return (teacher, Of(inputs, new ClassifyTask(student), inputs.Recipe.Student, inputs.Data.Split.WithUnlabelled().Train.Count));
    }

    /// <summary>Measures the steps of what the teacher learns before; null where it does not.</summary>
    internal PhasePlan? MeasurePretraining(RunInputs inputs) => inputs.Recipe.Pretraining is { } settings && Teacher(inputs) is { } known
        ? Of(inputs, PretrainingPhase.Task(PretrainingPhase.Build(known, inputs.Device), known, settings, run.Options, inputs.Device), settings, inputs.Data.Split.WithUnlabelled().Train.Count)
        : null;

    private TeacherNetwork? Teacher(RunInputs inputs) => TeacherTable.TrainedOf(run.Options.Teacher) is { } kind
        ? new TeacherNetwork(kind, inputs.Data.Source.Labels.Count, inputs.Data.Source.Preprocess.Height, inputs.Recipe.TeacherWidth, inputs.Network)
        : null;

    private PhasePlan Of(RunInputs inputs, ITrainingTask task, TrainSettings settings, int images)
    {
        using nn.Module<Tensor, Tensor> thrownAway = task.Model;
        StepTiming.Result measured = StepTiming.Measure(task, settings, inputs.Data, inputs.Recipe.Augmentation, inputs.Device, run);
        return new PhasePlan(settings.Steps, settings.BatchSize, measured.Seconds, Math.Max(1, images / settings.BatchSize))
        { MeasuredSteps = measured.Steps, Parts = measured.Parts, Memory = measured.Memory is { } m ? (m.Basis, m.ImageBytes) : null };
    }

    /// <summary>The recipe with lengths that fit a time.</summary>
    /// <exception cref="ConvertException">The time is too short.</exception>
    internal Recipe Fit(RunInputs inputs, TimeSpan time, PhasePlan? teacher, PhasePlan student)
    {
        (double teacherEpochs, double epochs) = Budget.Fit(time.TotalSeconds, teacher, student);
        ConvertOptions lengths = run.Options with { Budget = null, Epochs = epochs, TeacherEpochs = teacher is null ? null : teacherEpochs };
        return Recipe.For(lengths, inputs.Network, inputs.Data.Split.Train.Count, inputs.Data.Kind, inputs.Data.Split.Unlabelled.Count) with { TeacherWidth = inputs.Recipe.TeacherWidth };
    }

    /// <summary>The recipe with the lengths of this run, the same in all processes: those that fit its time, or, of a run that goes on, those that it
    /// began with.</summary>
    internal Recipe Resolve(RunInputs inputs)
    {
        Recipe recipe = run.Options.Budget is { } budget ? Fitted(inputs, budget) : inputs.Recipe;
        return run.Group?.Broadcast(recipe.Teacher.Steps, recipe.Student.Steps) is { } steps ? With(recipe, (long)steps[0], (long)steps[1]) : recipe;
    }

    private Recipe Fitted(RunInputs inputs, TimeSpan budget)
    {
        // The folder need not be readable by all; steps are measured by all or none.
        (long Teacher, long Student)? known = run.Options.Resume && run.Leads ? run.Folder.RecordedSteps() : null;
        double recorded = known is null ? 0 : 1;
        if ((run.Group?.Broadcast(recorded)[0] ?? recorded) == 1)
        {
            if (known is not null && !run.Folder.BeganWithBudget())
            {
                throw new ConvertException(
                    string.Create(CultureInfo.InvariantCulture, $"--budget: the run in {run.Options.Out} began without one, and its lengths stand ({known.Value.Teacher} steps of the teacher, {known.Value.Student} of the student). Leave it out and go on with the options of then; --stop-after ends this call after a time; or begin a new run with --budget in another --out."),
                    ConvertException.Usage);
            }

            return known is { } steps ? With(inputs.Recipe, steps.Teacher, steps.Student) : inputs.Recipe;
        }

        (PhasePlan? teacher, PhasePlan student) = Measure(inputs);
        if (!run.Leads)
        {
            return inputs.Recipe;
        }

        Recipe fitted = Fit(inputs, budget - run.Elapsed, teacher, student);
        run.Progress.Report(new Note(string.Create(CultureInfo.InvariantCulture,
            $"budget of {budget.TotalSeconds:F0} s: {(teacher is null ? "" : $"teacher {fitted.Teacher.Steps} steps of {teacher.StepSeconds * 1000:F0} ms, ")}student {fitted.Student.Steps} steps of {student.StepSeconds * 1000:F0} ms")));
        return fitted;
    }

    private static Recipe With(Recipe recipe, long teacherSteps, long studentSteps) =>
        recipe with { Teacher = recipe.Teacher with { Steps = teacherSteps }, Student = recipe.Student with { Steps = studentSteps } };
}
