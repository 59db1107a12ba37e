using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>Batches made by tensor operations from a copy of all pixels on the device, against those that the loader makes: the same numbers.</summary>
public class DeviceImagesTests
{
    private static readonly int[] s_some = [.. Enumerable.Range(0, 45).Select(i => i + 2)];

    private static readonly Augmentation[] s_augmentations =
    [
        Augmentation.None,
        new Augmentation(0, true),
        new Augmentation(4, false),
        new Augmentation(3, true, Erase: 0.5),
        new Augmentation(2, true) { Repeats = 3 },
        new Augmentation(2, true) { Mixing = new Mixing(0.5, 0) },
        new Augmentation(2, true, Erase: 1) { Mixing = new Mixing(0, 1), Repeats = 2 },
        new Augmentation(31, true, Erase: 0.3) { Mixing = new Mixing(1, 1) },
    ];

    public static TheoryData<int> Augmentations => [.. Enumerable.Range(0, s_augmentations.Length)];

    [Theory]
    [MemberData(nameof(Augmentations))]
    public void TheBatchesAreTheSame(int number)
    {
        Augmentation augmentation = s_augmentations[number];
        PixelSource source = DataTests.Shapes(48).Normalised([0.4f, 0.45f, 0.5f], [0.2f, 0.3f, 0.25f]);
        using var images = new DeviceImages(source, torch.CPU);
        foreach ((ulong seed, int batch) in new[] { (1UL, 16), (7UL, 15), (9UL, 5), (11UL, 45) })
        {
            BatchShare?[] shares = batch < 12 ? [null] : [null, new(0, 2, true), new(2, 3, false), new(1, 3, true)];
            foreach (BatchShare? share in shares)
            {
                using var here = new BatchLoader(source, s_some, batch, augmentation, seed, share);
                using var there = new BatchLoader(source, s_some, batch, augmentation, seed, share, images);
                for (long step = 0; step < (3 * here.StepsPerEpoch) + 1; step++)
                {
                    RequireSame(here.Get(step), there.Get(step), source, $"seed {seed}, batch {batch}, {share}, step {step}");
                }
                // A run that goes on asks for a step in the middle.
                RequireSame(here.Get(1), there.Get(1), source, $"seed {seed}, batch {batch}, {share}, again");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ATrainingIsTheSame(int parts)
    {
        PixelSource source = DataTests.Shapes(40);
        var augmentation = new Augmentation(3, true, 0.4) { Mixing = new Mixing(0.5, 0.5) };
        using var images = new DeviceImages(source, torch.CPU);
        float[] here = Train(source, augmentation, parts, null);
        float[] there = Train(source, augmentation, parts, images);
        Assert.Equal(here, there);
    }

    [Fact]
    public void TheDeviceIsChosenWhereItCanAndSaysWhyNot()
    {
        PixelSource kept = DataTests.Shapes(8);
        PixelSource onDemand = DataTests.Shapes(8, limit: 100);
        var crops = new Augmentation(0, true) { Crop = 0.3 };
        var silent = new SilentProgress();
        Assert.Null(DeviceImages.For("auto", kept, Augmentation.None, torch.CPU, silent));
        Assert.Null(DeviceImages.For("cpu", kept, Augmentation.None, new torch.Device(DeviceType.CUDA), silent));
        using (DeviceImages? images = DeviceImages.For("device", kept, Augmentation.None, torch.CPU, silent))
        {
            Assert.NotNull(images);
        }

        Assert.Contains("--random-crop and --rand-augment are computed on the processor", Refused(kept, crops), StringComparison.Ordinal);
        Assert.Contains("decoded on demand", Refused(onDemand, Augmentation.None), StringComparison.Ordinal);

        // Without a wish a GPU's training goes on with the processor's batches and says why.
        var notes = new Notes();
        Assert.Null(DeviceImages.For("auto", onDemand, Augmentation.None, new torch.Device(DeviceType.CUDA), notes));
        Assert.Contains("vary on the processor: the images do not fit into memory", Assert.Single(notes.Texts), StringComparison.Ordinal);

        ConvertException wrong = Assert.Throws<ConvertException>(() => new ConvertOptions { Data = "shapes", Out = "x", AugmentOn = "gpu" }.Validate());
        Assert.Contains("--augment-on is 'gpu', expected auto, cpu or device", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AConversionIsTheSame()
    {
        using var folder = new TempFolder();
        string[] models = [.. ((string[])["cpu", "device"]).Select(where =>
        {
            ConvertOptions options = WorkerProgram.Options(folder.File(where), "resnet", 1) with { AugmentOn = where, Erase = 0.3, Mixup = 0.2 };
            return Converter.Convert(options, new SilentProgress()).Sha256;
        })];
        Assert.Equal(models[0], models[1]);
    }

    private static string Refused(PixelSource source, Augmentation augmentation)
    {
        ConvertException refused = Assert.Throws<ConvertException>(() => DeviceImages.For("device", source, augmentation, torch.CPU, new SilentProgress()));
        Assert.Equal(ConvertException.Usage, refused.ExitCode);
        return refused.Message;
    }

    private static void RequireSame(Batch here, Batch there, PixelSource source, string what)
    {
        Assert.Equal(here.Indices, there.Indices);
        Assert.Equal(here.Labels, there.Labels);
        Assert.Equal(here.Mirrored, there.Mirrored);
        Assert.Equal((here.Epoch, here.OwnShare, here.Whole), (there.Epoch, there.OwnShare, there.Whole));
        Assert.Empty(there.Images);
        foreach (int parts in (int[])[1, 2])
        {
            for (int part = 0; part < parts && here.Count >= 4; part++)
            {
                using DisposeScope scope = torch.NewDisposeScope();
                float[] expected = ModelTensors.ToArray(here.Part(part, parts).ToTensor(source, torch.CPU));
                float[] found = ModelTensors.ToArray(there.Part(part, parts).ToTensor(source, torch.CPU));
                Assert.True(expected.AsSpan().SequenceEqual(found), $"{what}, part {part} of {parts}");
            }
        }
    }

    private static float[] Train(PixelSource source, Augmentation augmentation, int parts, DeviceImages? images)
    {
        using var loader = new BatchLoader(source, s_some[..36], 12, augmentation, seed: 3, onDevice: images);
        torch.manual_seed(5);
        using var model = new ResNet(10, 8);
        var settings = new TrainSettings { Steps = 10, BatchSize = 12, Warmup = 0, Accumulate = parts };
        using var step = new TrainingStep(new ClassifyTask(model), settings, source, torch.CPU);
        model.train();
        for (int i = 0; i < 7; i++)
        {
            step.Begin(i);
            step.Run(loader.Get(i));
        }
        return [.. model.parameters().SelectMany(ModelTensors.ToArray)];
    }

    private sealed class Notes : IConvertProgress
    {
        public List<string> Texts { get; } = [];

        public void Report(ConvertEvent value)
        {
            if (value is Note note)
            {
                Texts.Add(note.Text);
            }
        }
    }
}
