using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Trains a teacher on images without labels before it learns these: <c>--pretrain mae</c>.</summary>
internal sealed class PretrainingPhase(RunContext run, RunInputs inputs)
{
    private const string Phase = "pretraining";

    /// <summary>Trains, and gives the network what has been learnt.</summary>
    internal void Train(SmallViT network, TeacherNetwork kind, TrainSettings settings)
    {
        run.Progress.Report(new PhaseStarted(Phase, $"{kind.Name} as a masked autoencoder, without labels"));
        using MaskedAutoencoder whole = Build(kind, inputs.Device);
        Trainer trainer = inputs.Trainer(run, Task(whole, kind, settings, run.Options, inputs.Device), settings, Phase, run.Folder.Pretraining, inputs.Data.Split.WithUnlabelled());
        trainer.Run(run.Options.Resume, run.Cancel, run.Deadline);
        whole.CopyTo(network);
    }

    /// <summary>What is learnt, in parts on several threads as the training on labels is.</summary>
    internal static ITrainingTask Task(MaskedAutoencoder whole, TeacherNetwork kind, TrainSettings settings, ConvertOptions options, Device device) =>
        new MaskedTask(whole, settings.Seed) { Division = TeacherTask.Division(kind, settings, options, () => new MaskedTask(Build(kind, device), settings.Seed)) };

    /// <summary>The transformer with a decoder, on a device.</summary>
    internal static MaskedAutoencoder Build(TeacherNetwork kind, Device device)
    {
        var whole = new MaskedAutoencoder((SmallViT)kind.Build(device));
        whole.to(device);
        return whole;
    }
}
