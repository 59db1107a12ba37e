using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>The whole way on a few procedural images.</summary>
public class ConverterTests
{
    [Fact]
    public void ImagesBecomeAPackedModelThatComputesWhatWasTrained()
    {
        using var folder = new TempFolder();
        var events = new Recorder();
        ConvertResult result = Converter.Convert(Tiny(folder), events);

        Assert.True(result.Parity.Passed);
        Assert.Empty(result.Parity.Untapped);
        Assert.Equal(result.SimulatorTop1, result.Top1, 100.0 * result.DifferentPredictions / result.TestImages);
        EvitFile file = EvitFile.Read(result.Model);
        Assert.Equal(file.Bytes, result.Bytes);
        Assert.Equal(10, file.Labels.Count);
        foreach (string name in new[] { "config.json", "env.json", "metrics.csv", "parity.json", "result.json", "card.md", "student/last.safetensors", "teacher/best.safetensors" })
        {
            Assert.True(File.Exists(folder.File($"run/{name}")), name);
        }

        Assert.All(Directory.EnumerateFiles(folder.File("run"), "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)), f => Assert.True(f == ".run.lock" || RunFiles.All.Contains(f), f));
        Assert.Equal(MetricsLog.Header, File.ReadLines(folder.File("run/metrics.csv")).First());
        Assert.Equal(["data", "teacher", "student", "export", "check"], events.Seen.OfType<PhaseStarted>().Select(e => e.Phase));
        Assert.Contains(events.Seen.OfType<Note>(), e => e.Text.Contains("10 classes", StringComparison.Ordinal));
        Assert.Contains(events.Seen.OfType<Evaluated>(), e => e.Phase == "student");

        // The folder is taken now, unless told otherwise; a finished run resumes into the same model.
        var taken = Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder), new SilentProgress()));
        Assert.Contains("already holds a run", taken.Message, StringComparison.Ordinal);
        Assert.Equal(result.Sha256, Converter.Convert(Tiny(folder) with { Resume = true }, new SilentProgress()).Sha256);
        string[] before = Contents(folder);
        var changed = Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder) with { Resume = true, LearningRate = 0.01 }, new SilentProgress()));
        Assert.Contains("student.learningRate was 0.005, is 0.01", changed.Message, StringComparison.Ordinal);

        // An overwriting run that cannot begin takes nothing away.
        foreach (ConvertOptions wrong in (ConvertOptions[])[Tiny(folder) with { Data = folder.File("nowhere") }, Tiny(folder) with { Device = "tpu" }, Tiny(folder) with { Teacher = "nobody" }])
        {
            Assert.ThrowsAny<Exception>(() => Converter.Convert(wrong with { Overwrite = true }, new SilentProgress()));
        }

        Assert.Equal(before, Contents(folder));

        // Its teacher serves another run.
        ConvertResult second = Converter.Convert(
            Tiny(folder) with { Out = folder.File("second"), Teacher = folder.File("run/teacher/best.safetensors"), Epochs = 0.1 }, new SilentProgress());
        Assert.Equal(result.TeacherTop1, second.TeacherTop1);

        // One that learnt from differently normalised pixels does not.
        SafetensorsFile teacher = SafetensorsFile.Parse(File.ReadAllBytes(folder.File("run/teacher/best.safetensors")));
        Dictionary<string, string> other = new(teacher.Metadata) { ["config.preprocess.mean"] = "0.9 0.9 0.9" };
        SafetensorsWriter.Write(folder.File("other.safetensors"), teacher.Tensors.Values, other);
        var refused = Assert.Throws<ConvertException>(() => Converter.Convert(
            Tiny(folder) with { Out = folder.File("third"), Teacher = folder.File("other.safetensors") }, new SilentProgress()));
        Assert.Contains("preprocess.mean 0.9 0.9 0.9", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SettingsAreCheckedBeforeAnythingHappens()
    {
        using var folder = new TempFolder();
        var error = Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder) with { Epochs = -1, TeacherWeight = 2 }, new SilentProgress()));
        Assert.Equal(ConvertException.Usage, error.ExitCode);
        Assert.Contains("--epochs is -1", error.Message, StringComparison.Ordinal);
        Assert.Contains("--teacher-weight is 2, expected 0 to 1", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));

        var unknown = Assert.Throws<ModelFormatException>(() => Converter.Convert(Tiny(folder) with { Student = "binaryvit-nanno" }, new SilentProgress()));
        Assert.Contains("binaryvit-nano", unknown.Message, StringComparison.Ordinal);
        Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder) with { Device = "tpu" }, new SilentProgress()));
        Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder) with { Teacher = "resnet50" }, new SilentProgress()));

        // Found before any image is read.
        var events = new Recorder();
        var missing = Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder) with { Init = folder.File("none.pth") }, events));
        Assert.Contains("no such file", missing.Message, StringComparison.Ordinal);
        Assert.Empty(events.Seen);
    }

    [Fact]
    public void OutputFolderThatCannotBeWrittenIsFoundAtOnce()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("file"), "in the way");
        var error = Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder) with { Out = folder.File("file/run") }, new SilentProgress()));
        Assert.Contains("cannot be used", error.Message, StringComparison.Ordinal);
        Assert.Equal("in the way", File.ReadAllText(folder.File("file")));
    }

    [Fact]
    public void CancelledBeforeTheStartLeavesNothingHalfDone()
    {
        using var folder = new TempFolder();
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var error = Assert.Throws<ConvertException>(() => Converter.Convert(Tiny(folder), new SilentProgress(), cancelled.Token));
        Assert.Equal(ConvertException.Interrupted, error.ExitCode);
        Assert.False(File.Exists(folder.File("run/model.evit")));
    }

    private static ConvertOptions Tiny(TempFolder folder) => new()
    {
        Data = "shapes",
        Out = folder.File("run"),
        ShapesTrain = 400,
        ShapesTest = 60,
        TeacherEpochs = 0.5,
        Epochs = 1,
        BatchSize = 32,
        ParityImages = 3,
        Device = "cpu",
    };

    /// <summary>Every file of the run with its content.</summary>
    private static string[] Contents(TempFolder folder) =>
    [
        .. Directory.EnumerateFiles(folder.File("run"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(f => $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}"),
    ];
}
