using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>How to open a data set.</summary>
public sealed record DatasetOptions
{
    /// <summary>Leave out images that cannot be decoded, and count them, in place of failing. Every image of a folder is then decoded once
    /// while opening, so that the count is known before anything is trained and the set does not change later.</summary>
    public bool SkipBad { get; init; }

    /// <summary>Which folders of an image folder hold the training, validation and test images: <c>train=A,val=B,test=C</c>, or some of them, as
    /// paths within the folder. Null: as the names of the folders say.</summary>
    public string? Split { get; init; }

    /// <summary>A table with a line for each picture of an image folder, with its file name, its label and perhaps its split, in place of class folders: CSV,
    /// with semicolons or tabs as well. Null: the folders are the classes.</summary>
    public string? LabelsCsv { get; init; }

    /// <summary>Take data that has test images alone; they are then the training images of the result, too.</summary>
    public bool TestAlone { get; init; }

    /// <summary>The pictures of an image folder that an earlier run took, as paths within it: the same are taken, whether they can be decoded or are there or
    /// not, and no others. Null: all.</summary>
    internal IReadOnlyCollection<string>? Earlier { get; init; }

    /// <summary>Told how many of how many pictures were decoded as a check, on the calling thread.</summary>
    internal Action<int, int>? Checked { get; init; }

    /// <summary>Ends that check, and the wait for a table that comes out of a pipe.</summary>
    internal CancellationToken Cancel { get; init; }

    /// <summary>Seed of the procedural data set; others do not use it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Training images of the procedural data set.</summary>
    public int ShapesTrainCount { get; init; } = 10_000;

    /// <summary>Test images of the procedural data set.</summary>
    public int ShapesTestCount { get; init; } = 2_000;
}

/// <summary>An image that was left out, and why.</summary>
/// <param name="File">Its path.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record SkippedImage(string File, string Problem);

/// <summary>An opened data set.</summary>
/// <param name="Train">Images to train with.</param>
/// <param name="Test">Images to test with; null when the data has none.</param>
/// <param name="Kind">What it was recognised as: <c>shapes</c>, <c>image folder</c>, <c>CIFAR records</c> or <c>IDX</c>.</param>
public sealed record DatasetSplits(IImageDataset Train, IImageDataset? Test, string Kind)
{
    /// <summary>Images for choices during a training; null when the data names none besides the test images.</summary>
    public IImageDataset? Validation { get; init; }

    /// <summary>Whether the test images are the validation images of the data, which has no others.</summary>
    internal bool ValidationIsTest { get; init; }

    /// <summary>What to tell the person who gave the path about how it was read.</summary>
    internal IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What was odd about images decoded so far; null where they are no files of their own.</summary>
    internal PictureWarnings? Odd { get; init; }

    /// <summary>What became of every file of an image folder; null for other kinds.</summary>
    public FileAccount? Files { get; init; }

    /// <summary>Images that were left out because of <see cref="DatasetOptions.SkipBad"/>, in the order of their paths.</summary>
    public IReadOnlyList<SkippedImage> SkippedImages { get; init; } = [];

    /// <summary>How many were left out.</summary>
    public int Skipped => SkippedImages.Count;
}

/// <summary>Opens a data set by its path and recognises its kind by the files that are there.</summary>
public static class DatasetFolder
{
    /// <summary>The name of the procedural data set.</summary>
    public const string Shapes = "shapes";

    /// <summary>The kind of a folder of images without classes.</summary>
    public const string Unlabelled = "images without classes";

    // What is recognised by the names of its files; a folder that has none of them is taken as an image folder.
    private static readonly DatasetFormat[] s_formats =
    [
        new("CIFAR binary records (*train*.bin or data_batch_*.bin, *test*.bin)", CifarRecords.IsIn, CifarRecords.TryOpen),
        new("MNIST-style IDX files (train-images-idx3-ubyte[.gz], ...)", IdxFiles.IsIn, IdxFiles.TryOpen),
    ];

    private static string Kinds =>
        "an image folder (train/<class>/*.png|jpg|webp|bmp|gif and test/<class>/*, or just <class>/*), "
        + $"{string.Join(", ", s_formats.Select(f => f.Expected))}, or '{Shapes}' for the built-in set";

    /// <summary>What is said of a path where nothing is, with what to give.</summary>
    internal static string Absent => $"no such folder. Give {Kinds}.";

    /// <summary>Whether a path is the name of the built-in set, or something is there.</summary>
    internal static bool IsThere(string path) => path == Shapes || System.IO.Path.Exists(path);

    /// <summary>Opens a data set.</summary>
    /// <param name="path"><c>shapes</c>, or a folder with images in class folders, CIFAR binary records or IDX files.</param>
    /// <param name="options">How; defaults when null.</param>
    /// <exception cref="DatasetException">Missing or of no known kind; an empty class, fewer than two classes, records of a wrong size,
    /// labels out of range.</exception>
    /// <exception cref="ImageException">An image file is no image, and <see cref="DatasetOptions.SkipBad"/> is not set.</exception>
    public static DatasetSplits Open(string path, DatasetOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new DatasetOptions();
        if (options.Split is not null && options.LabelsCsv is not null)
        {
            throw new DatasetException(path, "--split and --labels-csv cannot be combined: a column 'split' of the table says what a picture is for.") { IsUsage = true };
        }

        if (options.LabelsCsv is { Length: 0 })
        {
            throw new DatasetException(path, "--labels-csv is empty, expected a file.") { IsUsage = true };
        }

        if (path == Shapes)
        {
            RequireNoFolders(path, options, "drawn");
            return OpenShapes(options);
        }

        if (File.Exists(path))
        {
            throw new DatasetException(path, $"is a file; expected a folder: {Kinds}.");
        }

        if (!IsThere(path))
        {
            throw new DatasetException(path, Absent);
        }

        try
        {
            foreach (DatasetFormat format in s_formats)
            {
                if (format.TryOpen(path, options) is { } splits)
                {
                    RequireNoFolders(path, options, splits.Kind);
                    return splits;
                }
            }

            if (options.LabelsCsv is null && Misplaced(path) is { } advice)
            {
                throw new DatasetException(path, advice);
            }

            if (FolderReader.TryOpen(path, options) is { } folder)
            {
                return folder;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, $"cannot be read: {FileFault.Of(e, path)}.", e);
        }
        int loose = Directory.EnumerateFiles(path).Count(IsPicture);
        string found = loose > 0 ? $" {loose} image{(loose == 1 ? " lies" : "s lie")} here without class folders." : "";
        throw new DatasetException(path, $"no data set recognised here.{found} Expected {Kinds}.");
    }

    /// <summary>Whether a path is a folder of images without class folders: nothing says what they show.</summary>
    /// <param name="path">Any path.</param>
    public static bool IsUnlabelled(string path) =>
        path != Shapes && Directory.Exists(path) && !HasRecords(path)
        && !Directory.EnumerateDirectories(path).Any(static d => Path.GetFileName(d) is var name && name[0] != '.' && !JunkNames.Contains(name))
        && Directory.EnumerateFiles(path).Any(IsPicture);

    /// <summary>Opens a folder of images without classes.</summary>
    /// <param name="path">The folder, see <see cref="IsUnlabelled"/>.</param>
    /// <param name="classes">What the images may show, by label; every image has label 0.</param>
    /// <param name="options">How; defaults when null.</param>
    /// <exception cref="DatasetException">There is no image, or none can be decoded.</exception>
    /// <exception cref="ImageException">An image file is no image, and <see cref="DatasetOptions.SkipBad"/> is not set.</exception>
    public static DatasetSplits OpenUnlabelled(string path, IReadOnlyList<string> classes, DatasetOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(classes);
        try
        {
            return FolderReader.OpenLoose(path, classes, options ?? new DatasetOptions());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, $"cannot be read: {FileFault.Of(e, path)}.", e);
        }
    }

    /// <summary>What to say about a folder that holds a data set in its only sub-folder, or CIFAR in the form that Python reads; null
    /// otherwise.</summary>
    private static string? Misplaced(string path)
    {
        if (Directory.EnumerateFiles(path, "data_batch_*").Any())
        {
            return "these are CIFAR records in Python's pickle form. Fetch the binary version (cifar-10-binary.tar.gz) and unpack it.";
        }

        string[] children = [.. Directory.EnumerateDirectories(path).Where(static d => !JunkNames.Contains(Path.GetFileName(d))).Take(2)];
        return children.Length == 1 && HasRecords(children[0]) ? $"the data set lies one folder deeper. Give {children[0]}." : null;
    }

    private static bool IsPicture(string file) =>
        Path.GetFileName(file) is var name && name[0] != '.' && !JunkNames.Contains(name) && (ImageDecoder.HasImageExtension(file) || ImageDecoder.WhyNoPicture(file) is null);

    private static bool HasRecords(string path) => Array.Exists(s_formats, f => f.IsIn(path));

    private static void RequireNoFolders(string path, DatasetOptions options, string kind)
    {
        if ((options.Split ?? options.LabelsCsv) is not null)
        {
            throw new DatasetException(path, $"{(options.Split is null ? "--labels-csv names pictures" : "--split names folders")}, but these images are {kind}.") { IsUsage = true };
        }
    }

    private static DatasetSplits OpenShapes(DatasetOptions options) => new(
        new ShapesDataset(options.Seed, ShapesSplit.Train, options.ShapesTrainCount),
        new ShapesDataset(options.Seed, ShapesSplit.Test, options.ShapesTestCount),
        Shapes);
}

/// <summary>A format of data sets: what it looks like, for messages, and how it is found and opened; null where a folder has no files of
/// it.</summary>
internal sealed record DatasetFormat(string Expected, Func<string, bool> IsIn, Func<string, DatasetOptions, DatasetSplits?> TryOpen);
