using EdgeVit.EndToEnd.Tests;
using EdgeVit.Export;
using EdgeVit.Imaging;

namespace EdgeVit.Quantize.Tests;

/// <summary>A conversion whose pictures go missing and break on the way.</summary>
public sealed class BrokenPicturesTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(0)]
    public void ARunGoesOnAndTellsWhatItCouldNotRead(double crop)
    {
        using var folder = new TempFolder();
        string[] files = [.. Enumerable.Range(0, 60).Select(i => Picture(folder, $"{(i % 2 == 0 ? "cat" : "dog")}/{i:D2}.png", i))];
        string layout = folder.File("small.json");
        File.WriteAllText(layout, ConfigJson.Write(new BinaryViTConfig("small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 10)));
        var options = new ConvertOptions { Data = folder.File("data"), Out = folder.File("run"), Student = layout, Teacher = "none", Epochs = 6, BatchSize = 8, ParityImages = 1, Device = "cpu", Crop = crop };

        // Stopped after the first pass, in which two pictures have gone where they are read each time.
        using var stop = new CancellationTokenSource();
        var first = new Recorder(e =>
        {
            if (e is PhaseStarted { Phase: "student" } && crop > 0)
            {
                File.Delete(files[0]);
                File.WriteAllText(files[1], "no picture");
            }
            if (e is Evaluated)
            {
                stop.Cancel();
            }
        });
        Assert.Equal(ConvertException.Interrupted, Assert.Throws<ConvertException>(() => Converter.Convert(options, first, stop.Token)).ExitCode);
        if (crop > 0)
        {
            Assert.Contains(first.Texts, t => t.Contains("cannot be read any more", StringComparison.Ordinal));
            Assert.Contains(first.Texts, t => t.StartsWith("60 pictures decoded as a check", StringComparison.Ordinal));
        }

        // More break, and one comes, while the run stands still.
        File.Delete(files[2]);
        File.WriteAllText(files[3], "");
        File.WriteAllText(files[4], "<html>");
        Directory.Move(folder.File("data/dog"), folder.File("dog"));
        Picture(folder, "data/cat/new.png".Replace("data/", "", StringComparison.Ordinal), 99);
        Assert.Contains("go on with --resume --skip-bad", Assert.Throws<DatasetException>(() => Converter.Convert(options with { Resume = true }, new SilentProgress())).Message, StringComparison.Ordinal);
        Assert.Contains("No other picture of its class", Assert.ThrowsAny<ImageException>(() => Converter.Convert(options with { Resume = true, SkipBad = true }, new SilentProgress())).Message, StringComparison.Ordinal);
        Directory.Move(folder.File("dog"), folder.File("data/dog"));

        var second = new Recorder();
        ConvertResult result = Converter.Convert(options with { Resume = true, SkipBad = true }, second);
        int broken = crop > 0 ? 5 : 3;
        Assert.Equal(broken, result.ReplacedImages);
        Assert.Equal(60, result.TrainImages + result.ValidationImages + result.TestImages);
        Assert.Contains(second.Texts, t => t.StartsWith("student: going on after step", StringComparison.Ordinal));
        Assert.Contains("1 .png (came after the run began)", string.Join('\n', second.Texts), StringComparison.Ordinal);
        Assert.Contains($"{broken} could not be read during the training and were replaced", File.ReadAllText(folder.File("run/card.md")), StringComparison.Ordinal);
        string json = File.ReadAllText(folder.File("run/result.json"));
        Assert.Contains($"\"replacedImages\": {broken}", json, StringComparison.Ordinal);
        Assert.Contains("\"reason\": \"came after the run began\"", json, StringComparison.Ordinal);
        Assert.Contains("\"used\": 60", json, StringComparison.Ordinal);
    }

    private static string Picture(TempFolder folder, string name, int seed)
    {
        string file = folder.File($"data/{name}");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, Png.Random(16, 16, seed));
        return file;
    }
}
