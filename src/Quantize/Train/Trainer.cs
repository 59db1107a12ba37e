using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One straight training loop. Whatever else happens at a step (evaluations, checkpoints, reports) is done by its observers.</summary>
/// <param name="split">Which to learn from and which to evaluate on.</param>
internal sealed class Trainer(
    ITrainingTask task, TrainSettings settings, PixelSource source, DataSplit split, Augmentation augmentation, Device device, TrainerFiles files,
    IConvertProgress progress)
{
    public TrainerFiles Files => files;

    /// <summary>The processes that train together; null for this one alone. All begin as rank 0 does, which alone evaluates and writes.</summary>
    public ProcessGroup? Group { get; init; }

    /// <summary>How much memory the process may have.</summary>
    public MemoryBound Memory { get; init; } = MemoryBound.None;

    /// <summary>The images on the device, where batches are then made; null for the processor.</summary>
    public DeviceImages? OnDevice { get; init; }

    /// <summary>Trains to the end, from the last checkpoint if <paramref name="resume"/> and there is one.</summary>
    /// <param name="deadline">When this call ends; the run can go on in another.</param>
    /// <exception cref="ConvertException">The loss is not finite; the run was stopped; a file cannot be written.</exception>
    public TrainState Run(bool resume, CancellationToken cancel, Deadline deadline = default)
    {
        using var loader = new BatchLoader(source, split.Train, settings.BatchSize, augmentation, settings.Seed, BatchShare.Of(Group, task.Division is not null), OnDevice);
        SharedStart.RequireEnough(Group, loader.BatchSize, settings, files.Phase);
        using var learning = new TrainingStep(task, settings, source, device, progress, Group) { Bound = Memory };
        HealthMonitor? health = ProcessGroup.Leads(Group) ? HealthMonitor.For(task.Model, files.Phase, source, split.Held, device, settings.Steps, loader.StepsPerEpoch, progress) : null;
        var checkpoints = new CheckpointObserver(files, task.Model, learning, health);
        TrainState state = resume && ProcessGroup.Leads(Group) ? checkpoints.Resume(settings.Steps, progress) : TrainState.Start;
        state = Group is null ? state : SharedStart.Of(Group, state, task.Model, learning, loader, settings.Steps);
        if (state.Step >= settings.Steps)
        {
            return state;
        }

        if (Group is null && Memory.IsKnown)
        {
            learning.Begin(state.Step);
            learning.Rehearse(loader.Get(state.Step));
        }

        files.RequirePlace();
        var stop = new StopSignal(Group, deadline, cancel);
        using MetricsLog? metrics = ProcessGroup.Leads(Group) ? MetricsLog.Open(files.MetricsFile, files.Phase, state.Step) : null;
        var meter = new Meter(settings.Steps, loader, files.Phase, state);
        IReadOnlyList<IStepObserver> observers = metrics is null ? [new GroupBarrier(Group), new ReplacementObserver(source.Replacements, meter, new SilentProgress(), Group)] : Observers(metrics, meter, health, checkpoints);
        task.Model.train();
        while (state.Step < settings.Steps)
        {
            double rate = learning.Begin(state.Step);
            Batch batch = meter.Wait(() => loader.Get(state.Step));
            (double loss, double norm) = learning.Run(batch);
            NotFinite.Check(loss, norm, state.Step, settings, files);
            meter.Add(loss);
            state = new TrainState(state.Step + 1, state.BestTop1, meter.Seconds);
            var done = new StepDone(state, rate, norm, learning.Mode, Stops: stop.Asked() && state.Step < settings.Steps, settings);
            foreach (IStepObserver observer in observers)
            {
                observer.Observe(done);
            }

            state = done.State;
            if (done.Stops)
            {
                throw stop.Interrupted(state, settings.Steps, files);
            }
        }
        return state;
    }

    /// <summary>Those of rank 0, in the order in which they see a step.</summary>
    private IReadOnlyList<IStepObserver> Observers(MetricsLog metrics, Meter meter, HealthMonitor? health, CheckpointObserver checkpoints) =>
    [
        .. health is null ? (IStepObserver[])[] : [new HealthObserver(health, metrics, meter, files.Phase, progress)],
        .. task.Classifies ? (IStepObserver[])[new Evaluator(task.Model, source, split.Held, settings.EvaluationBatch, device, files, metrics, meter, progress)] : [],
        checkpoints,
        new GroupBarrier(Group),
        new ReplacementObserver(source.Replacements, meter, progress, Group),
        new ProgressObserver(metrics, meter, progress),
    ];
}
