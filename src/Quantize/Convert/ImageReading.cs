using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Reads the images of a conversion, divides them, and looks at them as far as that is possible before the training.</summary>
internal sealed class ImageReading(RunContext run, BinaryViTConfig student, Device device)
{
    private const double ValidationShare = 0.05;
    private const int MostValidation = 2000;
    private const double TestShare = 0.2;
    private const int MostTest = 5000;

    /// <summary>The images.</summary>
    /// <exception cref="ConvertException">They are too few.</exception>
    /// <exception cref="DatasetException">The data cannot be used.</exception>
    /// <exception cref="ImageException">One cannot be decoded.</exception>
    internal ImageData Read()
    {
        ConvertOptions options = run.Options;
        bool unlabelled = UnlabelledImages.Are(options);
        IReadOnlyList<string>? earlier = options.Resume ? run.Folder.RecordedPictures() : null;
        DatasetSplits splits = OpenSplits(unlabelled, earlier);
        IImageDataset labelled = splits.Validation is { } held ? new JoinedDataset(splits.Train, held) : splits.Train;
        IImageDataset learning = OpenBeside(labelled.Labels, earlier) is { } beside ? new JoinedDataset(labelled, beside) : labelled;
        IReadOnlyList<int> answered = [.. Enumerable.Range(labelled.Count, learning.Count - labelled.Count)];
        var replacements = new Replacements(learning) { Allowed = earlier is not null && options.SkipBad };
        if (replacements.Allowed)
        {
            // What broke while a run stood still is replaced from the start.
            (DataSplit before, IReadOnlyList<int>? tests) = Divide(labelled, splits, note: false);
            replacements.Divide(learning.Label, before.Train, before.Held, tests ?? [], answered);
        }

        PixelPlace place = Place(photographs: unlabelled || splits.Kind == FolderReader.Kind);
        PixelSource raw = PixelSource.Open(learning, Size(options.ImageSize ?? student.ImageSize), place, run.Cancel, replacements, run.Progress);
        if (unlabelled)
        {
            raw = UnlabelledImages.Labelled(raw, options, student, device, run.Progress, run.Cancel);
        }

        // Not by a teacher's decisions: those of pictures that are replaced later are others, and would move the rest from one part to another.
        (DataSplit split, IReadOnlyList<int>? test) = Divide(labelled, splits);
        split = split with { Unlabelled = answered };
        replacements.Divide(raw.Label, split.Train, split.Held, test ?? [], answered);
        PictureSurvey? look = Look(raw, split.Train, [.. split.Held, .. test ?? [], .. answered]);
        PixelSource source = Normalised(raw, split, look);
        (PixelSource tested, PictureSurvey? testLook) = splits.Test is { } testing ? ReadTest(testing, source.Preprocess, place with { Most = PixelSource.MemoryLimit }, replacements.Allowed) : (source, look);
        IReadOnlyList<int> testIndices = test ?? [.. Enumerable.Range(0, tested.Count)];
        Warn(Duplicates.Describe(source, split.WithUnlabelled(), tested, testIndices, (look, testLook)));
        Warn(splits.Odd?.Text());
        (source.Replacements.Allowed, tested.Replacements.Allowed) = (true, true);
        return new ImageData(splits.Train.Name, splits.Kind, source, split, tested, testIndices, splits.Skipped)
        { Files = splits.Files, Pictures = PicturesOf(splits, learning) };
    }

    private (PixelSource Images, PictureSurvey? Look) ReadTest(IImageDataset testing, Preprocess preprocess, PixelPlace place, bool replaced)
    {
        PixelSource tested = PixelSource.Open(testing, preprocess, place, run.Cancel, new Replacements(testing) { Allowed = replaced }, run.Progress);
        return (tested, Look(tested, [], [.. Enumerable.Range(0, testing.Count)]));
    }

    /// <summary>Where decoded images are kept. Random crops show parts of photographs larger than they are at the network's size: those are decoded
    /// every time.</summary>
    private PixelPlace Place(bool photographs)
    {
        long most = run.Options.Crop > 0 && photographs ? 0 : PixelSource.MemoryLimit;
        return Directory.Exists(run.Options.Out)
            ? new PixelPlace(most, run.Memory, run.Options.Out) { Reserve = run.Folder.SpaceNeeded(run.Options.Resume || run.Options.Overwrite, RunSpace.Of(student)) }
            : new PixelPlace(most, run.Memory, Path.GetTempPath());
    }

    /// <summary>A look at images that are decoded on demand; null for those that are kept.</summary>
    private PictureSurvey? Look(PixelSource source, IReadOnlyList<int> train, IReadOnlyList<int> others) =>
        source.IsKept ? null : PictureSurvey.Of(source, train, others, run.Options.Seed, run.Progress, run.Cancel, PictureSurvey.Time);

    /// <summary>The same images with the means and deviations of those that are learnt from, or the recorded ones of a run that goes on.</summary>
    private PixelSource Normalised(PixelSource raw, DataSplit split, PictureSurvey? look)
    {
        (IReadOnlyList<float> Mean, IReadOnlyList<float> Std)? recorded = run.Options.Resume ? run.Folder.RecordedStatistics() : null;
        if (recorded is null || raw.Replacements.Count == 0)
        {
            (float[] Mean, float[] Std) own = look?.Statistics ?? raw.Statistics(split.Train);
            recorded = Continued(own, recorded, sampled: split.Train.Count > PictureSurvey.Always);
        }

        return raw.Normalised(recorded.Value.Mean, recorded.Value.Std);
    }

    /// <summary>Those that a run goes on with: the recorded ones where the images' own may be of another sample, as of images that are kept and that are decoded
    /// on demand, and are those but for that. Others are compared with the recorded ones later.</summary>
    internal static (IReadOnlyList<float> Mean, IReadOnlyList<float> Std) Continued(
        (IReadOnlyList<float> Mean, IReadOnlyList<float> Std) own, (IReadOnlyList<float> Mean, IReadOnlyList<float> Std)? recorded, bool sampled) =>
        sampled && recorded is { } known && ConfigurationKeys.Near(known.Mean, own.Mean) && ConfigurationKeys.Near(known.Std, own.Std) ? known : own;

    private void Warn(string? text)
    {
        if (text is not null)
        {
            run.Progress.Report(new Warned(text));
        }
    }

    /// <summary>The pictures of a folder, as paths within it; null for other data.</summary>
    private string[]? PicturesOf(DatasetSplits splits, IImageDataset learning) => splits.Files is null ? null
        : [.. new[] { learning, splits.Test }.OfType<IImageDataset>().SelectMany(set => Enumerable.Range(0, set.Count).Select(i => Path.GetRelativePath(run.Options.Data, set.SourceName(i))))];

    /// <summary>The pictures without labels that lie beside the data; null for none.</summary>
    private IImageDataset? OpenBeside(IReadOnlyList<string> classes, IReadOnlyList<string>? earlier)
    {
        if (run.Options.Unlabelled is not { } folder)
        {
            return null;
        }

        string root = Path.GetFullPath(folder);
        var how = new DatasetOptions
        {
            SkipBad = run.Options.SkipBad,
            Cancel = run.Cancel,
            Earlier = earlier is null ? null : [.. earlier.Select(p => Path.GetRelativePath(root, Path.GetFullPath(p, Path.GetFullPath(run.Options.Data)))).Where(static p => !p.StartsWith("..", StringComparison.Ordinal))],
        };
        DatasetSplits splits = DatasetFolder.OpenUnlabelled(folder, classes, how);
        foreach (string warning in splits.Warnings)
        {
            run.Progress.Report(new Warned(warning));
        }

        run.Progress.Report(new Note($"{splits.Train.Count} pictures without labels in {folder}{(splits.Skipped > 0 ? $"; {splits.Skipped} cannot be decoded and are left out" : "")}: the student learns what its teacher says of them"));
        return splits.Train;
    }

    private DatasetSplits OpenSplits(bool unlabelled, IReadOnlyList<string>? earlier)
    {
        (ConvertOptions options, IConvertProgress progress) = (run.Options, run.Progress);
        var how = new DatasetOptions
        {
            SkipBad = options.SkipBad,
            Split = options.Split,
            LabelsCsv = options.LabelsCsv,
            Earlier = earlier,
            Checked = (done, total) => progress.Report(new StepProgress("checking pictures", done, total)),
            Cancel = run.Cancel,
            Seed = options.Seed,
            ShapesTrainCount = options.ShapesTrain,
            ShapesTestCount = options.ShapesTest,
        };
        DatasetSplits splits = unlabelled
            ? DatasetFolder.OpenUnlabelled(options.Data, UnlabelledImages.Labels(options, options.ImageSize ?? student.ImageSize), how)
            : DatasetFolder.Open(options.Data, how);
        if (splits.Skipped > 0)
        {
            progress.Report(new Warned($"{splits.Skipped} images cannot be decoded and are left out, the first: {splits.SkippedImages[0].File}: {splits.SkippedImages[0].Problem}"));
        }

        foreach (string warning in splits.Warnings)
        {
            progress.Report(new Warned(warning));
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
    private (DataSplit Split, IReadOnlyList<int>? Test) Divide(IImageDataset images, DatasetSplits splits, bool note = true)
    {
        ConvertOptions options = run.Options;
        int classes = images.Labels.Count;
        IReadOnlyList<int> usable = [.. Enumerable.Range(0, splits.Train.Count)];
        IReadOnlyList<int>? held = null;
        if (splits.Test is null)
        {
            DataSplit test = DataSplit.By(usable, images.Label, classes, TestShare, MostTest, options.Seed + 17);
            (usable, held) = (test.Train, test.Held);
            if (note)
            {
                run.Progress.Report(new Note($"the data has no test images: {held.Count} are held out of the training images"));
            }
        }
        DataSplit split = splits.Validation is { } own
            ? new DataSplit(usable, [.. Enumerable.Range(splits.Train.Count, own.Count)])
            : DataSplit.By(usable, images.Label, classes, ValidationShare, MostValidation, options.Seed);
        if (split.Train.Count < 2 || split.Held.Count == 0 || held is { Count: 0 })
        {
            throw new ConvertException(
                $"{options.Data}: {splits.Train.Count} images of {classes} classes are too few to hold some out; at least 20 per class are needed.");
        }

        return (split, held);
    }
}
