using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeVit.Export;

namespace EdgeVit.EndToEnd.Tests;

public sealed class InspectTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void ShowsLayersTotalsAndWhatIsNotBinary()
    {
        string output = EdgeVitProcess.Run("inspect", model.Path).Expect(0).Output;
        Assert.Contains("test-net", output, StringComparison.Ordinal);
        Assert.Contains("vit.encoder.layer.0", output, StringComparison.Ordinal);
        foreach (string column in (string[])["bits W/A", "bytes", "binary MACs", "float MACs", "element ops", "kernel here", "total"])
        {
            Assert.Contains(column, output, StringComparison.Ordinal);
        }

        Assert.Contains("What is not 1-bit", output, StringComparison.Ordinal);
        Assert.Contains("tool=tests", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", output, StringComparison.Ordinal);

        Assert.Contains("vit.encoder.layer.0.intermediate.dense", EdgeVitProcess.Run("inspect", model.Path, "--layers").Expect(0).Output, StringComparison.Ordinal);
    }

    /// <summary>An ONNX file is called what it is, with what it can serve for.</summary>
    [Fact]
    public void AnOnnxFileIsExamined()
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, EdgeVitProcess.NoOnnxRuntime);
        using var folder = new TestFolder();
        string path = folder.File("colours.onnx", new ColourOnnx { Outputs = (g, x) => g.Output(g.Named("Softmax", "p", [x], ("axis", 1)), Export.Onnx.OnnxType.Float, -1, 4) }.Bytes());
        string output = EdgeVitProcess.Run("inspect", path).Expect(0).Output;
        foreach (string said in (string[])["operator set 17", "'pixels' float32 [n, 3, 8, 8]", "'p' float32 [n, 4], computed by Softmax", "4 classes, of images of 8x8 pixels", "their logarithm is taken", "convert --teacher"])
        {
            Assert.Contains(said, output, StringComparison.Ordinal);
        }

        EdgeVitProcess.Run("inspect", folder.File("page.onnx", "<html></html>"u8.ToArray())).Fails(1, "page.onnx: is a web page");
    }

    /// <summary>The page on the proof shows a certificate as it is printed, and the words that it explains are the printed ones.</summary>
    [Fact]
    public void TheCertificateIsPrintedInTheWordsOfItsPage()
    {
        string[] output = EdgeVitProcess.Run("inspect", Path.Combine(Repository.Root, "models", "fashion-mnist.evit")).Expect(0).Output.Split('\n');
        string[] printed = [.. output.SkipWhile(l => !l.StartsWith("certificate", StringComparison.Ordinal)).TakeWhile((l, i) => i == 0 || l.StartsWith(' ')).Select(l => l.TrimEnd())];
        Assert.True(printed.Length >= 3, string.Join('\n', printed));
        // A pipe has plain numbers.
        string page = Regex.Replace(Repository.Read("docs", "proof.md"), @"(?<=\d),(?=\d{3})", "");
        Assert.Contains($"```\n{string.Join('\n', printed)}\n```", page, StringComparison.Ordinal);
        foreach (string word in (string[])["mismatch", "tie", "threshold", "logit", "floats stored as", "FAILED", "passed"])
        {
            Assert.Contains(word, page, StringComparison.Ordinal);
        }

        // Its tolerances are those of the check.
        foreach (double tolerance in (double[])[ParityCheck.FloatTolerance, ParityCheck.TieTolerance, ParityCheck.LogitTolerance, EdgeVit.Export.Onnx.OnnxProof.LogitTolerance])
        {
            Assert.Contains($" {tolerance.ToString("0e-0", System.Globalization.CultureInfo.InvariantCulture)} ", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void JsonTotalsAreTheSumsOfTheLayers()
    {
        JsonObject json = EdgeVitProcess.Run("inspect", model.Path, "--json").Expect(0).Json;
        JsonArray layers = json["layers"]!.AsArray();
        Assert.Equal((double)json["totals"]!["binary_macs"]!, layers.Sum(l => (double)l!["binary_macs"]!));
        Assert.Equal((double)json["totals"]!["float_macs"]!, layers.Sum(l => (double)l!["float_macs"]!));
        Assert.Equal((double)json["totals"]!["element_ops"]!, layers.Sum(l => (double)l!["element_ops"]!));
        Assert.All(layers.Where(l => (string)l!["op"]! is "RPReLU" or "Add" or "ShiftSign"), l => Assert.True((double)l!["element_ops"]! > 0));
        Assert.Equal((long)json["totals"]!["binary_bytes"]! + (long)json["totals"]!["float_bytes"]!, layers.Sum(l => (long)l!["bytes"]!));
        Assert.Equal(new FileInfo(model.Path).Length, (long)json["model"]!["bytes"]!);
        Assert.Equal(64, ((string)json["model"]!["sha256"]!).Length);
        Assert.Equal(["ant", "bee", "cow", "dog"], json["labels"]!.AsArray().Select(l => (string)l!));
        Assert.Equal("tests", (string)json["provenance"]!["tool"]!);

        // Every product runs on something, with the set that is forced if one is.
        Assert.All(layers.Where(l => (string)l!["bits"]! == "1/1"), l => Assert.NotEqual("-", (string)l!["kernel"]!));
        JsonObject scalar = EdgeVitProcess.Run(["inspect", model.Path, "--json"], input: null, ("EDGEVIT_KERNEL", "scalar")).Expect(0).Json;
        Assert.All(scalar["layers"]!.AsArray(), l => Assert.Contains((string)l!["kernel"]!, (string[])["scalar", "-"]));

        // Query, key, value, reduction, output: C^2 each; the FFN: 2 * C * I; stage 2 without reduction; the down-sampling: 2C * 4C.
        long expected = (5 * 64 * 64) + (2 * 64 * 128) + (4 * 128 * 128) + (2 * 128 * 256) + (128 * 64 * 4);
        Assert.Equal(expected, (long)json["totals"]!["binary_weights"]!);
        long fp32 = 4 * (expected + (long)json["totals"]!["float_parameters"]!);
        Assert.Equal(fp32, (long)json["totals"]!["fp32_bytes"]!);
        Assert.Equal((double)fp32 / new FileInfo(model.Path).Length, (double)json["totals"]!["compression"]!, 1e-4);
        Assert.Equal(expected / 8, (long)json["totals"]!["binary_bytes"]!);
        double binary = (double)json["totals"]!["binary_macs"]!, floats = (double)json["totals"]!["float_macs"]!;
        Assert.Equal(binary / (binary + floats), (double)json["totals"]!["binary_share"]!, 1e-6);
        // The patches, 64 tokens of 64 channels from 4 x 4 x 3 values, and the classifier.
        Assert.Equal((64 * 64 * 4 * 4 * 3) + (128 * 4), floats);
    }

    [Fact]
    public void TwoModelsAreCompared()
    {
        Assert.Contains("same file", EdgeVitProcess.Run("inspect", model.Path, model.Path).Expect(0).Output, StringComparison.Ordinal);
        JsonObject json = EdgeVitProcess.Run("inspect", model.Path, model.Path, "--json").Expect(0).Json;
        Assert.Equal((string)json["a"]!["model"]!["sha256"]!, (string)json["b"]!["model"]!["sha256"]!);
    }

    [Fact]
    public void TheCertificateTheCardAndWhatTwoFilesDifferIn()
    {
        using var folder = new TestFolder();
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(model.Config, seed: 3);
        SafetensorsWriter.Write(folder["net.safetensors"], tensors.Values);
        EdgeVitProcess.Run("import", folder["net.safetensors"], "--out", folder["f32.evit"], "--reductions", "2,1").Expect(0);
        EdgeVitProcess.Run("import", folder["net.safetensors"], "--out", folder["f16.evit"], "--reductions", "2,1", "--floats", "f16").Expect(0);
        EdgeVitProcess.Run("import", folder["net.safetensors"], "--out", folder["x.evit"], "--reductions", "2,1", "--floats", "f8").Fails(2, "--floats is 'f8', expected auto, f16 or f32");

        JsonObject json = EdgeVitProcess.Run("inspect", folder["f16.evit"], "--json").Expect(0).Json;
        Assert.True((bool)json["certificate"]!["passed"]!);
        Assert.Equal("net.safetensors", (string)json["certificate"]!["source"]!["file"]!);
        Assert.Equal(64, ((string)json["certificate"]!["source"]!["sha256"]!).Length);
        Assert.Equal("f16 (all)", (string)json["floats"]!);
        string[] Bits(JsonObject of) => [.. of["layers"]!.AsArray().Select(l => (string)l!["bits"]!).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(["-", "-/1", "1/1", "16/32"], Bits(json));
        Assert.Equal(["-", "-/1", "1/1", "32/32"], Bits(EdgeVitProcess.Run("inspect", folder["f32.evit"], "--json").Expect(0).Json));
        string shown = EdgeVitProcess.Run("inspect", folder["f16.evit"]).Expect(0).Output;
        Assert.Contains("0 mismatches; 1 image of uniform noise, seed 1", shown, StringComparison.Ordinal);
        Assert.Contains("none stored", EdgeVitProcess.Run("inspect", model.Path).Expect(0).Output, StringComparison.Ordinal);

        string card = EdgeVitProcess.Run("inspect", folder["f16.evit"], "--card").Expect(0).Output;
        foreach (string part in (string[])["# binaryvit", "| file | f16.evit,", "| sourceSha256 |", "## Proof", "* passed:", "## Limits"])
        {
            Assert.Contains(part, card, StringComparison.Ordinal);
        }

        string compared = EdgeVitProcess.Run("inspect", folder["f32.evit"], folder["f16.evit"]).Expect(0).Output;
        foreach (string part in (string[])["floats stored as", "f16 (all)", "tensors that differ", "nodes in one only", "same file"])
        {
            Assert.Contains(part, compared, StringComparison.Ordinal);
        }

        Assert.True((int)EdgeVitProcess.Run("inspect", folder["f32.evit"], folder["f16.evit"], "--json").Expect(0).Json["differing_tensors"]! > 50);
        Assert.Equal(0, (int)EdgeVitProcess.Run("inspect", folder["f32.evit"], folder["f32.evit"], "--json").Expect(0).Json["differing_tensors"]!);
        Assert.True(new FileInfo(folder["f16.evit"]).Length < new FileInfo(folder["f32.evit"]).Length);
    }

    [Fact]
    public void ARunFolderStandsForItsModel()
    {
        EdgeVitProcess.Run("inspect", Path.GetDirectoryName(model.Path)!).Expect(0);
        using var empty = new TestFolder();
        EdgeVitProcess.Run("inspect", empty.Root).Fails(1, "folder without model.evit");
    }

    [Fact]
    public void AMistypedFileIsNamedWithTheNearest() =>
        EdgeVitProcess.Run("inspect", Path.Combine(Path.GetDirectoryName(model.Path)!, "modle.evit")).Fails(1, "no such file", "model.evit");

    [Fact]
    public void DamagedFilesAreRefusedWithAReason()
    {
        using var folder = new TestFolder();
        byte[] bytes = model.Bytes;
        EdgeVitProcess.Run("inspect", folder.File("empty.evit", [])).Fails(1, "empty.evit");
        EdgeVitProcess.Run("inspect", folder.File("short.evit", bytes[..(bytes.Length / 2)])).Fails(1, "short.evit", "copy it again");
        EdgeVitProcess.Run("inspect", folder.File("noise.evit", [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))])).Fails(1, "noise.evit");
        EdgeVitProcess.Run("inspect", folder.File("picture.evit", Png.Random(8, 8, 1))).Fails(2, "picture.evit is a picture, not a model file");
    }

    [Fact]
    public void AFullDiskUnderTheOutputIsAnError()
    {
        using var folder = new TestFolder();
        string[] command = ["-c", "exec dotnet \"$0\" inspect \"$1\" --json >/dev/full", EdgeVitProcess.Program, model.Path];
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("bash", command) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("standard output (/dev/full) cannot be written: no space left on device", error, StringComparison.Ordinal);
    }
}
