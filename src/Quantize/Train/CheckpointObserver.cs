using System.Diagnostics;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Saves the newest checkpoint of a run, with all that a resumed run needs, and resumes from it.</summary>
internal sealed class CheckpointObserver(TrainerFiles files, nn.Module<Tensor, Tensor> model, TrainingStep learning, HealthMonitor? health) : IStepObserver
{
    private const string PartsName = "parts";

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    public void Observe(StepDone step)
    {
        if (step.Stops || step.Evaluates || _sinceLast.Elapsed > files.CheckpointEvery)
        {
            Checkpoint.Save(files.Last, model, learning.Optimizer, step.State, files.Configuration, Extras());
            _sinceLast.Restart();
        }
    }

    /// <summary>Takes up the last checkpoint; the start where there is none.</summary>
    /// <exception cref="ConvertException">It is damaged, or of another run.</exception>
    internal TrainState Resume(long steps, IConvertProgress progress)
    {
        if (!File.Exists(files.Last))
        {
            return TrainState.Start;
        }

        Dictionary<string, byte[]> extras = [];
        TrainState state = Checkpoint.Load(files.Last, model, learning.Optimizer, files.Configuration, extras);
        health?.Restore(extras.GetValueOrDefault(HealthMonitor.StateName));
        if (extras.TryGetValue(PartsName, out byte[]? parts) && parts.Length == sizeof(int))
        {
            learning.Parts = BitConverter.ToInt32(parts);
        }

        if (extras.TryGetValue(FloatAverage.StateName, out byte[]? average))
        {
            learning.Average?.Restore(average);
        }

        if (state.Step < steps)
        {
            progress.Report(new Note($"{files.Phase}: going on after step {state.Step} of {steps}"));
        }

        return state;
    }

    private Dictionary<string, byte[]> Extras()
    {
        Dictionary<string, byte[]> extras = new() { [PartsName] = BitConverter.GetBytes(learning.Parts) };
        if (learning.Average is { } average)
        {
            extras[FloatAverage.StateName] = average.Save();
        }

        if (health?.Save() is { } signs)
        {
            extras[HealthMonitor.StateName] = signs;
        }

        return extras;
    }
}
