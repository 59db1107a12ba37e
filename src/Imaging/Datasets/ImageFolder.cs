using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Images in one folder per class. Files are taken in the order of their paths (ordinal), so that indices do not depend on the
/// file system.</summary>
internal sealed class ImageFolder : IImageDataset
{
    private static readonly EnumerationOptions s_everything = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 4,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    private readonly (string File, int Label)[] _images;

    private ImageFolder(string name, IReadOnlyList<string> classes, (string, int)[] images) => (Name, Labels, _images) = (name, classes, images);

    public string Name { get; }

    public IReadOnlyList<string> Labels { get; }

    public int Count => _images.Length;

    public int Label(int index) => _images[index].Label;

    public string SourceName(int index) => _images[index].File;

    public RgbImage Load(int index)
    {
        try
        {
            return ImageDecoder.DecodeFile(_images[index].File);
        }
        catch (ImageException e) when (!e.CodecMissing)
        {
            throw WithAdvice(e);
        }
    }

    /// <summary>Opens class folders; null when the folder has no sub-folders at all.</summary>
    internal static DatasetSplits? TryOpen(string folder, DatasetOptions options)
    {
        string[] children = Folders(folder);
        if (children.Length == 0)
        {
            return null;
        }

        string? train = Named(children, "train", "training"), test = Named(children, "test", "val", "valid", "validation");
        if (train is null && test is not null && children.Length == 1)
        {
            throw new DatasetException(folder, $"there is a '{Path.GetFileName(test)}' folder but no 'train' folder beside it.");
        }

        bool split = train is not null;
        string name = Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar));
        var skipped = new List<SkippedImage>();
        ImageFolder training = Read($"{name} train", train ?? folder, null, options, skipped);
        ImageFolder? testing = split && test is not null ? Read($"{name} {Path.GetFileName(test)}", test, training.Labels, options, skipped) : null;
        return new(training, testing, "image folder") { SkippedImages = skipped };
    }

    /// <summary>The images that lie in a folder without class folders, all of label 0.</summary>
    internal static DatasetSplits OpenLoose(string folder, IReadOnlyList<string> classes, DatasetOptions options)
    {
        string[] files = Files(folder);
        string?[] problems = Check(files, options.SkipBad);
        (string, int)[] images = [.. files.Where((_, i) => problems[i] is null).Select(f => (f, 0))];
        if (images.Length == 0)
        {
            throw new DatasetException(folder, $"none of the {files.Length} images can be decoded. First: {files[0]}: {problems[0]}");
        }

        string name = Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar));
        return new(new ImageFolder(name, classes, images), null, DatasetFolder.Unlabelled)
        {
            SkippedImages = [.. files.Zip(problems).Where(p => p.Second is not null).Select(p => new SkippedImage(p.First, p.Second!))],
        };
    }

    private static ImageFolder Read(string name, string root, IReadOnlyList<string>? known, DatasetOptions options, List<SkippedImage> skipped)
    {
        string[] folders = Folders(root);
        string[] classes = [.. folders.Select(static f => Path.GetFileName(f))];
        if (known is null)
        {
            ClassNames.RequireTwo(root, classes.Length);
        }
        else if (folders.Length == 0)
        {
            throw new DatasetException(root, "no class folders; expected the same as in the training folder.");
        }
        else if (Array.Find(classes, c => !known.Contains(c, StringComparer.Ordinal)) is { } stranger)
        {
            throw new DatasetException(Path.Combine(root, stranger),
                $"the training folder has no class '{stranger}'. Its classes are: {Shorten(known)}.");
        }

        var images = new List<(string, int)>();
        for (int i = 0; i < folders.Length; i++)
        {
            string[] files = Files(folders[i]);
            string?[] problems = Check(files, options.SkipBad);
            int label = known is null ? i : IndexOf(known, classes[i]), before = images.Count;
            for (int f = 0; f < files.Length; f++)
            {
                if (problems[f] is { } problem)
                {
                    skipped.Add(new(files[f], problem));
                }
                else
                {
                    images.Add((files[f], label));
                }
            }
            if (images.Count == before)
            {
                throw new DatasetException(folders[i],
                    $"none of the {files.Length} images of this class can be decoded. First: {files[0]}: {problems[0]}");
            }
        }
        return new ImageFolder(name, known ?? classes, [.. images]);
    }

    private static string[] Files(string folder)
    {
        string[] all = [.. Directory.EnumerateFiles(folder, "*", s_everything)];
        string[] images = [.. all.Where(ImageDecoder.HasImageExtension)];
        if (images.Length == 0)
        {
            throw new DatasetException(folder, all.Length == 0
                ? "the class folder is empty; expected PNG, JPEG, WebP, BMP or GIF files. Add images or remove the folder."
                : $"no PNG, JPEG, WebP, BMP or GIF among the {all.Length} files of this class (for example {Path.GetFileName(all[0])}). "
                    + "Convert the images or remove the folder.");
        }
        Array.Sort(images, StringComparer.Ordinal);
        return images;
    }

    /// <summary>Why each file cannot be used, null where it can. Without skipping, the first bytes of each are looked at and the first
    /// problem (in the order of paths) is thrown; with skipping, every file is decoded.</summary>
    private static string?[] Check(string[] files, bool skipBad)
    {
        string?[] problems = new string?[files.Length];
        var first = new ImageException?[files.Length];
        Parallel.For(0, files.Length, i =>
        {
            try
            {
                if (skipBad)
                {
                    _ = ImageDecoder.DecodeFile(files[i]);
                }
                else
                {
                    ImageDecoder.CheckFileHeader(files[i]);
                }
            }
            catch (ImageException e)
            {
                (first[i], problems[i]) = (e, e.Problem);
            }
        });
        if (Array.Find(first, e => e is not null && (!skipBad || e.CodecMissing)) is { } bad)
        {
            throw bad.CodecMissing ? bad : WithAdvice(bad);
        }

        return problems;
    }

    private static ImageException WithAdvice(ImageException e) =>
        new(e.Image, $"{e.Problem} Remove the file, or leave out all such files with --skip-bad.", e);

    private static string[] Folders(string folder) =>
        [.. Directory.EnumerateDirectories(folder).Where(static d => Path.GetFileName(d)[0] is not ('.' or '_')).Order(StringComparer.Ordinal)];

    private static string? Named(string[] folders, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Array.Find(folders, f => string.Equals(Path.GetFileName(f), name, StringComparison.OrdinalIgnoreCase)) is { } folder)
            {
                return folder;
            }
        }

        return null;
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        int i = 0;
        while (!string.Equals(names[i], name, StringComparison.Ordinal))
        {
            i++;
        }

        return i;
    }

    private static string Shorten(IReadOnlyList<string> names) => names.Count <= 12
        ? string.Join(", ", names) : $"{string.Join(", ", names.Take(12))}, ... ({names.Count})";
}
