using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

public sealed class ValidateTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void CountsRightAnswersByClass()
    {
        using var folder = new TestFolder();
        string data = folder.Images("data", 5, SmallModel.Labels);
        JsonObject json = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--json").Expect(0).Json;
        Assert.Equal(20, (int)json["images"]!);
        Assert.InRange((double)json["top1"]!, 0, 100);
        Assert.Equal(100, (double)json["top5"]!);
        Assert.Equal(4, json["classes"]!.AsArray().Count);
        Assert.Equal(20, json["classes"]!.AsArray().Sum(c => (int)c!["images"]!));
        Assert.InRange((double)json["top1"]!, (double)json["top1_interval"]![0]!, (double)json["top1_interval"]![1]!);

        string one = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--json", "--threads", "1").Expect(0).Json["classes"]!.ToJsonString();
        Assert.Equal(json["classes"]!.ToJsonString(), one);
    }

    [Fact]
    public void ClassesAreMatchedByName()
    {
        using var folder = new TestFolder();
        // The data have two of the model's four classes, so that their indices differ.
        JsonObject json = EdgeVitProcess.Run("validate", model.Path, "--data", folder.Images("data", 3, "dog", "bee"), "--json").Expect(0).Json;
        Assert.Equal([0, 3, 0, 3], json["classes"]!.AsArray().Select(c => (int)c!["images"]!));
    }

    /// <summary>16 pictures in the folders of the classes that the model sees in them, four in another's: 80 %.</summary>
    [Fact]
    public void FourOfFiveRightAreEightyPercent()
    {
        using var folder = new TestFolder();
        (string data, string[] right, string[] folders) = FourOfFive(folder);
        Outcome outcome = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--json", "--min-top1", "80").Expect(0);
        JsonObject json = outcome.Json;
        Assert.Equal((20, 80.0, 100.0), ((int)json["images"]!, (double)json["top1"]!, (double)json["top5"]!));
        // Wilson's interval of 16 of 20.
        Assert.Equal(58.3983, (double)json["top1_interval"]![0]!, 1e-3);
        Assert.Equal(91.9342, (double)json["top1_interval"]![1]!, 1e-3);
        Assert.Equal((80.0, true), ((double)json["min_top1"]!, (bool)json["passed"]!));
        foreach ((string label, JsonNode? found) in SmallModel.Labels.Zip(json["classes"]!.AsArray()))
        {
            int images = folders.Count(f => f == label);
            int correct = right.Zip(folders).Count(p => p.First == label && p.Second == label);
            Assert.Equal((label, images, correct), ((string)found!["label"]!, (int)found["images"]!, (int)found["correct"]!));
            Assert.Equal(images == 0 ? null : 100.0 * correct / images, (double?)found["top1"]);
        }

        // Both figures are rounded: to a thousandth of a second and to a tenth of an image.
        double seconds = (double)json["seconds"]!, perSecond = (double)json["images_per_second"]!;
        Assert.InRange(perSecond, (20 / (seconds + 0.0005)) - 0.05, (20 / (seconds - 0.0005)) + 0.05);
        Assert.Contains("images per second, decoding included", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("79.99", 0)]
    [InlineData("80", 0)]
    [InlineData("80.01", 3)]
    [InlineData("100", 3)]
    public void AMissedThresholdIsAFailedCheck(string least, int code)
    {
        using var folder = new TestFolder();
        Outcome outcome = EdgeVitProcess.Run("validate", model.Path, "--data", FourOfFive(folder).Data, "--min-top1", least, "--json").Expect(code);
        Assert.Equal(code == 0, (bool)outcome.Json["passed"]!);
        Assert.Equal(code == 3, outcome.Error.Contains("check failed: top-1 80.00 % is below", StringComparison.Ordinal));
    }

    [Fact]
    public void AThresholdIsAPercentage()
    {
        EdgeVitProcess.Run("validate", model.Path, "--data", "shapes", "--min-top1", "101").Fails(2, "--min-top1 is 101");
        EdgeVitProcess.Run("validate", model.Path, "--data", "shapes", "--min-top1", "-1").Fails(2, "--min-top1 is -1");
    }

    [Fact]
    public void ASampleIsDrawnAtRandomAndAlwaysTheSame()
    {
        int[] sample = MeasuredImages.Sample(1000, 100);
        Assert.Equal(sample, MeasuredImages.Sample(1000, 100));
        Assert.Equal(100, sample.Distinct().Count());
        Assert.Equal(sample.Order(), sample);
        Assert.InRange(sample[0], 0, 99);
        // From everywhere, and not at regular steps.
        Assert.All(sample.GroupBy(i => i / 250), part => Assert.InRange(part.Count(), 10, 40));
        Assert.All(sample.GroupBy(i => i % 10), part => Assert.InRange(part.Count(), 1, 25));
        Assert.True(sample.Zip(sample.Skip(1), (a, b) => b - a).Distinct().Count() > 5);

        Assert.Equal([0, 1, 2, 3, 4], MeasuredImages.Sample(5, null));
        Assert.Equal([0, 1, 2, 3, 4], MeasuredImages.Sample(5, 5));
        Assert.Equal([0, 1, 2, 3, 4], MeasuredImages.Sample(5, 6));
        Assert.Single(MeasuredImages.Sample(5, 1));
        Assert.Throws<UserException>(() => MeasuredImages.Sample(5, 0));
    }

    /// <summary>What was counted until Ctrl+C is no result.</summary>
    [Fact]
    public void AStoppedMeasurementGivesNone()
    {
        using var folder = new TestFolder();
        IImageDataset data = DatasetFolder.Open(folder.Images("data", 2, SmallModel.Labels)).Train;
        using EvitModel library = EvitModel.Open(model.Path);
        var printer = new Printer(json: false, quiet: true, TextWriter.Null, TextWriter.Null);
        var accuracy = new Accuracy(library.Labels);
        void Measure(bool stopped) => ValidateVerb.Measure(
            library, data, [0, 1, 2], [0, 1, 2, 3], 1, accuracy, printer, System.Diagnostics.Stopwatch.StartNew(), new CancellationToken(stopped));
        Assert.Throws<OperationCanceledException>(() => Measure(stopped: true));
        Assert.Equal(0, accuracy.Images);
        Measure(stopped: false);
        Assert.Equal([2, 1, 0, 0], accuracy.PerClass.Select(c => c.Images));
    }

    [Fact]
    public void ALimitIsKept()
    {
        using var folder = new TestFolder();
        Assert.Equal(7, (int)EdgeVitProcess.Run("validate", model.Path, "--data", folder.Images("data", 3, SmallModel.Labels), "--limit", "7", "--json").Expect(0).Json["images"]!);
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--limit", "0").Fails(2, "--limit is 0");
    }

    [Fact]
    public void BadDataAreNamed()
    {
        using var folder = new TestFolder();
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["none"]).Fails(2, "--data", "none", "no such folder");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder.Images("one", 3, "ant")).Fails(1, "one");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder.Images("other", 2, "a", "b", "c")).Fails(1, "3 classes", "4");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["other"], "--split", "half").Fails(2, "--split is 'half'");

        string data = folder.Images("data", 2, SmallModel.Labels);
        folder.File("data/bee/bad.png", Png.Random(32, 32, 1)[..200]);
        EdgeVitProcess.Run("validate", model.Path, "--data", data).Fails(1, "bad.png");
        JsonObject json = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--skip-bad", "--json").Expect(0).Json;
        Assert.Equal(8, (int)json["images"]!);
        Assert.Equal(1, (int)json["skipped"]!);
    }

    [Fact]
    public void WilsonsIntervalIsRight()
    {
        var accuracy = new Accuracy(["a", "b"]);
        for (int i = 0; i < 100; i++)
        {
            accuracy.Add(0, i < 90 ? 0 : 1);
        }

        (double low, double high) = accuracy.Interval();
        Assert.Equal(90, accuracy.Top1);
        Assert.Equal(82.563, low, 2);
        Assert.Equal(94.478, high, 2);
    }

    /// <summary>20 pictures in class folders, every fifth in a wrong one; what the model sees in each, and in whose folder each lies.</summary>
    private (string Data, string[] Right, string[] Folders) FourOfFive(TestFolder folder)
    {
        using EvitModel library = EvitModel.Open(model.Path);
        using Session session = library.CreateSession();
        var pipeline = new PreprocessPipeline(library.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[library.Classes];
        var right = new string[20];
        var folders = new string[20];
        for (int i = 0; i < 20; i++)
        {
            byte[] picture = Png.Random(32, 32, 500 + i);
            pipeline.ToPixels(ImageDecoder.Decode(picture, "picture"), pixels);
            session.RunNhwc(pixels, logits);
            int seen = Array.IndexOf(logits, logits.Max());
            right[i] = SmallModel.Labels[seen];
            folders[i] = SmallModel.Labels[i % 5 == 4 ? (seen + 1 + (i % 3)) % 4 : seen];
            folder.File(Path.Combine("data", folders[i], $"{i:00}.png"), picture);
        }

        return (folder["data"], right, folders);
    }
}
