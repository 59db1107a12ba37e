using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>What a conversion works on.</summary>
internal sealed record RunInputs(Device Device, ImageData Data, BinaryViTConfig Network, Recipe Recipe) : IDisposable
{
    /// <summary>Everything that decides the outcome, key → value.</summary>
    internal IReadOnlyDictionary<string, string> Configuration { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads the images, once it is clear that teacher and initial weights can be had.</summary>
    /// <exception cref="ConvertException">Something that the options name cannot be used.</exception>
    internal static RunInputs Read(RunContext run, BinaryViTConfig preset, Device device)
    {
        ConvertOptions options = run.Options;
        TeacherList.Require(options);
        InitialWeights.Require(options.Init);
        // On two cores one thread is the better default: libtorch's convolutions spin at their barriers, so that they run 20 times slower as
        // soon as another program has one of the cores.
        torch.set_num_threads(options.Threads ?? (Environment.ProcessorCount <= 2 ? 1 : Environment.ProcessorCount));
        run.Progress.Report(new PhaseStarted("data", $"reading {options.Data}"));
        ImageData data = ImageData.Open(options, preset, device, run.Progress, run.Cancel);
        BinaryViTConfig network = preset.With(classes: data.Source.Labels.Count, imageSize: options.ImageSize);
        Recipe recipe = Recipe.For(options, network, data.Split.Train.Count, data.Kind);
        DeviceImages? onDevice = DeviceImages.For(options.AugmentOn, data.Source, recipe.Augmentation, device, run.Progress);
        return new RunInputs(device, data with { OnDevice = onDevice }, network, recipe);
    }

    /// <summary>A training of one of the two networks on these images.</summary>
    internal Trainer Trainer(RunContext run, ITrainingTask task, TrainSettings settings, string phase, string folder) => new(
        task, settings, Data.Source, Data.Split, Recipe.Augmentation, Device,
        new TrainerFiles(phase, folder, run.Folder.Metrics, Configuration) { CheckpointEvery = run.Options.CheckpointEvery }, run.Progress)
    { Group = run.Group, OnDevice = Data.OnDevice };

    public void Dispose() => Data.OnDevice?.Dispose();
}
