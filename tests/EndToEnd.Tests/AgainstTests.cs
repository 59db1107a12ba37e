using System.Text.Json.Nodes;
using EdgeVit.Export.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The model and ONNX files, turn by turn.</summary>
public sealed class AgainstTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void AnExportedModelAnswersTheSameAndIsTimed()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        string onnx = folder["model.onnx"];
        EdgeVitProcess.Run("export", model.Path, "--to", "onnx", "--out", onnx).Expect(0);
        JsonObject json = ResultSchema.Check(EdgeVitProcess.Run(
            "bench", model.Path, "--quick", "--against", onnx, "--against", onnx, "--json", "--out", folder["r.md"]).Expect(0).Json);
        JsonNode against = json["against"]!;
        Assert.Equal(OrtEnv.Instance().GetVersionString(), (string)against["onnxruntime"]!);
        JsonArray files = against["files"]!.AsArray();
        Assert.Equal(["EdgeVit", "ONNX Runtime", "ONNX Runtime"], files.Select(f => (string)f!["engine"]!));
        Assert.Equal((model.Path, onnx, onnx), ((string)files[0]!["file"]!, (string)files[1]!["file"]!, (string)files[2]!["file"]!));
        Assert.Equal((string)json["model"]!["sha256"]!, (string)files[0]!["sha256"]!);
        Assert.Equal(new FileInfo(onnx).Length, (long)files[1]!["bytes"]!);
        // The export computes the same, so every picture has the same class.
        Assert.All(files.Skip(1), f => Assert.Equal((int)against["pictures"]!, (int)f!["same_class"]!));
        Assert.All(files, f => Assert.InRange((double)f!["ratio"]!, (double)f["ratio_p10"]!, (double)f["ratio_p90"]!));
        Assert.All(files, f => Assert.True((int)f!["n"]! >= 6));
        Assert.Equal(1, (double)files[0]!["ratio"]!);
        Assert.Contains("### Against ONNX Runtime", File.ReadAllText(folder["r.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatCannotBeComparedAreRefusedBeforeMeasuring()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        var graph = new OnnxGraph("add");
        string input = graph.Input("x", OnnxType.Float, 3);
        graph.Output(graph.Named("Add", "y", [input, input]), OnnxType.Float, 3);
        string vector = folder.File("vector.onnx", graph.ToBytes()), text = folder.File("text.onnx", "no model"u8.ToArray());
        string[] hour = ["bench", model.Path, "--duration", "1h", "--against"];
        EdgeVitProcess.Run([.. hour, vector]).Fails(1, "its input 'x' float32 [3] takes no images", "expected pictures");
        EdgeVitProcess.Run([.. hour, text]).Fails(1, "text.onnx: is a text, no ONNX model");
        EdgeVitProcess.Run([.. hour, folder["none.onnx"]]).Fails(2, "--against", "no such file");
    }

    /// <summary>The variable names the library; one that is none is an unsupported machine, not a crash.</summary>
    [Fact]
    public void TheLibraryCanBeNamed()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        string[] export = ["export", model.Path, "--to", "onnx", "--out", folder["m.onnx"]];
        EdgeVitProcess.Run(export, null, (OnnxLibrary.Variable, folder.File("text.so", "no library"u8.ToArray()))).Fails(4, OnnxLibrary.Variable, "text.so");
        // A library that is another one.
        EdgeVitProcess.Run(export, null, (OnnxLibrary.Variable, "libc.so.6")).Fails(4, "no ONNX Runtime library");
        string? library = Directory.EnumerateFiles(AppContext.BaseDirectory, "libonnxruntime.so", SearchOption.AllDirectories).FirstOrDefault();
        Assert.SkipUnless(library is not null, "the library is not beside the tests");
        File.Copy(library, folder["other-name.so"]);
        EdgeVitProcess.Run(export, null, (OnnxLibrary.Variable, folder["other-name.so"])).Expect(0);
    }

    /// <summary>Left to itself the library keeps a number of the machine in the user's cache, and reports.</summary>
    [Fact]
    public void OnnxRuntimeReportsNothing()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        EdgeVitProcess.Run(["export", model.Path, "--to", "onnx", "--out", folder["m.onnx"]], null, ("XDG_CACHE_HOME", folder["cache"]), ("HOME", folder["home"])).Expect(0);
        Assert.False(Directory.Exists(folder["cache"]) || Directory.Exists(Path.Combine(folder["home"], ".cache")), "ONNX Runtime left files");
    }
}
