using System.Diagnostics;
using EdgeVit.Export;

namespace EdgeVit.Quantize.Tests;

/// <summary>What happens to a run folder before, between and during runs, that no run does itself.</summary>
public sealed class RunPlacesTests : IDisposable
{
    private static readonly BinaryViTConfig s_network = new("small", ImageSize: 16, PatchSize: 8, [new StageConfig(1, 16, 16, 1, 1)], Classes: 10);

    private readonly TempFolder _folder = new();

    private string Run => _folder.File("run");

    public void Dispose() => _folder.Dispose();

    /// <summary>What stands in the way of the last file that a run writes is found before the first.</summary>
    [Theory]
    [InlineData("model.evit")]
    [InlineData("card.md")]
    [InlineData("metrics.csv")]
    [InlineData(".run.lock")]
    [InlineData("student/best.safetensors")]
    [InlineData("teacher/last.safetensors")]
    public void FoldersAndPipesInTheWayAreFoundAtTheStart(string name)
    {
        string path = Path.Combine(Run, name);
        Directory.CreateDirectory(path);
        Assert.EndsWith($"{path} is a folder, and a file of the run has that name. Move it, or choose another --out.", Refused(), StringComparison.Ordinal);
        Directory.Delete(path);
        if (Pipe(path))
        {
            Assert.EndsWith($"{path} is a pipe or a device, and a file of the run has that name. Move it, or choose another --out.", Refused(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("student")]
    [InlineData("teacher")]
    public void AFileInPlaceOfAFolderIsFoundAtTheStart(string name)
    {
        Directory.CreateDirectory(Run);
        File.WriteAllText(Path.Combine(Run, name), "mine");
        Assert.Contains($"{name} is a file, and a folder of the run has that name", Refused(), StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Run, name)));
    }

    [Fact]
    public void LinksToNowhereAreCalledThat()
    {
        File.CreateSymbolicLink(Run, _folder.File("unmounted"));
        Assert.Contains($"{Run} is a link to {_folder.File("unmounted")}, which is not there", Refused(), StringComparison.Ordinal);
        Assert.Contains($"{Run} is a link to", Refused(Path.Combine(Run, "below")), StringComparison.Ordinal);
        File.Delete(Run);
        File.CreateSymbolicLink(Run, Run);
        Assert.Contains($"{Run} is a link that leads back to itself", Refused(), StringComparison.Ordinal);
        File.Delete(Run);
        File.CreateSymbolicLink(Run, Directory.CreateDirectory(_folder.File("elsewhere")).FullName);
        Converter.Convert(Options(), new SilentProgress());
        Assert.True(File.Exists(_folder.File("elsewhere/model.evit")));
    }

    /// <summary>A run whose folder is moved does not go on in a new one of the old name.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFolderThatIsMovedOrDeletedEndsTheRun(bool moved)
    {
        var gone = new Recorder(e =>
        {
            if (e is PhaseStarted { Phase: "student" })
            {
                Directory.Move(Run, _folder.File("away"));
                if (!moved)
                {
                    Directory.Delete(_folder.File("away"), recursive: true);
                }
            }
        });
        Assert.Contains("was moved, deleted or replaced", Assert.Throws<ConvertException>(() => Converter.Convert(Options(), gone)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Run));
        if (moved)
        {
            Converter.Convert(Options() with { Out = _folder.File("away"), Resume = true }, new SilentProgress());
            Assert.True(File.Exists(_folder.File("away/model.evit")));
        }
    }

    /// <summary>Without the best weights so far a run goes on, and ends, with the last ones; what it finds is said.</summary>
    [Theory]
    [InlineData(true, "is not there")]
    [InlineData(false, "cannot be read (")]
    public void BestWeightsThatAreGoneOrCutOffEndNoRun(bool deleted, string said)
    {
        ConvertOptions options = Options() with { Epochs = 1 };
        using var stop = new CancellationTokenSource();
        var stopping = new Recorder(e => { if (e is Evaluated) { stop.Cancel(); } });
        Assert.Throws<ConvertException>(() => Converter.Convert(options, stopping, stop.Token));
        string best = Path.Combine(Run, "student", TrainerFiles.BestName);
        foreach (string then in (string[])["the best of those that follow are kept", "the last ones are taken in their place"])
        {
            byte[] bytes = File.ReadAllBytes(best);
            File.Delete(best);
            if (!deleted)
            {
                File.WriteAllBytes(best, bytes[..(bytes.Length / 2)]);
            }

            File.Delete(Path.Combine(Run, "model.evit"));
            var again = new Recorder();
            Converter.Convert(options with { Resume = true }, again);
            Assert.Contains(again.Texts, t => t.Contains(best, StringComparison.Ordinal) && t.Contains(said, StringComparison.Ordinal) && t.Contains(then, StringComparison.Ordinal));
            Assert.True(File.Exists(Path.Combine(Run, "model.evit")));
            Assert.Equal(then.StartsWith("the best", StringComparison.Ordinal), Checkpoint.Fault(best) is null);
            File.WriteAllBytes(best, bytes);
        }
    }

    [Fact]
    public void LinesOfMetricsThatWereCutOffAreLeftOut()
    {
        string path = _folder.File("metrics.csv"), whole = "student,1,0.2,0.005,2.5,1.5,10,659,0.05,4,,,", other = "teacher,9,0.2,0.005,2.5,1.5,10,659,0.05,4,,,";
        foreach (string cut in (string[])["student,2", "student,2,0.4,0.0025,2.4,1.3,10,677.3,0.0", "student,2,0.4,0.0025,2.4,1.3,10,677.3,0.09,2.1,,,", "\0\0\0"])
        {
            File.WriteAllText(path, $"{MetricsLog.Header}\n{other}\n{whole}\nstudent,1,0.2\n{cut}");
            MetricsLog.Open(path, "student", 2).Dispose();
            Assert.Equal([MetricsLog.Header, other, whole], File.ReadAllLines(path));
        }
    }

    [Theory]
    [InlineData("net.onnx")]
    [InlineData("net.evit")]
    [InlineData("net.safetensors")]
    public void APipeInPlaceOfANetworkIsNotWaitedFor(string name)
    {
        string pipe = _folder.File(name);
        Assert.SkipUnless(Pipe(pipe), "no mkfifo on this machine");
        foreach (ConvertOptions options in (ConvertOptions[])[Options() with { Teacher = pipe }, Options() with { Init = pipe }, Options() with { Teacher = "convnet", TeachersTeacher = pipe }])
        {
            var refused = Assert.Throws<ConvertException>(() => Converter.Convert(options, new SilentProgress()));
            Assert.Equal(ConvertException.Usage, refused.ExitCode);
            Assert.Contains($"{pipe}: it is a pipe or a device", refused.Message, StringComparison.Ordinal);
        }
    }

    private string Refused(string? folder = null) => Assert.Throws<ConvertException>(() => Converter.Convert(Options() with { Out = folder ?? Run }, new SilentProgress())).Message;

    private ConvertOptions Options()
    {
        File.WriteAllText(_folder.File("small.json"), ConfigJson.Write(s_network));
        return new ConvertOptions
        {
            Data = "shapes",
            Out = Run,
            Student = _folder.File("small.json"),
            Teacher = "none",
            ShapesTrain = 200,
            ShapesTest = 20,
            Epochs = 0.5,
            BatchSize = 32,
            ParityImages = 1,
            Device = "cpu",
        };
    }

    private static bool Pipe(string path)
    {
        if (!File.Exists("/usr/bin/mkfifo"))
        {
            return false;
        }

        using var made = Process.Start("/usr/bin/mkfifo", [path])!;
        made.WaitForExit();
        return made.ExitCode == 0;
    }
}
