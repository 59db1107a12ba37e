using System.Text;

namespace EdgeVit.Imaging.Tests;

/// <summary>Pictures whose classes stand in a table.</summary>
public sealed class LabelsCsvTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Tables of every form that programs write say the same.</summary>
    [Fact]
    public void EveryFormOfTableIsReadAlike()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            using var folder = new TempFolder();
            var random = new Random(seed);
            string[] labels = ["a cat", "dog", "caf\u00E9", "7", "x,y;z", "say \"hi\""];
            bool split = random.Next(2) == 0;
            var expected = new SortedDictionary<string, string>(StringComparer.Ordinal);
            List<string[]> rows = [];
            foreach (int i in Enumerable.Range(0, 6 + random.Next(6)))
            {
                string file = $"{(random.Next(2) == 0 ? "deep/er/" : "")}{(random.Next(4) == 0 ? "p, " : "")}{i}{(random.Next(3) == 0 ? ".PNG" : ".jpg")}";
                folder.Write($"data/{file}", TestImages.PlainPng());
                string label = labels[i < labels.Length ? i : random.Next(labels.Length)], use = !split || i < labels.Length ? "train" : random.Next(2) == 0 ? "Validation" : "test";
                expected[file] = $"{label} {use}";
                rows.Add(split ? [Called(file, random), label, use] : [Called(file, random), label]);
            }

            bool listed = random.Next(2) == 0;
            string csv = folder.Write(listed ? "data/labels.csv" : "lists/labels.csv", Table(rows, random));
            DatasetSplits splits = DatasetFolder.Open(folder.At("data"), new() { LabelsCsv = csv });
            var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
            bool alone = !expected.Values.Any(v => v.EndsWith(" test", StringComparison.Ordinal));
            foreach ((IImageDataset? set, string use) in new[] { (splits.Train, "train"), (splits.Validation, "Validation"), (splits.Test, alone ? "Validation" : "test") })
            {
                for (int i = 0; i < (set?.Count ?? 0); i++)
                {
                    found.Add(Path.GetRelativePath(folder.At("data"), set!.SourceName(i)), $"{set.Labels[set.Label(i)]} {use}");
                }
            }

            Assert.Equal(expected, found);
            Assert.Equal((rows.Count, listed ? 1 : 0), (splits.Files!.Used, splits.Files.LeftOut.Count));
        }
    }

    [Fact]
    public void KagglesTrainCsvNamesPicturesWithoutFolderAndExtension()
    {
        Fill("train/000bec18.jpg", "train/001513df.jpg", "train/0021f9ce.jpg", "test/00a3edd2.jpg");
        _folder.Write("labels.csv", "id,breed\n000bec18,boston_bull\n001513df,dingo\n0021f9ce,dingo\n");
        DatasetSplits splits = Open();
        Assert.Equal(["000bec18.jpg boston_bull", "001513df.jpg dingo", "0021f9ce.jpg dingo"], Named(splits.Train));
        Assert.Equal("1 .csv (a text), 1 .jpg (not in the table of labels)", splits.Files!.Summary());
        Assert.Contains("file 'id', label 'breed'; 3 pictures", splits.Warnings[0]);
    }

    [Theory]
    [InlineData("1.png,a\n2.png\n3.png,b\n", "line 2: 1 columns, expected 2")]
    [InlineData("1.png,a\n2.png,b,c\n", "line 2: 3 columns, expected 2")]
    [InlineData("1.png,a\n\n\n2.png,\n", "line 4: the label of 2.png is missing")]
    [InlineData("file,label\n,a\n", "line 2: the file is missing")]
    [InlineData("file,label\n1.png,a\n1.png,b\n", "line 3: 1.png is 'b', but 'a' in line 2")]
    [InlineData("file,label\n1.png,a\n./1.png,b\n", "line 3: ./1.png is 'b', but 'a' in line 2")]
    [InlineData("file,label,split\n1.png,a,train\n1.png,a,test\n", "line 3: 1.png is for test, but for train in line 2")]
    [InlineData("file,label,split\n1.png,a,train\n2.png,b,holdout\n", "line 3: the split of 2.png is 'holdout', expected train, val or test")]
    [InlineData("1.png,a\n2.png,b\nnowhere.png,b\n", "nowhere.png: line 3 of")]
    [InlineData("1.png,a\n2.png,b\nnotes.txt,b\n", "no picture that is used: a text")]
    [InlineData("1.png,a\n2.png,b\n../data.png,b\n", "no such picture")]
    [InlineData("1.png,a\n2.png,\"b\n3.png,c", "line 2: a quote (\") is opened and never closed")]
    [InlineData("1.png,MEL,NV\n1.png,0,1\n", "Begin with a line that names the columns")]
    [InlineData("image,MEL,NV\n1.png,0,1\n", "no column is known to be the label ('image', 'MEL', 'NV')")]
    [InlineData("1.png\n2.png\n", "one column")]
    [InlineData("", "is empty")]
    [InlineData("\u00EF\u00BB\u00BF\r\n\r\n", "is empty")]
    [InlineData("1.png,caf\u00E9\n", "line 1 is not UTF-8")]
    [InlineData("1.png,a\0\n", "is no text")]
    [InlineData("file,label\n1.png,a\n2.png,a\n", "only one class")]
    public void AWrongLineIsNamed(string table, string message)
    {
        Fill("1.png", "2.png", "3.png");
        _folder.Write("notes.txt", "words");
        _folder.Write("labels.csv", Encoding.Latin1.GetBytes(table));
        Assert.Contains(message, Assert.Throws<DatasetException>(() => Open()).Message);
    }

    [Fact]
    public void LinesWithoutAPictureAreCountedWhereBadOnesAreLeftOut()
    {
        Fill("1.png", "2.png", "3.png");
        _folder.Write("labels.csv", "1.png;a\n2.png;b\ngone.png;b\n2.png;b\n");
        DatasetSplits splits = Open(skipBad: true);
        Assert.Equal((2, 1), (splits.Train.Count, splits.Skipped));
        Assert.Equal("gone.png", splits.SkippedImages[0].File);
        Assert.EndsWith("2 pictures; 1 lines name a picture again and count once; 1 lines without a picture are left out", splits.Warnings[0], StringComparison.Ordinal);
        Assert.Equal((4, 2), (splits.Files!.Found, splits.Files.Used));
    }

    [Fact]
    public void ANameThatSeveralPicturesHaveIsAskedBack()
    {
        Fill("x/1.png", "y/1.png", "x/2.png");
        _folder.Write("labels.csv", "1.png,a\n2.png,b\n");
        Assert.Contains("line 1", Assert.Throws<DatasetException>(() => Open()).Message);
        Assert.Contains("several pictures could be meant", Assert.Throws<DatasetException>(() => Open()).Message);
        _folder.Write("labels.csv", "y/1.png,a\n2.png,b\n");
        Assert.Equal(["1.png a", "2.png b"], Named(Open().Train));
    }

    [Fact]
    public void ATableOfTestImagesServesValidation()
    {
        Fill("1.png", "2.png");
        _folder.Write("labels.csv", "path\tclass\tset\n1.png\ta\ttest\n2.png\ta\ttest\n");
        Assert.Equal(2, DatasetFolder.Open(_folder.Path, new() { LabelsCsv = _folder.At("labels.csv"), TestAlone = true }).Test!.Count);
        Assert.Contains("is for training", Assert.Throws<DatasetException>(() => Open()).Message);
    }

    [Fact]
    public void ATableIsForFoldersOfPicturesAlone()
    {
        Fill("1.png");
        Assert.Contains("no such file", Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path, new() { LabelsCsv = _folder.At("gone.csv") })).Message);
        Assert.Contains("is a folder", Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path, new() { LabelsCsv = _folder.Path })).Message);
        Assert.Contains("--labels-csv is empty", Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path, new() { LabelsCsv = "" })).Message);
        Assert.True(Assert.Throws<DatasetException>(() => DatasetFolder.Open("shapes", new() { LabelsCsv = "x.csv" })).IsUsage);
        Assert.Contains("cannot be combined", Assert.Throws<DatasetException>(() => DatasetFolder.Open(_folder.Path, new() { LabelsCsv = "x.csv", Split = "train=a" })).Message);
    }

    /// <summary>How a table may call a picture of the folder <c>data</c>.</summary>
    private static string Called(string file, Random random) => random.Next(4) switch
    {
        0 => $"./{file}",
        1 => file.Replace('/', '\\'),
        2 when file.Length > 5 => file[..^4],
        _ => file,
    };

    private static byte[] Table(List<string[]> rows, Random random)
    {
        string delimiter = new[] { ",", ";", "\t" }[random.Next(3)], end = new[] { "\n", "\r\n", "\r" }[random.Next(3)];
        int[] order = [.. Enumerable.Range(0, rows[0].Length)];
        random.Shuffle(order);
        bool header = rows[0].Length > 2 || random.Next(2) == 0;
        string[] names = [new[] { "file", "Image Path", "FileName", "id" }[random.Next(4)], new[] { "label", "class_name", "Category" }[random.Next(3)], new[] { "split", "SET" }[random.Next(2)]];
        var text = new StringBuilder(random.Next(3) == 0 ? "\uFEFF" : "");
        foreach (string[] row in header ? rows.Prepend(names[..rows[0].Length]) : rows)
        {
            text.AppendJoin(delimiter, order.Select(i => Quoted(row[i], delimiter, random))).Append(end).Append(random.Next(5) == 0 ? end : "");
        }

        string table = random.Next(2) == 0 ? text.ToString() : text.ToString().TrimEnd();
        return random.Next(4) == 0 ? [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(table.TrimStart('\uFEFF'))] : Encoding.UTF8.GetBytes(table);
    }

    private static string Quoted(string field, string delimiter, Random random) =>
        random.Next(3) == 0 || field.Contains('"', StringComparison.Ordinal) || field.Contains(delimiter, StringComparison.Ordinal)
            ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private void Fill(params string[] files)
    {
        foreach (string file in files)
        {
            _folder.Write(file, TestImages.PlainPng());
        }
    }

    private DatasetSplits Open(bool skipBad = false) => DatasetFolder.Open(_folder.Path, new() { LabelsCsv = _folder.At("labels.csv"), SkipBad = skipBad });

    private static string[] Named(IImageDataset set) =>
        [.. Enumerable.Range(0, set.Count).Select(i => $"{Path.GetFileName(set.SourceName(i))} {set.Labels[set.Label(i)]}")];
}
