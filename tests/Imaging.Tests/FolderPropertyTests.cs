namespace EdgeVit.Imaging.Tests;

/// <summary>Random folders of pictures are read as the rule says, and every file is accounted for.</summary>
public sealed class FolderPropertyTests
{
    private const int Trees = 300;

    [Fact]
    public void EveryFileIsUsedForWhatItIsOrNamed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        byte[] png = TestImages.PlainPng(), jpeg = GoldenPicture.Read("jpeg-420.jpg").File;
        var outcomes = new Dictionary<string, int>();
        for (int seed = 0; seed < Trees; seed++)
        {
            using var folder = new TempFolder();
            string root = Path.Combine(folder.Path, "data");
            TreeNode tree = new RandomTree(seed).Make(root);
            RandomTree.Write(tree, png, jpeg);
            string outcome = Compare(FolderOracle.Read(tree), root, $"seed {seed}:\n{string.Join('\n', Directory.EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, MaxRecursionDepth = 6 }).Order(StringComparer.Ordinal).Take(60))}");
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        // The trees are of all kinds, so that no part of the rule is compared with nothing.
        string counts = string.Join(", ", outcomes);
        foreach (string outcome in new[] { "usage", "failure", "train", "test train", "test train val" })
        {
            Assert.True(outcomes.GetValueOrDefault(outcome) >= Trees / 50, counts);
        }
    }

    private static string Compare(FolderOracle expected, string root, string what)
    {
        DatasetSplits splits;
        try
        {
            splits = DatasetFolder.Open(root, new DatasetOptions { SkipBad = true });
        }
        catch (DatasetException e)
        {
            string refusal = e.IsUsage ? "usage" : "failure";
            Assert.True(expected.Refusal == refusal, $"refused ({refusal}), expected {expected.Refusal ?? "not"}: {e.Message}\n{what}");
            Assert.True(!e.IsUsage || e.Message.Contains("--split", StringComparison.Ordinal), e.Message);
            return refusal;
        }
        Assert.True(expected.Refusal is null, $"read, expected {expected.Refusal}\n{what}");
        var used = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((IImageDataset? set, string split) in new[] { (splits.Train, "train"), (splits.Validation, "val"), (splits.Test, "test") })
        {
            for (int i = 0; i < (set?.Count ?? 0); i++)
            {
                used.Add(set!.SourceName(i), $"{split} {set.Labels[set.Label(i)]}");
            }
        }

        Assert.True(expected.Used.OrderBy(u => u.Key, StringComparer.Ordinal).Select(u => (u.Key, $"{u.Value.Split} {u.Value.Class}")).SequenceEqual(used.Select(u => (u.Key, u.Value))),
            $"used:\n{string.Join('\n', used)}\nexpected:\n{string.Join('\n', expected.Used)}\n{what}");
        FileAccount files = splits.Files!;
        Assert.True((used.Count, expected.Found) == (files.Used, files.Found), $"{files.Used} used of {files.Found}, expected {used.Count} of {expected.Found}\n{what}");
        Assert.Equal(files.LeftOut.Count, files.LeftOut.Select(f => f.File).Distinct().Count());
        Assert.DoesNotContain(files.LeftOut, f => used.ContainsKey(f.File));
        return string.Join(' ', expected.Used.Values.Select(u => u.Split).Distinct().Order(StringComparer.Ordinal));
    }
}
