using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One straight training loop. Whatever else happens at a step (evaluations, checkpoints, reports) is done by its observers.</summary>
internal sealed class Trainer
{
    private readonly ITrainingTask _task;
    private readonly TrainSettings _settings;
    private readonly Augmentation _augmentation;
    private readonly PixelSource _source;
    private readonly DataSplit _split;
    private readonly TrainerFiles _files;
    private readonly IConvertProgress _progress;
    private readonly Device _device;

    /// <summary>Prepares a run.</summary>
    /// <param name="task">Network and loss.</param>
    /// <param name="settings">Checked settings.</param>
    /// <param name="source">The images.</param>
    /// <param name="split">Which to learn from and which to evaluate on.</param>
    /// <param name="augmentation">How training images vary.</param>
    /// <param name="device">Where the network is.</param>
    /// <param name="files">Where checkpoints and metrics go.</param>
    /// <param name="progress">Receives events.</param>
    public Trainer(
        ITrainingTask task, TrainSettings settings, PixelSource source, DataSplit split, Augmentation augmentation, Device device, TrainerFiles files,
        IConvertProgress progress) =>
        (_task, _settings, _source, _split, _augmentation, _device, _files, _progress) = (task, settings, source, split, augmentation, device, files, progress);

    /// <summary>Where checkpoints and metrics go.</summary>
    public TrainerFiles Files => _files;

    /// <summary>The processes that train together; null for this one alone. All begin as rank 0 does, which alone evaluates and writes.</summary>
    public ProcessGroup? Group { get; init; }

    /// <summary>The images on the device, where batches are then made; null for the processor.</summary>
    public DeviceImages? OnDevice { get; init; }

    /// <summary>Trains to the end, from the last checkpoint if <paramref name="resume"/> and there is one.</summary>
    /// <param name="resume">Whether to go on from the last checkpoint.</param>
    /// <param name="cancel">Stops after the step in progress, with everything saved.</param>
    /// <param name="deadline">When this call ends; the run can go on in another.</param>
    /// <exception cref="ConvertException">The loss is not finite; the run was stopped; a file cannot be written.</exception>
    public TrainState Run(bool resume, CancellationToken cancel, Deadline deadline = default)
    {
        using var loader = new BatchLoader(_source, _split.Train, _settings.BatchSize, _augmentation, _settings.Seed, BatchShare.Of(Group, _task.Division is not null), OnDevice);
        SharedStart.RequireEnough(Group, loader.BatchSize, _settings, _files.Phase);
        using var learning = new TrainingStep(_task, _settings, _source, _device, _progress, Group);
        HealthMonitor? health = ProcessGroup.Leads(Group) ? HealthMonitor.For(_task.Model, _files.Phase, _source, _split.Held, _device, _settings.Steps, loader.StepsPerEpoch, _progress) : null;
        var checkpoints = new CheckpointObserver(_files, _task.Model, learning, health);
        TrainState state = resume && ProcessGroup.Leads(Group) ? checkpoints.Resume(_settings.Steps, _progress) : TrainState.Start;
        state = Group is null ? state : SharedStart.Of(Group, state, _task.Model, learning, loader, _settings.Steps);
        if (state.Step >= _settings.Steps)
        {
            return state;
        }

        var stop = new StopSignal(Group, deadline, cancel);
        using MetricsLog? metrics = ProcessGroup.Leads(Group) ? MetricsLog.Open(_files.MetricsFile, _files.Phase, state.Step) : null;
        var meter = new Meter(_settings.Steps, loader, _files.Phase, state);
        IReadOnlyList<IStepObserver> observers = metrics is null ? [new GroupBarrier(Group)] : Observers(metrics, meter, health, checkpoints);
        _task.Model.train();
        while (state.Step < _settings.Steps)
        {
            double rate = learning.Begin(state.Step);
            Batch batch = meter.Wait(() => loader.Get(state.Step));
            (double loss, double norm) = learning.Run(batch);
            NotFinite.Check(loss, norm, state.Step, _settings, _files);
            meter.Add(loss);
            state = new TrainState(state.Step + 1, state.BestTop1, meter.Seconds);
            var done = new StepDone(state, rate, norm, learning.Mode, Stops: stop.Asked() && state.Step < _settings.Steps, _settings);
            foreach (IStepObserver observer in observers)
            {
                observer.Observe(done);
            }

            state = done.State;
            if (done.Stops)
            {
                throw stop.Interrupted(state, _settings.Steps, _files);
            }
        }
        return state;
    }

    /// <summary>Those of rank 0, in the order in which they see a step.</summary>
    private IReadOnlyList<IStepObserver> Observers(MetricsLog metrics, Meter meter, HealthMonitor? health, CheckpointObserver checkpoints) =>
    [
        .. health is null ? (IStepObserver[])[] : [new HealthObserver(health, metrics, meter, _files.Phase)],
        new Evaluator(_task.Model, _source, _split.Held, _settings.EvaluationBatch, _device, _files, metrics, meter, _progress),
        checkpoints,
        new GroupBarrier(Group),
        new ProgressObserver(metrics, meter, _progress),
    ];
}
