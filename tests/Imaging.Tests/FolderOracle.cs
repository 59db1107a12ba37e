namespace EdgeVit.Imaging.Tests;

/// <summary>What a random tree must be read as: the rule of docs/convert.md, written a second time over the test's own model of the tree.</summary>
internal sealed class FolderOracle
{
    private static readonly Dictionary<string, string> s_splits = new()
    {
        ["train"] = "train",
        ["Train"] = "train",
        ["training_set"] = "train",
        ["seg_train"] = "train",
        ["train2017"] = "train",
        ["val"] = "val",
        ["valid"] = "val",
        ["dev"] = "val",
        ["VALIDATION"] = "val",
        ["test"] = "test",
        ["Test Data"] = "test",
        ["testing"] = "test",
        ["eval"] = "test",
    };

    private static readonly HashSet<string> s_junk = [".DS_Store", "Thumbs.db", "._a.png", "._cat", "@eaDir", ".ipynb_checkpoints", "__MACOSX"];

    private readonly HashSet<TreeNode> _seen = [];
    private readonly List<TreeNode> _hidden = [];

    private FolderOracle() { }

    /// <summary>Files, those of hidden folders too, and links that are not entered.</summary>
    public int Found { get; private set; }

    /// <summary>Path of each used picture, with split and class.</summary>
    public Dictionary<string, (string Split, string Class)> Used { get; } = [];

    /// <summary>Null when the tree can be used; else <c>usage</c> or <c>failure</c>.</summary>
    public string? Refusal { get; private set; }

    public static FolderOracle Read(TreeNode root)
    {
        var oracle = new FolderOracle();
        oracle._seen.Add(root);
        Seen tree = oracle.Walk(root, root.Path);
        oracle.Found += oracle._hidden.Sum(oracle.Hidden);
        oracle.Decide(tree);
        return oracle;
    }

    /// <summary>What is in a folder: pictures that may be decoded or not, and sub-folders.</summary>
    private sealed record Seen(string Name, List<(string Path, bool Good)> Pictures, List<Seen> Folders)
    {
        public IEnumerable<(string Path, bool Good)> All => Pictures.Concat(Folders.SelectMany(f => f.All));

        public bool Deep => Folders.Any(f => f.All.Any());
    }

    private static bool Junk(string name) => s_junk.Contains(name) || name.StartsWith("._", StringComparison.Ordinal);

    private static string Composed(string name) => name.Replace("e\u0301", "\u00E9", StringComparison.Ordinal);

    private Seen Walk(TreeNode folder, string path)
    {
        var seen = new Seen(Composed(System.IO.Path.GetFileName(path)), [], []);
        foreach (TreeNode entry in folder.Children!.Where(c => !Junk(c.Name)).OrderBy(c => Composed(c.Name), StringComparer.Ordinal).ThenBy(c => c.Name, StringComparer.Ordinal))
        {
            string at = System.IO.Path.Combine(path, entry.Name);
            if (entry.Name[0] == '.')
            {
                _hidden.Add(entry);
                continue;
            }

            TreeNode? real = entry.Content == TreeContent.Link ? entry.Target : entry;
            bool enters = entry.Content != TreeContent.BrokenLink && _seen.Add(real!);
            if (enters && real!.Children is not null)
            {
                seen.Folders.Add(Walk(real, at));
                continue;
            }

            Found++;
            bool claims = entry.Name.EndsWith(".jpg", StringComparison.Ordinal);
            if (enters && (real!.Content == TreeContent.Picture || claims))
            {
                seen.Pictures.Add((at, real.Content == TreeContent.Picture));
            }
        }
        return seen;
    }

    /// <summary>Files that nothing leads to but a name with a dot.</summary>
    private int Hidden(TreeNode node) => node.Children is null ? (_seen.Contains(node) ? 0 : 1)
        : node.Children.Where(c => !Junk(c.Name) && c.Content is not (TreeContent.Link or TreeContent.BrokenLink)).Sum(Hidden);

    private static string? Split(Seen folder) => s_splits.GetValueOrDefault(folder.Name);

    private void Decide(Seen root)
    {
        Seen[] named = [.. root.Folders.Where(f => Split(f) is not null)];
        bool others = root.Folders.Any(f => Split(f) is null && f.All.Any());
        Seen[] deep = [.. named.Where(f => f.Deep)], flat = [.. named.Where(f => !f.Deep && f.All.Any())];
        if (root.Folders.Count == 0)
        {
            Refusal = "failure";
        }
        else if (others)
        {
            Use([root], "train", null);
        }
        else if (flat.Length > (deep.Length > 0 ? 0 : 1))
        {
            Refusal = "usage";
        }
        else if (deep.Length == 0)
        {
            Use([root], "train", null);
        }
        else if (named.Any(f => !f.All.Any()))
        {
            Refusal = "failure";
        }
        else
        {
            Splits(named);
        }
    }

    private void Splits(Seen[] named)
    {
        ILookup<string, Seen> by = named.ToLookup(f => Split(f)!, Inner);
        HashSet<string>? classes = Use([.. by["train"]], "train", null);
        if (classes is null)
        {
            Refusal = "failure";
            return;
        }

        bool alone = !by["test"].Any();
        if (alone)
        {
            Use([.. by["val"]], "test", classes);
            return;
        }

        Use([.. by["test"]], "test", classes);
        Use([.. by["val"]], "val", classes);
    }

    private static Seen Inner(Seen folder) =>
        folder.Pictures.Count == 0 && folder.Folders.Count == 1 && folder.Folders[0].Deep && Split(folder.Folders[0]) == Split(folder) ? Inner(folder.Folders[0]) : folder;

    private HashSet<string>? Use(Seen[] roots, string split, HashSet<string>? known)
    {
        var classes = roots.SelectMany(r => r.Folders).ToLookup(f => f.Name);
        bool wrong = known is null ? classes.Count < 2 : roots.Length > 0 && (classes.Count == 0 || classes.Any(c => !known.Contains(c.Key)));
        if (wrong || classes.Any(c => !c.SelectMany(f => f.All).Any(p => p.Good)))
        {
            Refusal = "failure";
            return null;
        }

        foreach (IGrouping<string, Seen> folder in classes)
        {
            foreach ((string path, bool _) in folder.SelectMany(f => f.All).Where(p => p.Good))
            {
                Used.Add(path, (split, folder.Key));
            }
        }
        return [.. classes.Select(c => c.Key)];
    }
}
