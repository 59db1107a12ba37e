namespace EdgeVit.Imaging;

/// <summary>Opens image folders: finds splits and classes, checks the pictures, and accounts for every file.</summary>
internal sealed class FolderReader
{
    internal const string Kind = "image folder";

    private const int Chunk = 1024;

    private readonly string _path;
    private readonly DatasetOptions _options;
    private readonly FolderTree _tree;
    private readonly IReadOnlyList<LeftOutFile> _others;
    private readonly List<SkippedImage> _skipped = [];
    private readonly List<string> _warnings = [];
    private readonly PictureWarnings _odd = new();
    private int _checked;
    private readonly EarlierPictures? _earlier;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly HashSet<string> _late = new(StringComparer.Ordinal);

    private FolderReader(string path, DatasetOptions options)
    {
        (_path, _options) = (path, options);
        (_tree, _others) = FolderWalk.Of(path);
        if (options.Earlier is not null)
        {
            _earlier = new EarlierPictures(_tree, options.Earlier);
            _others = [.. _others.Where(f => !_earlier.Contains(f.File))];
            _earlier.Restore(options.SkipBad);
        }

        if (options.LabelsCsv is null)
        {
            GroundTruth.Apply(_tree);
        }
    }

    private string Name => Path.GetFileName(Path.GetFullPath(_path).TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>Opens class folders; null when the folder has no sub-folders at all.</summary>
    internal static DatasetSplits? TryOpen(string path, DatasetOptions options)
    {
        var reader = new FolderReader(path, options);
        return reader._tree.Folders.Count == 0 && options.Split is null && options.LabelsCsv is null ? null : reader.Open();
    }

    /// <summary>The images that lie in a folder without class folders, all of label 0.</summary>
    internal static DatasetSplits OpenLoose(string path, IReadOnlyList<string> classes, DatasetOptions options)
    {
        var reader = new FolderReader(path, options);
        string[] files = reader._tree.AllPictures();
        (string, int)[] images = [.. reader.Usable(path, files, "").Select(static f => (f, 0))];
        return new(new ImageFolder(reader.Name, classes, images, reader._odd), null, DatasetFolder.Unlabelled)
        {
            SkippedImages = reader._skipped,
            Files = reader.Account([reader._tree]),
            Odd = reader._odd,
        };
    }

    private DatasetSplits Open()
    {
        SplitFolders splits = Divide();
        if (splits.Train.Count == 0)
        {
            return OpenTestAlone(splits);
        }

        // A set of images that is held out alone is what figures are measured on.
        bool alone = splits.Test.Count == 0 && _options.Split is null;
        ImageFolder training = Read("train", splits.Train, null, _options is { LabelsCsv: not null, TestAlone: true } ? 1 : 2);
        ImageFolder? testing = alone ? Held(splits.Validation, training.Labels) : Held(splits.Test, training.Labels);
        ImageFolder? validation = alone ? null : Held(splits.Validation, training.Labels);
        return new(training, testing, Kind) { Validation = validation, ValidationIsTest = alone && testing is not null, SkippedImages = _skipped, Files = Account(splits.All), Warnings = _warnings, Odd = _odd };
    }

    /// <summary>What the images of which folders are for.</summary>
    private SplitFolders Divide()
    {
        if (_options.LabelsCsv is not null)
        {
            LabelsCsv labels = LabelsCsv.Read(_tree, _others, _options);
            _skipped.AddRange(labels.Missing);
            _warnings.AddRange(labels.Warnings);
            return labels.Splits;
        }

        if (_options.Split is null && Deeper() is { } inner)
        {
            throw new DatasetException(_path, $"the data set lies {(ReferenceEquals(inner, _tree.Folders.Find(static f => f.HasPictures)) ? "one folder deeper" : "deeper")}. Give {inner.Path}.");
        }

        if (_options.Split is null)
        {
            _earlier?.RequireSplits();
        }

        SplitFolders splits = _options.Split is null ? SplitRule.Of(_tree) : SplitOption.Of(_tree, _options.Split);
        if (splits.Warning is { } warning)
        {
            _warnings.Add(warning);
        }

        return splits;
    }

    /// <summary>The folder that the only folder with pictures leads to, where that has several of them or a split; null for others.</summary>
    private FolderTree? Deeper()
    {
        FolderTree inner = _tree;
        while (Only(inner) is { } only && SplitNames.KindOf(only.Name) is null)
        {
            inner = only;
        }

        bool isSet = inner.Pictures.Count == 0 && (Only(inner)?.HoldsFolders ?? inner.HoldsFolders);
        return isSet && !ReferenceEquals(inner, _tree) ? inner : null;

        static FolderTree? Only(FolderTree folder) => folder.Pictures.Count == 0 && folder.Folders.Count(static f => f.HasPictures) == 1 ? folder.Folders.Find(static f => f.HasPictures) : null;
    }

    private DatasetSplits OpenTestAlone(SplitFolders splits)
    {
        IReadOnlyList<FolderTree> held = splits.Test.Count > 0 ? splits.Test : splits.Validation;
        if (held.Count == 0)
        {
            throw new DatasetException(_options.LabelsCsv ?? _path, "there is no line with a file and its label, expected one for each picture.");
        }

        if (!_options.TestAlone)
        {
            throw new DatasetException(_path, $"{(_options.LabelsCsv is null ? $"there is a '{Path.GetFileName(held[0].Path)}' folder but no 'train' folder beside it" : $"no line of {_options.LabelsCsv} is for training")}.");
        }

        ImageFolder testing = Read(NameOf(held), held, null, least: 1);
        ImageFolder? validation = splits.Test.Count > 0 ? Held(splits.Validation, testing.Labels) : null;
        return new(testing, testing, Kind) { Validation = validation, ValidationIsTest = validation is null && splits.Test.Count == 0, SkippedImages = _skipped, Files = Account(splits.All), Warnings = _warnings, Odd = _odd };
    }

    private ImageFolder? Held(IReadOnlyList<FolderTree> folders, IReadOnlyList<string> classes) =>
        folders.Count == 0 ? null : Read(NameOf(folders), folders, classes);

    private string NameOf(IReadOnlyList<FolderTree> split) => _options.LabelsCsv is null ? Path.GetFileName(split[0].Path) : split[0].Name;

    private ImageFolder Read(string split, IReadOnlyList<FolderTree> roots, IReadOnlyList<string>? known, int least = 2)
    {
        string root = roots[0].Path;
        IGrouping<string, FolderTree>[] folders = [.. roots.SelectMany(static r => r.Folders).GroupBy(static f => f.Name, StringComparer.Ordinal).Where(IsClass).OrderBy(static g => g.Key, StringComparer.Ordinal)];
        string[] classes = [.. folders.Select(static g => g.Key)];
        if (known is null)
        {
            ClassNames.Require(root, classes.Length, least, new FileAccount(0, _others).Summary());
        }
        else if (folders.Length == 0 && _earlier is not null)
        {
            throw EarlierPictures.ChangeOfData(root);
        }
        else if (folders.Length == 0)
        {
            throw new DatasetException(root, "no class folders; expected the same as in the training folder.");
        }
        else if (Array.Find(classes, c => !known.Contains(c, StringComparer.Ordinal)) is { } stranger)
        {
            throw new DatasetException(folders.First(f => f.Key == stranger).First().Path,
                $"the training set has no class '{stranger}'. Its classes are: {Shorten(known)}.");
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
        return new ImageFolder($"{Name} {split}", known ?? classes, [.. images], _odd);
    }

    /// <summary>Whether folders of a name are a class: in a run that goes on, one that it began with.</summary>
    private bool IsClass(IEnumerable<FolderTree> folders)
    {
        string[] pictures = _earlier is null ? [] : [.. folders.SelectMany(static f => f.AllPictures())];
        bool isLate = pictures.Length > 0 && !Array.Exists(pictures, _earlier!.Contains);
        _late.UnionWith(isLate ? pictures : []);
        return !isLate;
    }

    /// <summary>Those of some files that can be used; the others are noted.</summary>
    private string[] Usable(string folder, string[] files, string ofWhat)
    {
        if (_earlier is not null && !Array.Exists(files, _earlier.Contains))
        {
            throw new DatasetException(folder, $"all {files.Length} images{ofWhat} came after the run began. Put those back that it began with, or begin a new run in another --out.");
        }

        if (!_options.SkipBad)
        {
            // What came after a run began is left out unseen: it may still be under way. With skipping, it may be what could not be decoded then, and is noted as such.
            _late.UnionWith(files.Where(IsLate));
            files = [.. files.Where(f => !IsLate(f))];
        }

        string?[] problems = Check(files);
        string[] usable = [.. files.Where((f, i) => problems[i] is null && !IsLate(f))];
        _late.UnionWith(files.Where((f, i) => problems[i] is null && IsLate(f)));
        if (usable.Length == 0)
        {
            throw new DatasetException(folder, $"none of the {files.Length} images{ofWhat} can be decoded. First: {files[0]}: {problems[0]}");
        }

        _skipped.AddRange(files.Zip(problems).Where(static p => p.Second is not null).Select(static p => new SkippedImage(p.First, p.Second!)));
        _used.UnionWith(usable);
        return usable;
    }

    private bool IsLate(string picture) => _earlier?.Contains(picture) == false;

    private DatasetException WithoutPicture(string folder)
    {
        LeftOutFile[] files = [.. _others.Where(f => f.File.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))];
        LeftOutFile? again = Array.Find(files, static f => f.Reason.StartsWith("the same", StringComparison.Ordinal));
        return new DatasetException(folder, files.Length == 0
            ? "the class folder is empty; expected PNG, JPEG, WebP, BMP or GIF files. Add images or remove the folder."
            : again is not null ? $"no image of its own: {Path.GetFileName(again.File)} is {again.Reason}, and nothing counts twice. Remove one of them."
            : $"no PNG, JPEG, WebP, BMP or GIF among the {files.Length} files of this class (for example {Path.GetFileName(files[0].File)}{(files[0].Reason == FolderWalk.PipeOrDevice ? $", {FolderWalk.PipeOrDevice}" : "")}). "
                + "Convert the images or remove the folder.");
    }

    /// <summary>What became of every file.</summary>
    private FileAccount Account(IEnumerable<FolderTree> roots)
    {
        var bad = _skipped.Select(static s => s.File).ToHashSet(StringComparer.Ordinal);
        var beside = roots.SelectMany(static r => r.Pictures).ToHashSet(StringComparer.Ordinal);
        IEnumerable<LeftOutFile> unused = _tree.AllPictures().Where(f => !_used.Contains(f))
            .Select(f => new LeftOutFile(f, bad.Contains(f) ? ImageDecoder.WhyNoPicture(f) ?? "cannot be decoded" : beside.Contains(f) ? "beside the class folders" : _late.Contains(f) ? "came after the run began" : _options.LabelsCsv is null ? "outside the splits" : "not in the table of labels"));
        return new FileAccount(_used.Count, [.. _others.Concat(unused).OrderBy(static f => f.File, StringComparer.Ordinal)]);
    }

    /// <summary>Why each file cannot be used, null where it can. Without skipping, the first bytes of each are looked at and the first
    /// problem (in the order of paths) is thrown; with skipping, every file is decoded. What an earlier run took is not asked again.</summary>
    private string?[] Check(string[] files)
    {
        string?[] problems = new string?[files.Length];
        var first = new ImageException?[files.Length];
        for (int at = 0; at < files.Length; at += Chunk)
        {
            int end = Math.Min(at + Chunk, files.Length);
            Parallel.For(at, end, new ParallelOptions { CancellationToken = _options.Cancel }, i =>
            {
                first[i] = _earlier?.Contains(files[i]) == true && _options.SkipBad ? null : Fault(files[i], _options.SkipBad);
                problems[i] = first[i]?.Problem;
            });
            if (_options.SkipBad)
            {
                _options.Checked?.Invoke(_checked += end - at, _tree.Count);
            }
        }

        if (first.Where((e, i) => e is not null && (!_options.SkipBad || e.CodecMissing) && !IsLate(files[i])).FirstOrDefault() is { } bad)
        {
            throw bad.CodecMissing ? bad : ImageFolder.WithAdvice(bad);
        }

        return problems;
    }

    private static ImageException? Fault(string file, bool whole)
    {
        try
        {
            if (whole)
            {
                _ = ImageDecoder.DecodeFile(file);
            }
            else
            {
                ImageDecoder.CheckFileHeader(file);
            }

            return null;
        }
        catch (ImageException e)
        {
            return e;
        }
    }

    private static string Shorten(IReadOnlyList<string> names) => names.Count <= 12
        ? string.Join(", ", names) : $"{string.Join(", ", names.Take(12))}, ... ({names.Count})";
}
