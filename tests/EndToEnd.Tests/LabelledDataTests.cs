using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Tables of labels, and images that are in two splits.</summary>
public sealed class LabelledDataTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void ValidateTakesClassesFromATable()
    {
        using var folder = new TestFolder();
        List<string> lines = ["file;label;split"];
        for (int i = 0; i < 12; i++)
        {
            folder.File($"data/all/{i:D2}.png", Png.Random(32, 32, i));
            lines.Add($"{i:D2}.png;{SmallModel.Labels[i % 4]};{(i < 8 ? "train" : "test")}");
        }

        string csv = folder["lists/labels.csv"];
        folder.File("lists/labels.csv", System.Text.Encoding.UTF8.GetBytes(string.Join("\r\n", lines)));
        Outcome outcome = EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--labels-csv", csv, "--json").Expect(0);
        Assert.Equal([1, 1, 1, 1], outcome.Json["classes"]!.AsArray().Select(c => (int)c!["images"]!));
        Assert.Contains("file 'file', label 'label', split 'split'; 12 pictures", outcome.Error, StringComparison.Ordinal);
        Assert.Equal((8, 0), ((int)outcome.Json["duplicates"]!["training_images_looked_at"]!, (int)outcome.Json["duplicates"]!["images"]!));

        File.AppendAllText(csv, "\r\n99.png;ant;test");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--labels-csv", csv).Fails(2, "99.png", "line 14", "--skip-bad");
        Assert.Equal(1, (int)EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--labels-csv", csv, "--skip-bad", "--json").Expect(0).Json["skipped"]!);
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--labels-csv", folder["none.csv"]).Fails(2, "none.csv", "no such file");
    }

    [Fact]
    public void ImagesThatAreTrainingImagesTooAreWarnedOf()
    {
        using var folder = new TestFolder();
        folder.Images("data/train", 3, SmallModel.Labels);
        folder.Images("data/test", 1, SmallModel.Labels);
        // The same pixels in another file.
        RgbImage image = ImageDecoder.DecodeFile(folder["data/train/ant/01.png"]);
        folder.File("data/test/ant/copy.png", [.. Png.Encode(image.Width, image.Height, image.Pixels), 0]);
        File.Delete(folder["data/test/ant/00.png"]);
        File.WriteAllBytes(folder["data/train/bee/02.png"], File.ReadAllBytes(folder["data/train/bee/01.png"])[..100]);
        Outcome outcome = EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--json").Expect(0);
        JsonNode found = outcome.Json["duplicates"]!;
        Assert.Equal((4, 12, 12), ((int)found["images"]!, (int)found["training_images_looked_at"]!, (int)found["training_images"]!));
        Assert.Contains("4 of 4 images have the same pixels as a training image", outcome.Error, StringComparison.Ordinal);
        Assert.Null(EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--split", "train=train", "--skip-bad", "--json").Expect(0).Json["duplicates"]);
    }

    /// <summary>Whatever the number of threads, all images are counted, those with the same pixels each, and the smallest pair is named.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void AllDuplicatesAreCountedAndTheFirstPairIsNamed(int threads)
    {
        using var folder = new TestFolder();
        folder.Images("data/train", 6, SmallModel.Labels);
        byte[] image = File.ReadAllBytes(folder["data/train/bee/04.png"]), other = File.ReadAllBytes(folder["data/train/cow/02.png"]);
        folder.File("data/train/dog/01.png", image);
        folder.Images("data/test", 3, SmallModel.Labels);
        foreach ((string label, byte[] file) in SmallModel.Labels.Zip((byte[][])[Png.Random(32, 32, 901), other, image, image]))
        {
            folder.File($"data/test/{label}/00.png", file);
            folder.File($"data/test/{label}/01.png", Png.Random(32, 32, 1000 + label[0]));
            folder.File($"data/test/{label}/02.png", Png.Random(32, 32, 2000 + label[0]));
        }

        DatasetSplits splits = DatasetFolder.Open(folder["data"]);
        using EvitModel library = EvitModel.Open(model.Path);
        var pipeline = new PreprocessPipeline(library.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        var duplicates = new DuplicateImages();
        for (int i = splits.Test!.Count - 1; i >= 0; i--)
        {
            pipeline.ToPixels(splits.Test.Load(i), pixels);
            duplicates.Add(i, pixels);
        }

        duplicates.Search(splits.Train, splits.Test, library.Preprocess, threads, TimeSpan.FromMinutes(1), default);
        Assert.Equal(3, (int)duplicates.Json()!["images"]!);
        string text = duplicates.Text(splits.Test.Count)!;
        Assert.StartsWith("3 of 12 images", text, StringComparison.Ordinal);
        int first = Enumerable.Range(0, 12).First(i => File.ReadAllBytes(splits.Test.SourceName(i)) is var b && (b.SequenceEqual(image) || b.SequenceEqual(other)));
        byte[] pair = File.ReadAllBytes(splits.Test.SourceName(first));
        int training = Enumerable.Range(0, splits.Train.Count).First(i => File.ReadAllBytes(splits.Train.SourceName(i)).SequenceEqual(pair));
        Assert.EndsWith($"the first: {splits.Test.SourceName(first)} and {splits.Train.SourceName(training)}", text, StringComparison.Ordinal);
    }

    /// <summary>Where time is short, it says of how many it speaks.</summary>
    [Fact]
    public void WhatCouldNotBeLookedAtIsSaid()
    {
        DatasetSplits shapes = DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = 50, ShapesTestCount = 10 });
        using EvitModel library = EvitModel.Open(model.Path);
        var pipeline = new PreprocessPipeline(library.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        foreach ((TimeSpan time, int images) in new[] { (TimeSpan.FromMinutes(1), 5), (TimeSpan.Zero, 0) })
        {
            var duplicates = new DuplicateImages();
            for (int i = 0; i < 5; i++)
            {
                pipeline.ToPixels(shapes.Train.Load(i), pixels);
                duplicates.Add(i, pixels);
            }

            duplicates.Search(shapes.Train, shapes.Train, library.Preprocess, 2, time, default);
            Assert.Equal((images, 50), ((int)duplicates.Json()!["images"]!, (int)duplicates.Json()!["training_images"]!));
            Assert.Equal(images > 0 ? 50 : 0, (int)duplicates.Json()!["training_images_looked_at"]!);
            Assert.Equal(images > 0, duplicates.Text(5) is not null);
        }

        Assert.Throws<OperationCanceledException>(() => new DuplicateImages().Search(shapes.Train, shapes.Train, library.Preprocess, 2, TimeSpan.FromMinutes(1), new CancellationToken(true)));
        Assert.Null(new DuplicateImages().Json());
    }

    [Fact]
    public void EveryVerbPassesOverWhatSystemsLeave()
    {
        using var folder = new TestFolder();
        string data = folder.Images("data", 2, SmallModel.Labels);
        foreach (string junk in (string[])["ant/._00.png", "ant/.DS_Store", "__MACOSX/ant/x.png", "@eaDir/x.png", "bee/@eaDir/x.png", "bee/.ipynb_checkpoints/x.png", "Thumbs.db", "$RECYCLE.BIN/x.png"])
        {
            folder.File($"data/{junk}", Png.Random(8, 8, 1));
        }

        Assert.Equal(8, (int)EdgeVitProcess.Run("validate", model.Path, "--data", data, "--json").Expect(0).Json["images"]!);
        foreach (string source in (string[])[data, $"{data}/**/*.png", $"{data}/*/*"])
        {
            Assert.Equal(8, EdgeVitProcess.Run("run", model.Path, source, "--json").Expect(0).Json["results"]!.AsArray().Count);
        }

        using var watch = new FolderWatch(data);
        watch.Look(TimeSpan.Zero);
        watch.Look(TimeSpan.FromMinutes(1));
        Assert.Equal(8, watch.TakeReady().Count);
    }
}
