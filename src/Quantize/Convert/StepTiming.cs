using System.Diagnostics;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How long training steps take here: measured, on the run's own images, with networks that are thrown away.</summary>
internal static class StepTiming
{
    /// <summary>Steps that are measured, at most.</summary>
    internal const int Steps = 20;

    private const int Warmup = 2;

    /// <summary>After which no further steps are measured, where they are long.</summary>
    private static readonly TimeSpan s_enough = TimeSpan.FromSeconds(20);

    /// <summary>What was measured of the steps of a training.</summary>
    /// <param name="Seconds">Of a step: the median.</param>
    /// <param name="Steps">So many were measured.</param>
    /// <param name="Parts">Parts that a batch is computed in.</param>
    /// <param name="Memory">What it needs; null where that cannot be measured.</param>
    internal sealed record Result(double Seconds, int Steps, int Parts, BatchMemory? Memory);

    /// <summary>Measures <see cref="Steps"/> steps, fewer of long ones; loading of images included, and what several processes say to one another; all of them
    /// measure together and get the same seconds.</summary>
    internal static Result Measure(
        ITrainingTask task, TrainSettings settings, ImageData data, Augmentation augmentation, Device device, RunContext run)
    {
        ProcessGroup? group = run.Group;
        using var learning = new TrainingStep(task, settings, data.Source, device, run.Progress, group) { Bound = run.Memory };
        using var loader = new BatchLoader(data.Source, data.Split.Train, settings.BatchSize, augmentation, settings.Seed, BatchShare.Of(group, task.Division is not null), data.OnDevice);
        task.Model.train();
        learning.Begin(0);
        learning.Rehearse(loader.Get(0));
        List<double> seconds = [];
        long begin = Stopwatch.GetTimestamp();
        for (int step = 0; step < Warmup + Steps; step++)
        {
            run.Cancel.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            learning.Begin(step);
            learning.Run(loader.Get(step));
            double taken = Stopwatch.GetElapsedTime(start).TotalSeconds;
            // The first steps count where there is no time for others.
            bool enough = (group?.Broadcast(Stopwatch.GetElapsedTime(begin).TotalSeconds)[0] ?? Stopwatch.GetElapsedTime(begin).TotalSeconds) > s_enough.TotalSeconds;
            if (step >= Warmup || enough)
            {
                seconds.Add(taken);
            }

            if (enough)
            {
                break;
            }
        }
        seconds.Sort();
        double median = seconds[seconds.Count / 2];
        return new Result(group?.Broadcast(median)[0] ?? median, seconds.Count, learning.Parts, learning.Memory);
    }
}
