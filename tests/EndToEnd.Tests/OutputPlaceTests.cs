using System.Diagnostics;
using System.Runtime.Versioning;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Where outputs go: links are followed, devices and pipes stay what they are, inputs are not written over.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class OutputPlaceTests(SmallModel model) : IClassFixture<SmallModel>, IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void PipesAndDevicesAreNotReplaced()
    {
        string pipe = Pipe("pipe");
        Assert.Contains("is a device or a pipe", Assert.Throws<ModelWriteException>(() => AtomicFile.Write(pipe, new byte[3])).Message, StringComparison.Ordinal);
        Assert.False(RegularFile.Is(pipe));
        // A link, so that a fault costs the link and not the device.
        string device = _folder["device"];
        File.CreateSymbolicLink(device, "/dev/full");
        Assert.False(RegularFile.Is(device));
        Assert.Contains("is a device or a pipe", Assert.Throws<ModelWriteException>(() => AtomicFile.Check(device, 3)).Message, StringComparison.Ordinal);
        Assert.NotNull(new FileInfo(device).LinkTarget);
        Assert.True(RegularFile.Is(_folder.File("empty", [])));
        Assert.True(RegularFile.Is(_folder.File("full", [1])));
        Assert.False(RegularFile.Is(_folder["none"]));
    }

    [Theory]
    [InlineData("real")]
    [InlineData("not there yet")]
    public void LinksStayAndTheirTargetsAreWritten(string name)
    {
        if (name == "real")
        {
            _folder.File(name, [9]);
        }

        File.CreateSymbolicLink(_folder["first"], name);
        File.CreateSymbolicLink(_folder["second"], "first");
        AtomicFile.Write(_folder["second"], new byte[] { 1, 2 });
        Assert.Equal([1, 2], File.ReadAllBytes(_folder[name]));
        Assert.Equal("first", new FileInfo(_folder["second"]).LinkTarget);
        File.CreateSymbolicLink(_folder["round"], "round");
        Assert.Throws<ModelWriteException>(() => AtomicFile.Write(_folder["round"], new byte[] { 1 }));
    }

    [Fact]
    public void InputsAreNotWrittenOver()
    {
        string inside = _folder.File("run/model.evit", model.Bytes);
        EdgeVitProcess.Run("export", _folder["run"], "--out", inside).Fails(2, "is the model itself");
        File.CreateSymbolicLink(_folder["soft.evit"], inside);
        EdgeVitProcess.Run("export", inside, "--out", _folder["soft.evit"]).Fails(2, "is the model itself");
        string labels = _folder.File("labels.txt", "a\nb\n"u8.ToArray());
        EdgeVitProcess.Run("import", _folder.File("net.pth", [1, 2, 3]), "--labels", labels, "--out", labels).Fails(2, "is the file of --labels itself");
        Assert.Equal(model.Bytes, File.ReadAllBytes(inside));
        Assert.Equal("a\nb\n", File.ReadAllText(labels));
    }

    [Fact]
    public void APipeInAFolderKeepsNobodyWaiting()
    {
        _folder.File("pictures/a.png", Png.Random(8, 8, 1));
        Pipe("pictures/b.png");
        EdgeVitProcess.Run("run", model.Path, _folder["pictures"], "--quiet").Expect(0);
        EdgeVitProcess.Run("run", model.Path, _folder["pictures"] + "/*.png", "--quiet").Expect(0);
    }

    [Fact]
    public void ALinkThatLeadsNowhereIsMissed()
    {
        _folder.File("pictures/a.png", Png.Random(8, 8, 1));
        File.CreateSymbolicLink(_folder["pictures/b.png"], "gone.png");
        File.CreateSymbolicLink(_folder["pictures/c.txt"], "gone.txt");
        Outcome outcome = EdgeVitProcess.Run("run", model.Path, _folder["pictures"]).Expect(1);
        Assert.Contains("b.png: no such file", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 2 images could not be read", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("c.txt", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("a.png", outcome.Output, StringComparison.Ordinal);
        EdgeVitProcess.Run("run", model.Path, _folder["pictures"], "--skip-bad").Expect(0);
    }

    [Fact]
    public void ATableWithoutLinesIsToldInWords()
    {
        _folder.File("data/a.png", Png.Random(8, 8, 1));
        string table = _folder.File("labels.csv", "file,label\n"u8.ToArray());
        EdgeVitProcess.Run("validate", model.Path, "--data", _folder["data"], "--labels-csv", table).Fails(1, "labels.csv", "no line with a file and its label");
    }

    private string Pipe(string name)
    {
        string path = _folder[name];
        using Process made = Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
        return path;
    }
}
