using System.Text;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Outputs replace what EdgeVit wrote and nothing else, unless a person says so.</summary>
public sealed class ReplacementTests(SmallModel model) : IClassFixture<SmallModel>, IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ResultsAndPages()
    {
        string result = _folder["r.json"], page = _folder["p.html"], text = _folder["p.md"], list = _folder["l.md"];
        Twice(result, "bench", model.Path, "--cold", "--out", result);
        EdgeVitProcess.Run("bench", model.Path, "--duration", "100ms", "--idle", "100ms", "--out", result).Expect(0);
        Twice(page, "report", result, "--out", page);
        Twice(text, "report", result, "--markdown", text);
        Twice(list, "report", result, "--list", list);
    }

    [Fact]
    public void NetworksOfOthers()
    {
        string onnx = _folder["net.onnx"];
        Assert.SkipWhen(EdgeVitProcess.Run("export", model.Path, "--out", onnx) is { ExitCode: 4 }, EdgeVitProcess.NoOnnxRuntime);
        File.Delete(onnx);
        Twice(onnx, "export", model.Path, "--out", onnx);
        // Another's network is no file of ours, though it is one of the same kind.
        byte[] bytes = File.ReadAllBytes(onnx);
        int at = bytes.AsSpan().IndexOf("EdgeVit"u8);
        "pytorch"u8.CopyTo(bytes.AsSpan(at));
        File.WriteAllBytes(onnx, bytes);
        EdgeVitProcess.Run("export", model.Path, "--out", onnx).Fails(2, "--out", "did not write", "--overwrite");
        Assert.Equal(bytes, File.ReadAllBytes(onnx));
    }

    [Fact]
    public void ModelsOfOthers()
    {
        string target = _folder.File("photo.png", Png.Random(8, 8, 1));
        EdgeVitProcess.Run("import", model.Path, "--out", target).Fails(2, "--out", "did not write", "--overwrite");
        Assert.Equal(Png.Random(8, 8, 1), File.ReadAllBytes(target));
    }

    /// <summary>A command writes a file, and writes it again; it leaves another's file alone, and replaces it where it is told to.</summary>
    private static void Twice(string file, params string[] command)
    {
        EdgeVitProcess.Run(command).Expect(0);
        EdgeVitProcess.Run(command).Expect(0);
        byte[] foreign = Encoding.UTF8.GetBytes("# My notes\n{\"tool\": 1}\n");
        File.WriteAllBytes(file, foreign);
        EdgeVitProcess.Run(command).Fails(2, file, "did not write", "--overwrite");
        Assert.Equal(foreign, File.ReadAllBytes(file));
        EdgeVitProcess.Run([.. command, "--overwrite"]).Expect(0);
        Assert.NotEqual(foreign, File.ReadAllBytes(file));
        EdgeVitProcess.Run(command).Expect(0);
    }
}
