namespace EdgeVit.Imaging.Tests;

/// <summary>A file, folder or link of a random tree, as the test knows it.</summary>
internal sealed class TreeNode(string name)
{
    public string Name { get; } = name;

    /// <summary>Null for files and links.</summary>
    public List<TreeNode>? Children { get; init; }

    /// <summary>What a file holds.</summary>
    public TreeContent Content { get; init; }

    /// <summary>Where a link leads; null where <see cref="Content"/> is <see cref="TreeContent.BrokenLink"/>.</summary>
    public TreeNode? Target { get; init; }

    public TreeNode? Parent { get; set; }

    public string Path => Parent is null ? Name : System.IO.Path.Combine(Parent.Path, Name);
}

internal enum TreeContent
{
    Picture,
    DamagedPicture,
    Other,
    Link,
    BrokenLink,
}

/// <summary>Makes random folders of pictures: splits, classes, depths, links, formats, junk.</summary>
internal sealed class RandomTree(int seed)
{
    private static readonly string[] s_classes = ["cat", "dog", "_odd", "Zebra", "caf\u00E9", "cafe\u0301", "train", "ant 2", "\u7334"];
    private static readonly string[] s_splits = ["train", "Train", "training_set", "seg_train", "train2017", "val", "valid", "dev", "VALIDATION", "test", "Test Data", "testing", "eval"];
    private static readonly string[] s_junk = [".DS_Store", "Thumbs.db", "._a.png", "._cat"];
    private static readonly string[] s_junkFolders = ["@eaDir", ".ipynb_checkpoints", "__MACOSX"];
    private static readonly string[] s_pictureEndings = [".png", ".PNG", ".jpg", ".jfif", "", ".dat", ".tiff"];
    private static readonly string[] s_otherEndings = [".txt", ".tiff", "", ".csv"];

    private readonly Random _random = new(seed);
    private readonly List<TreeNode> _all = [];
    private int _number;

    /// <summary>The tree, its root at a path.</summary>
    public TreeNode Make(string root)
    {
        var tree = new TreeNode(root) { Children = [] };
        int shape = _random.Next(10);
        if (shape < 3)
        {
            Classes(tree, s_classes, 2 + _random.Next(3));
        }
        else
        {
            string[] classes = Some(s_classes, 3);
            foreach (string name in Some(s_splits, 1 + _random.Next(4)))
            {
                TreeNode split = Folder(tree, name);
                if (_random.Next(8) == 0)
                {
                    split = Folder(split, name);
                }

                if (_random.Next(20) > 0)
                {
                    Classes(split, _random.Next(12) == 0 ? s_classes : classes, 2 + _random.Next(2));
                }
                else
                {
                    Files(split, 2);
                }
            }
        }
        if (_random.Next(12) == 0)
        {
            Classes(tree, s_classes, 1);
        }

        int links = _random.Next(3) == 0 ? 1 + _random.Next(3) : 0;
        for (int i = 0; i < links; i++)
        {
            Link(tree);
        }

        return tree;
    }

    /// <summary>Writes it to the disk.</summary>
    public static void Write(TreeNode node, byte[] png, byte[] jpeg)
    {
        if (node.Children is { } children)
        {
            Directory.CreateDirectory(node.Path);
            foreach (TreeNode child in children)
            {
                Write(child, png, jpeg);
            }

            return;
        }

        switch (node.Content)
        {
            case TreeContent.Link:
                File.CreateSymbolicLink(node.Path, node.Name.Length % 2 == 0 ? node.Target!.Path : System.IO.Path.GetRelativePath(node.Parent!.Path, node.Target!.Path));
                break;
            case TreeContent.BrokenLink:
                File.CreateSymbolicLink(node.Path, "nowhere");
                break;
            case TreeContent.Picture:
                File.WriteAllBytes(node.Path, node.Name.Length % 2 == 0 ? png : jpeg);
                break;
            default:
                File.WriteAllText(node.Path, node.Content == TreeContent.Other ? "II*\0" : "<html>");
                break;
        }
    }

    private void Classes(TreeNode parent, string[] names, int count)
    {
        foreach (string name in Some(names, Math.Min(count, names.Length)))
        {
            if (parent.Children!.Exists(c => c.Name == name))
            {
                continue;
            }

            TreeNode folder = Folder(parent, name);
            if (_random.Next(5) == 0)
            {
                Files(Folder(folder, _random.Next(2) == 0 ? "images" : "test"), 1);
            }

            if (_random.Next(30) > 0)
            {
                Files(folder, 1 + _random.Next(3));
            }
        }
        if (_random.Next(4) == 0)
        {
            Files(parent, 1);
        }
    }

    private TreeNode Folder(TreeNode parent, string name)
    {
        var folder = new TreeNode(name) { Children = [], Parent = parent };
        parent.Children!.Add(folder);
        _all.Add(folder);
        if (_random.Next(6) == 0)
        {
            var junk = new TreeNode(Some(s_junkFolders, 1)[0]) { Children = [], Parent = folder };
            junk.Children!.Add(new TreeNode("thumb.png") { Parent = junk });
            folder.Children!.Add(junk);
        }

        if (_random.Next(10) == 0)
        {
            var hidden = new TreeNode($".{name}") { Children = [], Parent = folder };
            folder.Children!.Add(hidden);
            Files(hidden, 1 + _random.Next(2));
        }

        return folder;
    }

    private void Files(TreeNode folder, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int kind = _random.Next(10);
            TreeContent content = kind < 8 ? TreeContent.Picture : kind == 8 ? TreeContent.Other : TreeContent.DamagedPicture;
            string ending = content == TreeContent.Picture ? Some(s_pictureEndings, 1)[0] : content == TreeContent.Other ? Some(s_otherEndings, 1)[0] : ".jpg";
            Add(folder, new TreeNode($"{(_random.Next(15) == 0 ? "." : "")}f{_number++}{ending}") { Content = content, Parent = folder });
        }
        if (_random.Next(5) == 0)
        {
            folder.Children!.Add(new TreeNode(Some(s_junk, 1)[0]) { Content = TreeContent.Other, Parent = folder });
        }
    }

    private void Link(TreeNode root)
    {
        TreeNode[] folders = [root, .. _all.Where(n => n.Children is not null)];
        TreeNode from = folders[_random.Next(folders.Length)];
        TreeNode to = _random.Next(6) == 0 ? root : _all[_random.Next(_all.Count)];
        string name = $"{(_random.Next(2) == 0 ? "a" : "z")}link{_number++}";
        from.Children!.Add(_random.Next(6) == 0
            ? new TreeNode(name) { Content = TreeContent.BrokenLink, Parent = from }
            : new TreeNode(name) { Content = TreeContent.Link, Target = to, Parent = from });
    }

    private void Add(TreeNode folder, TreeNode file)
    {
        folder.Children!.Add(file);
        _all.Add(file);
    }

    private string[] Some(string[] names, int count)
    {
        string[] copy = [.. names];
        _random.Shuffle(copy);
        return copy[..count];
    }
}
