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
            files.RequirePlace();
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
            if (File.Exists(files.Best))
            {
                progress.Report(new Warned(
                    $"{files.Phase}: {files.Last} is not there, and the best weights beside it have no state of the optimizer: this training begins again. Put a copy of it back if there is one, and start this command anew."));
            }

            return TrainState.Start;
        }

        Dictionary<string, byte[]> extras = [];
        TrainState state = Checkpoint.Load(files.Last, model, learning.Optimizer, files.Configuration, extras);
        health?.Restore(extras.GetValueOrDefault(HealthMonitor.StateName));
        learning.Parts = Math.Max(learning.Parts, Parts(extras.GetValueOrDefault(PartsName)));

        if (extras.TryGetValue(FloatAverage.StateName, out byte[]? average))
        {
            learning.Average?.Restore(average);
        }

        if (state.Step < steps)
        {
            progress.Report(new Note($"{files.Phase}: going on after step {state.Step} of {steps}"));
        }

        return WithBest(state, steps, progress);
    }

    /// <summary>The state as it is without the best weights so far, where they are gone or damaged: the best of those that follow are then kept.</summary>
    private TrainState WithBest(TrainState state, long steps, IConvertProgress progress)
    {
        if (state.BestTop1 < 0 || Checkpoint.Fault(files.Best) is not { } fault)
        {
            return state;
        }

        progress.Report(new Warned($"{files.Phase}: the best weights so far are lost, as {files.Best} {fault}: "
            + (state.Step < steps ? "the last ones are gone on with, and the best of those that follow are kept" : "the last ones are taken in their place")));
        return state with { BestTop1 = TrainState.Start.BestTop1 };
    }

    /// <summary>Parts that batches were divided into when a checkpoint was written.</summary>
    internal static int Parts(string path) => Parts(Checkpoint.Extra(path, PartsName));

    private static int Parts(byte[]? saved) => saved is { Length: sizeof(int) } ? Math.Max(1, BitConverter.ToInt32(saved)) : 1;

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
