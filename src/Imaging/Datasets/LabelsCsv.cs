namespace EdgeVit.Imaging;

/// <summary>The classes of pictures from a table: a line for each, with its file, its label, and perhaps what it is for.</summary>
/// <param name="Splits">The pictures under their classes, as folders that are none.</param>
/// <param name="Missing">Lines whose picture is not there; only where such are left out.</param>
/// <param name="Warnings">What to say about the table.</param>
internal sealed record LabelsCsv(SplitFolders Splits, IReadOnlyList<SkippedImage> Missing, IReadOnlyList<string> Warnings)
{
    private readonly record struct Entry(int Line, string Label, SplitKind Split);

    /// <summary>Reads a table.</summary>
    /// <param name="tree">The folder with the pictures.</param>
    /// <param name="others">What of it is no picture.</param>
    /// <param name="options">Names the table, and says whether lines without a picture are left out.</param>
    /// <exception cref="DatasetException">A line is wrong; the message has its number.</exception>
    internal static LabelsCsv Read(FolderTree tree, IReadOnlyList<LeftOutFile> others, DatasetOptions options)
    {
        string file = options.LabelsCsv!;
        List<CsvRow> rows = CsvRows.Read(file, options.Cancel);
        if (rows.Count == 0)
        {
            throw Wrong(file, "is empty; expected a line for each picture, with its file name and its label.");
        }

        string[] pictures = tree.AllPictures();
        var names = new PictureNames(tree.Path, pictures, file);
        LabelColumns columns = LabelColumns.Of(file, rows, name => names.Find(name, out _) is not null);
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        List<SkippedImage> missing = [];
        int repeated = 0;
        foreach (CsvRow row in columns.HasHeader ? rows[1..] : rows)
        {
            (string name, Entry entry) = Parse(file, row, columns);
            if (names.Find(name, out bool ambiguous) is not { } picture)
            {
                missing.Add(new SkippedImage(name, $"line {row.Line} of {file}: {(ambiguous ? "several pictures could be meant; give its path within the folder" : Why(tree, others, name))}."));
            }
            else if (!entries.TryAdd(picture, entry))
            {
                RequireSame(file, name, entries[picture], entry);
                repeated++;
            }
        }

        if (missing.Count > 0 && (!options.SkipBad || entries.Count == 0))
        {
            throw NotThere(missing, tree, options.SkipBad);
        }

        string said = $"{file}: {columns.Describe(rows[0])}; {entries.Count} pictures"
            + (repeated > 0 ? $"; {repeated} lines name a picture again and count once" : "") + (missing.Count > 0 ? $"; {missing.Count} lines without a picture are left out" : "");
        return new LabelsCsv(Divide(file, entries), missing, [said]);
    }

    private static DatasetException NotThere(List<SkippedImage> missing, FolderTree tree, bool skipBad) => new(
        missing[0].File,
        $"{missing[0].Problem} {(missing.Count == 1 ? "It is" : $"{missing.Count} lines are like this:")} looked for from the folder of the table and in {tree.Path}. "
            + $"Correct the table or --data{(skipBad ? "" : ", or leave such lines out with --skip-bad")}.")
    {
        IsUsage = true,
    };

    private static (string Name, Entry Entry) Parse(string file, CsvRow row, LabelColumns columns)
    {
        int last = Array.FindLastIndex(row.Fields, static f => f.Length > 0);
        if (last >= columns.Count || row.Fields.Length <= Math.Max(columns.File, Math.Max(columns.Label, columns.Split)))
        {
            throw Wrong(file, $"line {row.Line}: {last + 1} columns, expected {columns.Count}. Put names with a comma into quotes (\").");
        }

        string name = row.Fields[columns.File], label = row.Fields[columns.Label];
        if (name.Length == 0 || label.Length == 0)
        {
            throw Wrong(file, $"line {row.Line}: the {(name.Length == 0 ? "file" : $"label of {name}")} is missing.");
        }

        SplitKind split = SplitKind.Train;
        if (columns.Split >= 0)
        {
            string text = row.Fields[columns.Split];
            split = SplitNames.KindOf(text) ?? throw Wrong(file, $"line {row.Line}: the split of {name} is '{text}', expected train, val or test.");
        }
        return (name, new Entry(row.Line, NormalForm.Compose(label), split));
    }

    private static void RequireSame(string file, string name, Entry first, Entry second)
    {
        if (first.Label != second.Label)
        {
            throw Wrong(file, $"line {second.Line}: {name} is '{second.Label}', but '{first.Label}' in line {first.Line}. A picture has one label.");
        }

        if (first.Split != second.Split)
        {
            throw Wrong(file, $"line {second.Line}: {name} is for {SplitOption.Key(second.Split)}, but for {SplitOption.Key(first.Split)} in line {first.Line}. A picture counts once.");
        }
    }

    private static string Why(FolderTree tree, IReadOnlyList<LeftOutFile> others, string name)
    {
        string path = Path.GetFullPath(name.Replace('\\', '/'), Path.GetFullPath(tree.Path));
        return others.FirstOrDefault(o => Path.GetFullPath(o.File) == path) is { } other ? $"no picture that is used: {other.Reason}" : "no such picture";
    }

    private static SplitFolders Divide(string file, Dictionary<string, Entry> entries)
    {
        ILookup<SplitKind, FolderTree> folders = entries.GroupBy(static e => e.Value.Split).ToLookup(static g => g.Key, split =>
        {
            var root = new FolderTree(file, SplitOption.Key(split.Key));
            foreach (IGrouping<string, KeyValuePair<string, Entry>> label in split.GroupBy(static e => e.Value.Label, StringComparer.Ordinal).OrderBy(static g => g.Key, StringComparer.Ordinal))
            {
                var folder = new FolderTree($"{file} ({label.Key})", label.Key);
                folder.Pictures.AddRange(label.Select(static e => e.Key));
                root.Folders.Add(folder);
            }
            return root;
        });
        return SplitFolders.Of(folders);
    }

    private static DatasetException Wrong(string file, string problem) => new(file, problem) { IsUsage = true };
}
