using EdgeVit.EndToEnd.Tests;
using EdgeVit.Export;
using EdgeVit.Imaging;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>What a run that goes on says of what it finds, and what a plan says of a teacher.</summary>
public sealed class ResumeWordsTests : IDisposable
{
    private static readonly BinaryViTConfig s_network = new("small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 10);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ABudgetThatComesLaterIsRefused()
    {
        ConvertOptions options = Options(Pictures("data", 40), "run");
        Converter.Convert(options, new SilentProgress());
        var refused = Assert.Throws<ConvertException>(() => Converter.Convert(options with { Epochs = null, Budget = TimeSpan.FromMinutes(5), Resume = true }, new SilentProgress()));
        Assert.Equal(ConvertException.Usage, refused.ExitCode);
        Assert.Contains("began without one", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--stop-after", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABudgetFromTheStartStandsOnResume()
    {
        ConvertOptions options = Options(Pictures("data", 40), "run") with { Epochs = null, Budget = TimeSpan.FromSeconds(20) };
        using var stop = new CancellationTokenSource();
        var first = new Recorder(e => { if (e is Evaluated) { stop.Cancel(); } });
        Assert.Throws<ConvertException>(() => Converter.Convert(options, first, stop.Token));
        Assert.True(new RunFolder(options.Out).BeganWithBudget());
        (long Teacher, long Student)? steps = new RunFolder(options.Out).RecordedSteps();
        using var again = new CancellationTokenSource();
        var second = new Recorder(e => { if (e is Evaluated) { again.Cancel(); } });
        Assert.Throws<ConvertException>(() => Converter.Convert(options with { Resume = true }, second, again.Token));
        Assert.Equal(steps, new RunFolder(options.Out).RecordedSteps());
        Assert.Contains(second.Texts, t => t.Contains("going on after step", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIsGoneIsSaidTruly()
    {
        ConvertOptions options = Options(Pictures("data", 40), "run");
        Converter.Convert(options, new SilentProgress());
        File.Delete(_folder.File("run/model.evit"));
        File.Delete(_folder.File("run/student/last.safetensors"));
        var said = new Recorder();
        Converter.Convert(options with { Resume = true }, said);
        Assert.Contains(said.Texts, t => t.Contains("student/last.safetensors is not there", StringComparison.Ordinal) && t.Contains("begins again", StringComparison.Ordinal));

        Directory.Delete(_folder.File("run/student"), recursive: true);
        File.Delete(_folder.File("run/model.evit"));
        said = new Recorder();
        Converter.Convert(options with { Resume = true }, said);
        Assert.Contains(said.Texts, t => t.Contains("none was written yet, or it is gone", StringComparison.Ordinal));
    }

    [Fact]
    public void DamagedListsAreToldAsDamaged()
    {
        ConvertOptions options = Options(Pictures("data", 40), "run");
        Converter.Convert(options, new SilentProgress());
        foreach (string name in new[] { "pictures.json", "config.json" })
        {
            string file = _folder.File($"run/{name}"), was = File.ReadAllText(file);
            File.WriteAllText(file, was[..(was.Length / 2)]);
            string message = Assert.Throws<ConvertException>(() => Converter.Convert(options with { Resume = true }, new SilentProgress())).Message;
            Assert.StartsWith($"{file} is damaged: it is no JSON (line", message, StringComparison.Ordinal);
            Assert.DoesNotContain("Path:", message, StringComparison.Ordinal);
            File.WriteAllText(file, was);
        }
    }

    [Theory]
    [InlineData("val/cat/1.png")]
    [InlineData("test/1.png")]
    public void ASplitThatComesLaterIsAChangeOfTheData(string added)
    {
        Pictures("data/train", 40);
        ConvertOptions options = Options(_folder.File("data"), "run");
        Converter.Convert(options, new SilentProgress());
        Picture($"data/{added}", 999);
        foreach (bool skips in new[] { false, true })
        {
            string message = Assert.Throws<DatasetException>(() => Converter.Convert(options with { Resume = true, SkipBad = skips }, new SilentProgress())).Message;
            Assert.Contains("a change of the data", message, StringComparison.Ordinal);
            Assert.Contains(added.Split('/')[0], message, StringComparison.Ordinal);
        }

        Directory.Delete(_folder.File($"data/{added.Split('/')[0]}"), recursive: true);
        Converter.Convert(options with { Resume = true }, new SilentProgress());
    }

    [Fact]
    public void WithoutClassesTheSplitStaysWhateverTheTeacherSaysOfReplacements()
    {
        string data = _folder.File("loose");
        for (int i = 0; i < 80; i++)
        {
            Picture($"loose/{i:D2}.png", i);
        }

        ConvertOptions options = Options(data, "run") with { Teacher = TeacherFile(10) };
        ImageData before = Read(options);
        Directory.CreateDirectory(options.Out);
        new RunFolder(options.Out).RecordPictures([.. before.Pictures!]);
        for (int i = 0; i < 80; i += 3)
        {
            File.Delete(Path.Combine(data, $"{i:D2}.png"));
        }

        ImageData after = Read(options with { Resume = true, SkipBad = true });
        Assert.Equal(27, after.Replaced);
        Assert.Equal(before.Split.Train, after.Split.Train);
        Assert.Equal(before.Split.Held, after.Split.Held);
        Assert.Equal(before.TestIndices, after.TestIndices);
    }

    [Fact]
    public void APlanOpensTheTeacher()
    {
        ConvertOptions options = Options("shapes", "run") with { ShapesTrain = 200, ShapesTest = 20, BatchSize = 8 };
        Assert.Equal(ConvertException.Usage, Assert.Throws<ConvertException>(() => Converter.Plan(options with { Teacher = _folder.File("none.safetensors") }, new SilentProgress())).ExitCode);
        string damaged = TeacherFile(10);
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..^100]);
        Assert.Contains(damaged, Assert.Throws<ConvertException>(() => Converter.Plan(options with { Teacher = damaged }, new SilentProgress())).Message, StringComparison.Ordinal);
        Assert.Contains("another network, or to one for other classes", Assert.Throws<ConvertException>(() => Converter.Plan(options with { Teacher = TeacherFile(7), TeacherHead = false }, new SilentProgress())).Message, StringComparison.Ordinal);
        Assert.Null(Converter.Plan(options with { Teacher = TeacherFile(10) }, new SilentProgress()).Teacher);
    }

    [Fact]
    public void APlanThatTakesMoreThanItMayFails()
    {
        ConvertOptions options = Options("shapes", "run") with { ShapesTrain = 200, ShapesTest = 20, BatchSize = 8, Memory = 300_000_000 };
        long held = ResidentMemory.Most();
        Assert.SkipUnless(held > 300_000_000, "this process has less than the least that can be asked for");
        Assert.Contains("--memory", Assert.Throws<ConvertException>(() => Converter.Plan(options, new SilentProgress())).Message, StringComparison.Ordinal);
    }

    private static ImageData Read(ConvertOptions options) => new ImageReading(new RunContext(options, new SilentProgress(), CancellationToken.None, null), s_network, torch.CPU).Read();

    private ConvertOptions Options(string data, string run)
    {
        string layout = _folder.File("small.json");
        File.WriteAllText(layout, ConfigJson.Write(s_network));
        return new ConvertOptions { Data = data, Out = _folder.File(run), Student = layout, Teacher = "none", Epochs = 1, BatchSize = 8, ParityImages = 1, Device = "cpu" };
    }

    private string TeacherFile(int classes)
    {
        LibTorch.Load();
        string path = _folder.File($"teacher{classes}.safetensors");
        using var model = new TeacherNetwork(TeacherTable.Find("resnet")!, classes, s_network.ImageSize, 16, s_network).Build(torch.CPU);
        Checkpoint.Save(path, model, null, TrainState.Start, new Dictionary<string, string> { ["teacher"] = "resnet", ["teacher.width"] = "16", ["student.classes"] = $"{classes}" });
        return path;
    }

    private string Pictures(string name, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Picture($"{name}/{(i % 2 == 0 ? "cat" : "dog")}/{i:D2}.png", i);
        }

        return _folder.File(name);
    }

    private void Picture(string name, int seed)
    {
        string file = _folder.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, Png.Random(16, 16, seed));
    }
}
