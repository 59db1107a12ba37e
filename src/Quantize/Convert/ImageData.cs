using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The images of a conversion.</summary>
/// <param name="Name">The data set's name.</param>
/// <param name="Kind">What it was recognised as.</param>
/// <param name="Source">The training set.</param>
/// <param name="Split">Which of it are learnt from, which are held out for choices.</param>
/// <param name="Test">The test set, or the training set where the data has none.</param>
/// <param name="TestIndices">The test images within <paramref name="Test"/>.</param>
/// <param name="Skipped">Images left out because they cannot be decoded.</param>
internal sealed record ImageData(
    string Name, string Kind, PixelSource Source, DataSplit Split, PixelSource Test, IReadOnlyList<int> TestIndices, int Skipped)
{
    /// <summary>Whether the labels are a teacher's decisions.</summary>
    public bool Unlabelled => Kind == DatasetFolder.Unlabelled;

    /// <summary>The training set on the device of the training; null where batches are made on the processor.</summary>
    public DeviceImages? OnDevice { get; init; }

    internal static ImageData Open(
        ConvertOptions options, BinaryViTConfig student, Device device, double validationShare, int mostValidation, double testShare, int mostTest, IConvertProgress progress,
        CancellationToken cancel)
    {
        var how = new DatasetOptions
        {
            SkipBad = options.SkipBad,
            Seed = options.Seed,
            ShapesTrainCount = options.ShapesTrain,
            ShapesTestCount = options.ShapesTest,
        };
        bool unlabelled = DatasetFolder.IsUnlabelled(options.Data);
        DatasetSplits splits = unlabelled
            ? DatasetFolder.OpenUnlabelled(options.Data, UnlabelledImages.Classes(options.Teacher), how)
            : DatasetFolder.Open(options.Data, how);
        if (splits.Skipped > 0)
        {
            progress.Report(new Warned($"{splits.Skipped} images cannot be decoded and are left out, the first: {splits.SkippedImages[0].File}: {splits.SkippedImages[0].Problem}"));
        }

        progress.Report(new Note($"{splits.Train.Name} ({splits.Kind}): {(unlabelled ? $"{splits.Train.Count} images" : ClassBalance.Summary(splits.Train))}"));

        int side = options.ImageSize ?? student.ImageSize;
        int resize = side >= 160 ? (int)Math.Round(side * 8 / 7.0) : side;
        var preprocess = new Preprocess(side, side, resize, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);
        // Random crops show parts of photographs larger than they are at the network's size: those are decoded every time.
        long limit = options.Crop > 0 && (unlabelled || splits.Kind == "image folder") ? 0 : PixelSource.MemoryLimit;
        PixelSource raw = PixelSource.Open(splits.Train, preprocess, cancel, limit);
        if (unlabelled)
        {
            raw = UnlabelledImages.Labelled(raw, options, student, device, progress, cancel);
        }

        int classes = splits.Train.Classes.Count;
        int[] all = [.. Enumerable.Range(0, raw.Count)];
        IReadOnlyList<int> usable = all;
        IReadOnlyList<int>? held = null;
        if (splits.Test is null)
        {
            DataSplit test = DataSplit.By(all, raw.Label, classes, testShare, mostTest, options.Seed + 17);
            (usable, held) = (test.Train, test.Held);
            progress.Report(new Note($"the data has no test images: {held.Count} are held out of the training images"));
        }
        DataSplit split = DataSplit.By(usable, raw.Label, classes, validationShare, mostValidation, options.Seed);
        if (split.Train.Count < 2 || split.Held.Count == 0 || held is { Count: 0 })
        {
            throw new ConvertException(
                $"{options.Data}: {raw.Count} images of {classes} classes are too few to hold some out; at least 20 per class are needed.");
        }

        (float[] mean, float[] std) = raw.Statistics(split.Train);
        PixelSource source = raw.Normalised(mean, std);
        PixelSource testSource = splits.Test is null ? source : PixelSource.Open(splits.Test, source.Preprocess, cancel);
        return new ImageData(splits.Train.Name, splits.Kind, source, split, testSource, held ?? [.. Enumerable.Range(0, testSource.Count)], splits.Skipped);
    }
}
