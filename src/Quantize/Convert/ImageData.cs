using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The images of a conversion.</summary>
/// <param name="Kind">What it was recognised as.</param>
/// <param name="Split">Which of it are learnt from, which are held out for choices.</param>
/// <param name="Test">The test set, or the training set where the data has none.</param>
/// <param name="TestIndices">The test images within <paramref name="Test"/>.</param>
/// <param name="Skipped">Images left out because they cannot be decoded.</param>
internal sealed record ImageData(
    string Name, string Kind, PixelSource Source, DataSplit Split, PixelSource Test, IReadOnlyList<int> TestIndices, int Skipped)
{
    private const double ValidationShare = 0.05;
    private const int MostValidation = 2000;
    private const double TestShare = 0.2;
    private const int MostTest = 5000;

    /// <summary>Whether the labels are a teacher's decisions.</summary>
    public bool Unlabelled => Kind == DatasetFolder.Unlabelled;

    /// <summary>What became of every file; null where the data are no folder of images.</summary>
    public FileAccount? Files { get; init; }

    /// <summary>The training set on the device of the training; null where batches are made on the processor.</summary>
    public DeviceImages? OnDevice { get; init; }

    /// <summary>Reads the images and divides them.</summary>
    /// <exception cref="ConvertException">They are too few.</exception>
    internal static ImageData Open(ConvertOptions options, BinaryViTConfig student, Device device, IConvertProgress progress, CancellationToken cancel)
    {
        bool unlabelled = UnlabelledImages.Are(options);
        DatasetSplits splits = OpenSplits(options, unlabelled, progress);
        // Random crops show parts of photographs larger than they are at the network's size: those are decoded every time.
        long limit = options.Crop > 0 && (unlabelled || splits.Kind == FolderReader.Kind) ? 0 : PixelSource.MemoryLimit;
        IImageDataset learning = splits.Validation is { } held ? new JoinedDataset(splits.Train, held) : splits.Train;
        PixelSource raw = PixelSource.Open(learning, Size(options.ImageSize ?? student.ImageSize), cancel, limit);
        if (unlabelled)
        {
            raw = UnlabelledImages.Labelled(raw, options, student, device, progress, cancel);
        }

        (DataSplit split, IReadOnlyList<int>? test) = Divide(raw, options, splits, progress);
        (float[] mean, float[] std) = raw.Statistics(split.Train);
        PixelSource source = raw.Normalised(mean, std);
        PixelSource testSource = splits.Test is null ? source : PixelSource.Open(splits.Test, source.Preprocess, cancel);
        IReadOnlyList<int> testIndices = test ?? [.. Enumerable.Range(0, testSource.Count)];
        if (Duplicates.Describe(source, split, testSource, testIndices) is { } duplicates)
        {
            progress.Report(new Warned(duplicates));
        }

        return new ImageData(splits.Train.Name, splits.Kind, source, split, testSource, testIndices, splits.Skipped)
        { Files = splits.Files };
    }

    private static DatasetSplits OpenSplits(ConvertOptions options, bool unlabelled, IConvertProgress progress)
    {
        var how = new DatasetOptions
        {
            SkipBad = options.SkipBad,
            Split = options.Split,
            Seed = options.Seed,
            ShapesTrainCount = options.ShapesTrain,
            ShapesTestCount = options.ShapesTest,
        };
        DatasetSplits splits = unlabelled
            ? DatasetFolder.OpenUnlabelled(options.Data, UnlabelledImages.Labels(options.Teacher), how)
            : DatasetFolder.Open(options.Data, how);
        if (splits.Skipped > 0)
        {
            progress.Report(new Warned($"{splits.Skipped} images cannot be decoded and are left out, the first: {splits.SkippedImages[0].File}: {splits.SkippedImages[0].Problem}"));
        }

        if (splits.Files is { LeftOut.Count: > 0 } files)
        {
            progress.Report(new Note($"{files.Found} files found, {files.Used} used; left out: {files.Summary()}"));
        }

        progress.Report(new Note($"{splits.Train.Name} ({splits.Kind}): {(unlabelled ? $"{splits.Train.Count} images" : ClassBalance.Summary(splits.Train))}{Beside(splits)}"));
        return splits;
    }

    private static string Beside(DatasetSplits splits) =>
        (splits.Validation is { } validation ? $"; to choose: {validation.Count} of {validation.Name}" : "") + (splits.Test is { } test ? $"; to test: {test.Count} of {test.Name}" : "");

    private static Preprocess Size(int side)
    {
        int resize = side >= 160 ? (int)Math.Round(side * 8 / 7.0) : side;
        return new Preprocess(side, side, resize, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);
    }

    /// <summary>Holds images out for validation, and for the test where the data has no test images; those are null where it has.</summary>
    private static (DataSplit Split, IReadOnlyList<int>? Test) Divide(PixelSource raw, ConvertOptions options, DatasetSplits splits, IConvertProgress progress)
    {
        int classes = raw.Labels.Count;
        IReadOnlyList<int> usable = [.. Enumerable.Range(0, splits.Train.Count)];
        IReadOnlyList<int>? held = null;
        if (splits.Test is null)
        {
            DataSplit test = DataSplit.By(usable, raw.Label, classes, TestShare, MostTest, options.Seed + 17);
            (usable, held) = (test.Train, test.Held);
            progress.Report(new Note($"the data has no test images: {held.Count} are held out of the training images"));
        }
        DataSplit split = splits.Validation is { } own
            ? new DataSplit(usable, [.. Enumerable.Range(splits.Train.Count, own.Count)])
            : DataSplit.By(usable, raw.Label, classes, ValidationShare, MostValidation, options.Seed);
        if (split.Train.Count < 2 || split.Held.Count == 0 || held is { Count: 0 })
        {
            throw new ConvertException(
                $"{options.Data}: {splits.Train.Count} images of {classes} classes are too few to hold some out; at least 20 per class are needed.");
        }

        return (split, held);
    }
}
