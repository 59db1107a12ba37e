namespace EdgeVit.Imaging;

/// <summary>Opens image folders: finds splits and classes, checks the pictures, and accounts for every file.</summary>
internal sealed class FolderReader
{
    internal const string Kind = "image folder";

    private readonly string _path;
    private readonly DatasetOptions _options;
    private readonly FolderTree _tree;
    private readonly IReadOnlyList<LeftOutFile> _others;
    private readonly List<SkippedImage> _skipped = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private FolderReader(string path, DatasetOptions options)
    {
        (_path, _options) = (path, options);
        (_tree, _others) = FolderWalk.Of(path);
        GroundTruth.Apply(_tree);
    }

    private string Name => Path.GetFileName(Path.GetFullPath(_path).TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>Opens class folders; null when the folder has no sub-folders at all.</summary>
    internal static DatasetSplits? TryOpen(string path, DatasetOptions options)
    {
        var reader = new FolderReader(path, options);
        return reader._tree.Folders.Count == 0 && options.Split is null ? null : reader.Open();
    }

    /// <summary>The images that lie in a folder without class folders, all of label 0.</summary>
    internal static DatasetSplits OpenLoose(string path, IReadOnlyList<string> classes, DatasetOptions options)
    {
        var reader = new FolderReader(path, options);
        string[] files = reader._tree.AllPictures();
        (string, int)[] images = [.. reader.Usable(path, files, "").Select(static f => (f, 0))];
        return new(new ImageFolder(reader.Name, classes, images), null, DatasetFolder.Unlabelled) { SkippedImages = reader._skipped, Files = reader.Account([reader._tree]) };
    }

    private DatasetSplits Open()
    {
        if (_options.Split is null && _tree.Folders is [{ } only] && _tree.Pictures.Count == 0 && SplitNames.KindOf(only.Name) is null && !ReferenceEquals(SplitRule.Of(only).Train.FirstOrDefault(), only))
        {
            throw new DatasetException(_path, $"the data set lies one folder deeper. Give {only.Path}.");
        }

        SplitFolders splits = _options.Split is null ? SplitRule.Of(_tree) : SplitOption.Of(_tree, _options.Split);
        if (splits.Train.Count == 0)
        {
            return OpenTestAlone(splits);
        }

        // A set of images that is held out alone is what figures are measured on.
        bool alone = splits.Test.Count == 0 && _options.Split is null;
        ImageFolder training = Read("train", splits.Train, null);
        ImageFolder? testing = alone ? Held(splits.Validation, training.Labels) : Held(splits.Test, training.Labels);
        ImageFolder? validation = alone ? null : Held(splits.Validation, training.Labels);
        return new(training, testing, Kind) { Validation = validation, ValidationIsTest = alone && testing is not null, SkippedImages = _skipped, Files = Account(splits.All) };
    }

    private DatasetSplits OpenTestAlone(SplitFolders splits)
    {
        IReadOnlyList<FolderTree> held = splits.Test.Count > 0 ? splits.Test : splits.Validation;
        if (!_options.TestAlone)
        {
            throw new DatasetException(_path, $"there is a '{Path.GetFileName(held[0].Path)}' folder but no 'train' folder beside it.");
        }

        ImageFolder testing = Read(Path.GetFileName(held[0].Path), held, null, least: 1);
        ImageFolder? validation = splits.Test.Count > 0 ? Held(splits.Validation, testing.Labels) : null;
        return new(testing, testing, Kind) { Validation = validation, ValidationIsTest = validation is null && splits.Test.Count == 0, SkippedImages = _skipped, Files = Account(splits.All) };
    }

    private ImageFolder? Held(IReadOnlyList<FolderTree> folders, IReadOnlyList<string> classes) =>
        folders.Count == 0 ? null : Read(Path.GetFileName(folders[0].Path), folders, classes);

    private ImageFolder Read(string split, IReadOnlyList<FolderTree> roots, IReadOnlyList<string>? known, int least = 2)
    {
        string root = roots[0].Path;
        IGrouping<string, FolderTree>[] folders = [.. roots.SelectMany(static r => r.Folders).GroupBy(static f => f.Name, StringComparer.Ordinal).OrderBy(static g => g.Key, StringComparer.Ordinal)];
        string[] classes = [.. folders.Select(static g => g.Key)];
        if (known is null)
        {
            ClassNames.Require(root, classes.Length, least);
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
        Dictionary<string, int> labels = (known ?? classes).Select(static (c, i) => (c, i)).ToDictionary(static p => p.c, static p => p.i, StringComparer.Ordinal);
        foreach (IGrouping<string, FolderTree> folder in folders)
        {
            string path = folder.First().Path;
            string[] files = [.. folder.SelectMany(static f => f.AllPictures())];
            if (files.Length == 0)
            {
                throw WithoutPicture(path);
            }

            images.AddRange(Usable(path, files, " of this class").Select(f => (f, labels[folder.Key])));
        }
        return new ImageFolder($"{Name} {split}", known ?? classes, [.. images]);
    }

    /// <summary>Those of some files that can be used; the others are noted.</summary>
    private string[] Usable(string folder, string[] files, string ofWhat)
    {
        string?[] problems = Check(files, _options.SkipBad);
        string[] usable = [.. files.Where((_, i) => problems[i] is null)];
        if (usable.Length == 0)
        {
            throw new DatasetException(folder, $"none of the {files.Length} images{ofWhat} can be decoded. First: {files[0]}: {problems[0]}");
        }

        _skipped.AddRange(files.Zip(problems).Where(static p => p.Second is not null).Select(static p => new SkippedImage(p.First, p.Second!)));
        _used.UnionWith(usable);
        return usable;
    }

    private DatasetException WithoutPicture(string folder)
    {
        LeftOutFile[] files = [.. _others.Where(f => f.File.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))];
        LeftOutFile? again = Array.Find(files, static f => f.Reason.StartsWith("the same", StringComparison.Ordinal));
        return new DatasetException(folder, files.Length == 0
            ? "the class folder is empty; expected PNG, JPEG, WebP, BMP or GIF files. Add images or remove the folder."
            : again is not null ? $"no image of its own: {Path.GetFileName(again.File)} is {again.Reason}, and nothing counts twice. Remove one of them."
            : $"no PNG, JPEG, WebP, BMP or GIF among the {files.Length} files of this class (for example {Path.GetFileName(files[0].File)}). "
                + "Convert the images or remove the folder.");
    }

    /// <summary>What became of every file.</summary>
    private FileAccount Account(IEnumerable<FolderTree> roots)
    {
        var bad = _skipped.Select(static s => s.File).ToHashSet(StringComparer.Ordinal);
        var beside = roots.SelectMany(static r => r.Pictures).ToHashSet(StringComparer.Ordinal);
        IEnumerable<LeftOutFile> unused = _tree.AllPictures().Where(f => !_used.Contains(f))
            .Select(f => new LeftOutFile(f, bad.Contains(f) ? "cannot be decoded" : beside.Contains(f) ? "beside the class folders" : "outside the splits"));
        return new FileAccount(_used.Count, [.. _others.Concat(unused).OrderBy(static f => f.File, StringComparer.Ordinal)]);
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
            throw bad.CodecMissing ? bad : ImageFolder.WithAdvice(bad);
        }

        return problems;
    }

    private static string Shorten(IReadOnlyList<string> names) => names.Count <= 12
        ? string.Join(", ", names) : $"{string.Join(", ", names.Take(12))}, ... ({names.Count})";
}
