namespace EdgeVit.Imaging.Tests;

/// <summary>A run that goes on finds the pictures that it began with, each at its number, whatever has become of them.</summary>
public sealed class EarlierPicturesTests
{
    [Fact]
    public void EachKeepsItsNumberAndClass()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        byte[] png = TestImages.PlainPng(), jpeg = GoldenPicture.Read("jpeg-420.jpg").File;
        int compared = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            using var folder = new TempFolder();
            string root = Path.Combine(folder.Path, "data");
            RandomTree.Write(new RandomTree(seed).Make(root), png, jpeg);
            if (Opened(root, null) is not { } before)
            {
                continue;
            }

            string[] pictures = [.. Images(before).Select(i => Path.GetRelativePath(root, i.File))];
            var random = new Random(seed);
            int gone = 0;
            foreach (string picture in pictures.Where(_ => random.Next(3) == 0))
            {
                string file = Path.Combine(root, picture);
                // A link that others lead to is another question: what it leads to stays.
                if (random.Next(2) == 0 && new FileInfo(file).LinkTarget is null && !Links(root))
                {
                    File.Delete(file);
                    gone++;
                }
                else
                {
                    File.WriteAllText(file, random.Next(2) == 0 ? "" : "words");
                }
            }

            File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(Path.Combine(root, pictures[0]))!, "a new one.png"), png);
            DatasetSplits after = DatasetFolder.Open(root, new() { SkipBad = true, Earlier = pictures });
            Assert.Equal(Images(before), Images(after));
            Assert.Equal(before.Train.Labels, after.Train.Labels);
            Assert.Equal(pictures.Length, after.Files!.Used);
            Assert.True(after.Files.LeftOut.Count(f => f.Reason == "came after the run began") == 1, $"seed {seed}: {string.Join("; ", after.Files.LeftOut)}\nbefore: {string.Join("; ", before.Files!.LeftOut)}\n{string.Join("; ", pictures)}");
            Assert.DoesNotContain(after.Files.LeftOut, f => pictures.Contains(Path.GetRelativePath(root, f.File)));
            if (gone > 0)
            {
                Assert.Contains("--resume --skip-bad", Assert.Throws<DatasetException>(() => DatasetFolder.Open(root, new() { Earlier = pictures })).Message);
            }

            compared++;
        }

        Assert.True(compared > 50, $"{compared}");
    }

    /// <summary>A picture may be under way while a run goes on: it is no reason to refuse.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatCameLaterIsLeftOutWhateverItIs(bool skip)
    {
        using var folder = new TempFolder();
        string root = Path.Combine(folder.Path, "data");
        byte[] png = TestImages.PlainPng();
        string[] names = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"];
        foreach (string name in names)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, name))!);
            File.WriteAllBytes(Path.Combine(root, name), png);
        }

        File.WriteAllBytes(Path.Combine(root, "cat", "0 half.png"), png[..4]);
        File.WriteAllBytes(Path.Combine(root, "dog", "3 empty.jpg"), []);
        File.WriteAllText(Path.Combine(root, "dog", "4 words.jpg"), "words");
        Assert.Throws<ImageException>(() => DatasetFolder.Open(root));
        DatasetSplits after = DatasetFolder.Open(root, new() { Earlier = names, SkipBad = skip });
        Assert.Equal(names.Select(n => Path.Combine(root, n)), Images(after).Select(static i => i.File));
        Assert.Equal(skip ? 3 : 0, after.Skipped);

        DatasetSplits loose = DatasetFolder.OpenUnlabelled(Path.Combine(root, "cat"), ["a", "b"], new() { Earlier = ["1.png"], SkipBad = skip });
        Assert.Equal(1, loose.Train.Count);
        string message = Assert.Throws<DatasetException>(() => DatasetFolder.OpenUnlabelled(Path.Combine(root, "cat"), ["a", "b"], new() { Earlier = [], SkipBad = skip })).Message;
        Assert.Contains("all 3 images came after the run began", message, StringComparison.Ordinal);
    }

    private static bool Links(string root) => Directory.EnumerateFileSystemEntries(root, "*link*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 6 }).Any();

    private static DatasetSplits? Opened(string root, IReadOnlyCollection<string>? earlier)
    {
        try
        {
            return DatasetFolder.Open(root, new() { SkipBad = true, Earlier = earlier });
        }
        catch (DatasetException)
        {
            return null;
        }
    }

    private static (string Use, string File, int Label)[] Images(DatasetSplits splits) =>
    [
        .. new[] { ("train", splits.Train), ("val", splits.Validation), ("test", splits.Test) }.Where(s => s.Item2 is not null)
            .SelectMany(s => Enumerable.Range(0, s.Item2!.Count).Select(i => (s.Item1, s.Item2.SourceName(i), s.Item2.Label(i)))),
    ];
}
