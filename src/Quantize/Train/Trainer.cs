using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Where a trainer reads and writes.</summary>
/// <param name="Phase">teacher or student, in messages and metrics.</param>
/// <param name="Folder">Holds <c>last.safetensors</c> and <c>best.safetensors</c>.</param>
/// <param name="MetricsFile"><c>metrics.csv</c> of the run.</param>
/// <param name="Configuration">What a resumed run must share, key → value.</param>
internal sealed record TrainerFiles(string Phase, string Folder, string MetricsFile, IReadOnlyDictionary<string, string> Configuration)
{
    /// <summary>Time between two checkpoints, those at evaluations and at the end apart.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The newest checkpoint.</summary>
    public string Last => Path.Combine(Folder, "last.safetensors");

    /// <summary>The checkpoint of the best validation accuracy.</summary>
    public string Best => Path.Combine(Folder, "best.safetensors");
}

/// <summary>One straight training loop: AdamW, warm-up and cosine by step, gradient clipping, evaluations, checkpoints.</summary>
internal sealed class Trainer
{
    private const string PartsName = "parts";

    private static readonly TimeSpan s_reportEvery = TimeSpan.FromSeconds(0.5);

    private readonly ITrainingTask _task;
    private readonly TrainSettings _settings;
    private readonly Augmentation _augmentation;
    private readonly PixelSource _source;
    private readonly IReadOnlyList<int> _train;
    private readonly IReadOnlyList<int> _validation;
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
        IConvertProgress progress)
    {
        (_task, _settings, _source, _validation, _files, _progress, _device) = (task, settings, source, split.Held, files, progress, device);
        (_train, _augmentation) = (split.Train, augmentation);
    }

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
        nn.Module<Tensor, Tensor> model = _task.Model;
        bool first = Group?.IsFirst != false;
        BatchShare share = ShareOf(Group, _task);
        using var loader = new BatchLoader(_source, _train, _settings.BatchSize, _augmentation, _settings.Seed, share, OnDevice);
        if (Group is not null && loader.BatchSize < 2 * Group.Size)
        {
            throw new ConvertException(
                $"{_files.Phase}: the batch has {loader.BatchSize} images, but every one of {Group.Size} processes needs two: expected --batch {2 * Group.Size} or more.", ConvertException.Usage);
        }
        if (Group is not null && _settings.Accumulate > TrainingStep.MostParts(loader.BatchSize, Group.Size))
        {
            throw new ConvertException(
                $"{_files.Phase}: --accumulate is {_settings.Accumulate}, expected 1 to {TrainingStep.MostParts(loader.BatchSize, Group.Size)}, so that each of {Group.Size} processes has two images of each part of {loader.BatchSize}.", ConvertException.Usage);
        }
        using var learning = new TrainingStep(_task, _settings, _source, _device, _progress, Group);
        FlatOptimizer optimizer = learning.Optimizer;
        HealthMonitor? monitor = first ? HealthMonitor.For(model, _files.Phase, _source, _validation, _device, _settings.Steps, loader.StepsPerEpoch, _progress) : null;
        TrainState state = TrainState.Start;
        if (resume && first && File.Exists(_files.Last))
        {
            Dictionary<string, byte[]> extras = [];
            state = Checkpoint.Load(_files.Last, model, optimizer, _files.Configuration, extras);
            monitor?.Restore(extras.GetValueOrDefault(HealthMonitor.StateName));
            if (extras.TryGetValue(PartsName, out byte[]? parts) && parts.Length == sizeof(int))
            {
                learning.Parts = BitConverter.ToInt32(parts);
            }

            if (extras.TryGetValue(FloatAverage.StateName, out byte[]? average))
            {
                learning.Average?.Restore(average);
            }

            if (state.Step < _settings.Steps)
            {
                _progress.Report(new Note($"{_files.Phase}: going on after step {state.Step} of {_settings.Steps}"));
            }
        }
        if (Group is not null)
        {
            state = SharedStart.Of(Group, state, model, learning);
            if (state.Step < _settings.Steps)
            {
                learning.Begin(state.Step);
                learning.Rehearse(loader.Get(state.Step));
            }
        }
        if (state.Step >= _settings.Steps)
        {
            return state;
        }

        using MetricsLog? metrics = first ? MetricsLog.Open(_files.MetricsFile, _files.Phase, state.Step) : null;
        var meter = new Meter(_settings, loader, _files.Phase, state);
        model.train();
        for (long step = state.Step; step < _settings.Steps; step++)
        {
            double rate = learning.Begin(step);
            Batch batch = meter.Wait(() => loader.Get(step));
            (double loss, double norm) = learning.Run(batch);
            if (!double.IsFinite(loss) || !double.IsFinite(norm))
            {
                throw double.IsFinite(loss) ? NotFinite("gradient", norm, step) : NotFinite("loss", loss, step);
            }

            long done = step + 1;
            meter.Add(loss);
            state = state with { Step = done, Seconds = meter.Seconds };

            bool asked = cancel.IsCancellationRequested || (first && deadline.Passed);
            bool stop = (Group?.Any(asked) ?? asked) && done < _settings.Steps;
            bool evaluate = !stop && EvaluationAt(done);
            if (monitor?.Due(done) == true)
            {
                meter.Pause();
                metrics!.Write(new MetricsRow(_files.Phase, done, (double)done / loader.StepsPerEpoch, state.Seconds) { Health = monitor.Look(done) });
                meter.Continue();
            }
            if (evaluate && first)
            {
                state = Evaluate(model, state, meter, metrics!, rate, norm, learning.Mode);
            }

            if (first && (stop || evaluate || meter.SinceCheckpoint.Elapsed > _files.CheckpointEvery))
            {
                Checkpoint.Save(_files.Last, model, optimizer, state, _files.Configuration, Extras(monitor, learning));
                meter.SinceCheckpoint.Restart();
            }
            if (evaluate)
            {
                Group?.Barrier();
            }

            if (stop)
            {
                throw Interrupted(state, cancel.IsCancellationRequested);
            }

            if (metrics is not null && !evaluate && meter.SinceReport.Elapsed > s_reportEvery)
            {
                TrainingProgress report = meter.Report(done, rate);
                metrics.Write(Row(report, state, norm));
                _progress.Report(report);
            }
        }
        return state;
    }

    /// <summary>Right predictions in per cent, the network in evaluation mode.</summary>
    public static double Top1(nn.Module<Tensor, Tensor> model, PixelSource source, IReadOnlyList<int> indices, int batchSize, Device device)
    {
        if (indices.Count == 0)
        {
            return double.NaN;
        }

        bool training = model.training;
        model.eval();
        long right = 0;
        using (torch.no_grad())
        {
            foreach (Batch batch in BatchLoader.InOrder(source, indices, batchSize))
            {
                using DisposeScope scope = torch.NewDisposeScope();
                Tensor predictions = model.call(batch.ToTensor(source, device)).argmax(1);
                right += predictions.eq(torch.tensor(batch.Labels).to(device)).sum().item<long>();
            }
        }
        if (training)
        {
            model.train();
        }

        return 100.0 * right / indices.Count;
    }

    /// <summary>What of every batch this process works on.</summary>
    internal static BatchShare ShareOf(ProcessGroup? group, ITrainingTask task) =>
        group is null ? BatchShare.All : new BatchShare(group.Rank, group.Size, Apart: task.Division is not null);

    private bool EvaluationAt(long done) =>
        done == _settings.Steps || done * _settings.Evaluations / _settings.Steps != (done - 1) * _settings.Evaluations / _settings.Steps;

    private TrainState Evaluate(nn.Module<Tensor, Tensor> model, TrainState state, Meter meter, MetricsLog metrics, double rate, double norm, BinarizationMode mode)
    {
        TrainingProgress report = meter.Report(state.Step, rate);
        meter.Pause();
        double top1 = Top1(model, _source, _validation, _settings.EvaluationBatch, _device);
        // What floats reach says nothing about signs: while weights are floats, nothing is the best so far.
        bool counts = !mode.FloatWeights;
        bool better = counts && (double.IsNaN(top1) || top1 >= state.BestTop1);
        state = state with { BestTop1 = double.IsNaN(top1) || !counts ? state.BestTop1 : Math.Max(top1, state.BestTop1) };
        if (better)
        {
            Checkpoint.Save(_files.Best, model, null, state, _files.Configuration);
        }

        metrics.Write(Row(report, state, norm) with { Top1 = top1 });
        _progress.Report(report);
        _progress.Report(new Evaluated(_files.Phase, state.Step, _settings.Steps, report.Loss, top1, state.BestTop1));
        meter.Continue();
        return state;
    }

    private static MetricsRow Row(TrainingProgress report, TrainState state, double norm) => new(report.Phase, report.Step, report.Epoch, state.Seconds)
    {
        Rate = report.LearningRate,
        Loss = report.Loss,
        Norm = norm,
        ImagesPerSecond = report.ImagesPerSecond,
        DataWait = 100 * report.DataWait,
    };

    private static Dictionary<string, byte[]> Extras(HealthMonitor? monitor, TrainingStep learning)
    {
        Dictionary<string, byte[]> extras = new() { [PartsName] = BitConverter.GetBytes(learning.Parts) };
        if (learning.Average is { } average)
        {
            extras[FloatAverage.StateName] = average.Save();
        }

        if (monitor?.Save() is { } signs)
        {
            extras[HealthMonitor.StateName] = signs;
        }

        return extras;
    }

    private ConvertException NotFinite(string what, double value, long step)
    {
        string saved = File.Exists(_files.Last)
            ? $"The checkpoint {_files.Last} (after step {Checkpoint.Peek(_files.Last).Step}) is from before."
            : "No checkpoint was written yet.";
        return new ConvertException(string.Create(CultureInfo.InvariantCulture,
            $"{_files.Phase}: the {what} became {value} at step {step + 1} of {_settings.Steps}. Three likely causes: the learning rate ({_settings.LearningRate}) is too high, try a third of it; the warm-up ({_settings.Schedule.WarmupSteps} steps) is too short for this batch size; an image or the teacher gives values that are not finite, look at the data. {saved}"));
    }

    private ConvertException Interrupted(TrainState state, bool asked) => new(
        $"{_files.Phase}: {(asked ? "stopped" : "the time of this call is over")} after step {state.Step} of {_settings.Steps}; everything is saved in {_files.Last}. Go on with the same command and --resume.",
        ConvertException.Interrupted);

    /// <summary>Times and means of a running phase.</summary>
    private sealed class Meter(TrainSettings settings, BatchLoader loader, string phase, TrainState start)
    {
        private readonly Stopwatch _trained = Stopwatch.StartNew();
        private readonly Stopwatch _waited = new();
        private long _steps;
        private double _loss;
        private int _losses;

        internal Stopwatch SinceReport { get; } = Stopwatch.StartNew();

        internal Stopwatch SinceCheckpoint { get; } = Stopwatch.StartNew();

        internal double Seconds => start.Seconds + _trained.Elapsed.TotalSeconds;

        internal void Add(double loss)
        {
            _steps++;
            _loss += loss;
            _losses++;
        }

        /// <summary>Gets a batch and counts the time until it is there.</summary>
        internal Batch Wait(Func<Batch> get)
        {
            _waited.Start();
            Batch batch = get();
            _waited.Stop();
            return batch;
        }

        internal void Pause() => _trained.Stop();

        internal void Continue() => _trained.Start();

        internal TrainingProgress Report(long done, double rate)
        {
            double perStep = _trained.Elapsed.TotalSeconds / Math.Max(1, _steps);
            double mean = _loss / Math.Max(1, _losses);
            (_loss, _losses) = (0, 0);
            SinceReport.Restart();
            return new TrainingProgress(phase, done, settings.Steps, (double)done / loader.StepsPerEpoch, mean, rate,
                loader.BatchSize / Math.Max(1e-9, perStep), TimeSpan.FromSeconds(perStep * (settings.Steps - done)),
                _waited.Elapsed / _trained.Elapsed);
        }
    }
}
