using System.Diagnostics;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How long training steps take here: measured, on the run's own images, with networks that are thrown away.</summary>
internal static class StepTiming
{
    /// <summary>Steps that are measured.</summary>
    internal const int Steps = 20;

    private const int Warmup = 2;

    /// <summary>Seconds of a step, the median over <see cref="Steps"/> steps; loading of images included, and what several processes say to one another; all of them
    /// measure together and get the same.</summary>
    internal static double Measure(
        ITrainingTask task, TrainSettings settings, ImageData data, Augmentation augmentation, Device device, CancellationToken cancel, ProcessGroup? group = null)
    {
        using var learning = new TrainingStep(task, settings, data.Source, device, null, group);
        using var loader = new BatchLoader(data.Source, data.Split.Train, settings.BatchSize, augmentation, settings.Seed, BatchShare.Of(group, task.Division is not null), data.OnDevice);
        task.Model.train();
        learning.Begin(0);
        learning.Rehearse(loader.Get(0));
        List<double> seconds = [];
        for (int step = 0; step < Warmup + Steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            learning.Begin(step);
            learning.Run(loader.Get(step));
            if (step >= Warmup)
            {
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        seconds.Sort();
        double median = seconds[seconds.Count / 2];
        return group?.Broadcast(median)[0] ?? median;
    }
}
