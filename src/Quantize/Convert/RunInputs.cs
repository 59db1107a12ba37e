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
        RequireSmaller(options, preset);
        TeacherList.Require(options);
        InitialWeights.Require(options.Init);
        torch.set_num_threads(options.Threads ?? Environment.ProcessorCount);
        run.Progress.Report(new PhaseStarted("data", $"reading {options.Data}"));
        ImageData data = new ImageReading(run, preset, device).Read();
        BinaryViTConfig network = preset.With(classes: data.Source.Labels.Count, imageSize: options.ImageSize);
        Recipe recipe = Recipe.For(options, network, data.Split.Train.Count, data.Kind, data.Split.Unlabelled.Count);
        if (options.BatchSize > data.Split.Train.Count + data.Split.Unlabelled.Count)
        {
            run.Progress.Report(new Warned($"--batch {options.BatchSize}: there are {data.Split.Train.Count} training images, and a step takes all of them"));
        }

        DeviceImages? onDevice = DeviceImages.For(options.AugmentOn, data.Source, recipe.Augmentation, device, run.Progress);
        return new RunInputs(device, data with { OnDevice = onDevice }, network, recipe);
    }

    /// <summary>What has to be smaller than something that is only known now.</summary>
    private static void RequireSmaller(ConvertOptions options, BinaryViTConfig preset)
    {
        int side = options.ImageSize ?? preset.ImageSize;
        if (options.Pad >= side)
        {
            throw new ConvertException($"--pad is {options.Pad}, expected 0 to {side - 1}: less than the {side} pixels of an image's side.", ConvertException.Usage);
        }
    }

    /// <summary>A training of one of the two networks on these images.</summary>
    internal Trainer Trainer(RunContext run, ITrainingTask task, TrainSettings settings, string phase, string folder, DataSplit? split = null) => new(
        task, settings, Data.Source, split ?? Data.Split, Recipe.Augmentation, Device,
        new TrainerFiles(phase, folder, run.Folder.Metrics, Configuration) { CheckpointEvery = run.Options.CheckpointEvery, RequirePlace = run.Folder.RequireHeld }, run.Progress)
    { Group = run.Group, OnDevice = Data.OnDevice, Memory = run.Memory };

    public void Dispose() => Data.OnDevice?.Dispose();
}
