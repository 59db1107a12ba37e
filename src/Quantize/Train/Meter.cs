using System.Diagnostics;

namespace EdgeVit.Quantize;

/// <summary>Times and means of a running phase.</summary>
internal sealed class Meter(long steps, BatchLoader loader, string phase, TrainState start)
{
    private readonly Stopwatch _trained = Stopwatch.StartNew();
    private readonly Stopwatch _waited = new();
    private long _steps;
    private double _loss;
    private int _losses;

    internal Stopwatch SinceReport { get; } = Stopwatch.StartNew();

    /// <summary>Seconds trained, those before a resume included, pauses left out.</summary>
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

    /// <summary>Passes over the data done.</summary>
    internal double Epoch(long step) => (double)step / loader.StepsPerEpoch;

    /// <summary>Where the run is; the next report's loss is the mean from here on.</summary>
    internal TrainingProgress Report(StepDone step)
    {
        double perStep = _trained.Elapsed.TotalSeconds / Math.Max(1, _steps);
        double mean = _loss / Math.Max(1, _losses);
        (_loss, _losses) = (0, 0);
        SinceReport.Restart();
        return new TrainingProgress(phase, step.Step, steps, Epoch(step.Step), mean, step.Rate,
            loader.BatchSize / Math.Max(1e-9, perStep), TimeSpan.FromSeconds(perStep * (steps - step.Step)),
            _waited.Elapsed / _trained.Elapsed);
    }
}
