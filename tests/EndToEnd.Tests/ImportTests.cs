using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Export.Tests.Checkpoints;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

public sealed class ImportTests(ITestOutputHelper output) : IDisposable
{
    private static readonly BinaryViTConfig s_network = new BinaryViTConfig(
        "reactnet-deit", ImageSize: 32, PatchSize: 8, [new StageConfig(2, 64, 128, 1, 1)], Classes: 4,
        Branches: BranchKind.None, EmbeddingNorm: false, ClassToken: true).Validate();

    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, FloatTensor> _tensors = RandomNetwork.Tensors(s_network, seed: 8);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ACheckpointBecomesAModelThatRuns()
    {
        File.WriteAllText(_folder["labels.txt"], "ant\nbee\ncow\ndog\n");
        string checkpoint = Checkpoint("net.safetensors");
        Outcome outcome = EdgeVitProcess.Run("import", checkpoint, "--out", _folder["sub/net.evit"], "--labels", _folder["labels.txt"]).Expect(0);
        foreach (string part in (string[])["reading", "ReActNet-DeiT (baseline, with a class token and layer scale)", "assumed: heads of 64", "--mean", "edgevit inspect"])
        {
            Assert.Contains(part, outcome.Error, StringComparison.Ordinal);
        }

        Assert.Contains("floats stored as f32: exact, as no labelled images could show that 16 bits lose nothing", outcome.Output, StringComparison.Ordinal);
        foreach (string part in (string[])["net.evit", "1-bit weights", "not 1-bit", "sha256"])
        {
            Assert.Contains(part, outcome.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("class 0", outcome.Error, StringComparison.Ordinal);

        using EvitModel model = EvitModel.Open(_folder["sub/net.evit"]);
        Assert.Equal(["ant", "bee", "cow", "dog"], model.Labels);
        LoweredModel lowered = Lowering.Lower(s_network, _tensors);
        float[] image = RandomNetwork.Images(s_network, 1, seed: 2);
        var logits = new float[4];
        using Session session = model.CreateSession();
        session.RunNchw(image, logits);
        Assert.Equal(new GraphInterpreter(model.File.Graph, model.File.Tensors).Run(image)[Lowering.OutputName].Floats, logits);
        Assert.Equal(EdgeVitProcess.Run("inspect", _folder["sub/net.evit"], "--card").Expect(0).Output, File.ReadAllText(_folder["sub/net.md"]));
        Assert.Contains($"sha256 {model.File.Sha256}", File.ReadAllText(_folder["sub/net.md"]), StringComparison.Ordinal);
        EdgeVitProcess.Run("inspect", _folder["sub/net.evit"]).Expect(0);
        EdgeVitProcess.Run("doctor", _folder["sub/net.evit"], "--json");
    }

    [Fact]
    public void JsonHasTheKeysThatScriptsRead()
    {
        string checkpoint = Checkpoint("net.safetensors");
        Outcome outcome = EdgeVitProcess.Run("import", checkpoint, "--out", _folder["net.evit"], "--json", "--quiet", "--name", "mine").Expect(0);
        JsonObject json = outcome.Json;
        Assert.Equal(_folder["net.evit"], (string)json["model"]!);
        Assert.Equal(new FileInfo(_folder["net.evit"]).Length, (long)json["bytes"]!);
        Assert.Equal("mine", (string)json["network"]!);
        Assert.Equal(4, (int)json["classes"]!);
        Assert.Equal(_tensors.Values.Sum(t => (long)t.Data.Length), (long)json["parameters"]!);
        Assert.Equal("safetensors", (string)json["source"]!["format"]!);
        Assert.Equal("net.safetensors", (string)json["source"]!["file"]!);
        Assert.Contains(json["notes"]!.AsArray(), n => ((string)n!).Contains("--labels", StringComparison.Ordinal));
        Assert.Empty(outcome.Error);
    }

    /// <summary>Values are computed and compared on all cores, and put together in one order: the file, with the certificate in it, is the same on one.</summary>
    [Fact]
    public void TheNumberOfCoresChangesNothing()
    {
        string checkpoint = Checkpoint("net.safetensors");
        string[] command = ["import", checkpoint, "--floats", "f16", "--parity-images", "3", "--json", "--quiet", "--out"];
        JsonObject one = EdgeVitProcess.Run([.. command, _folder["one.evit"]], input: null, ("DOTNET_PROCESSOR_COUNT", "1")).Expect(0).Json;
        JsonObject all = EdgeVitProcess.Run([.. command, _folder["all.evit"]], input: null, ("DOTNET_PROCESSOR_COUNT", "4")).Expect(0).Json;
        Assert.Equal((string)one["sha256"]!, (string)all["sha256"]!);
        Assert.Equal(one["certificate"]!.ToJsonString(), all["certificate"]!.ToJsonString());
    }

    /// <summary>A model's card is replaced with the model; a file of the same name that somebody wrote is not.</summary>
    [Fact]
    public void TheCardLiesBesideTheModelAndOverwritesNoText()
    {
        string checkpoint = Checkpoint("net.safetensors");
        JsonObject json = EdgeVitProcess.Run("import", checkpoint, "--out", _folder["run/model.evit"], "--name", "first", "--json").Expect(0).Json;
        Assert.Equal(_folder["run/card.md"], (string)json["card"]!);
        Assert.StartsWith("# first\n", File.ReadAllText(_folder["run/card.md"]), StringComparison.Ordinal);
        EdgeVitProcess.Run("import", checkpoint, "--out", _folder["run/model.evit"], "--name", "second").Expect(0);
        Assert.StartsWith("# second\n", File.ReadAllText(_folder["run/card.md"]), StringComparison.Ordinal);

        File.WriteAllText(_folder["notes.md"], "my notes\n");
        Outcome outcome = EdgeVitProcess.Run("import", checkpoint, "--out", _folder["notes.evit"], "--json").Expect(0);
        Assert.Null(outcome.Json["card"]);
        Assert.Contains("notes.md is there and is no model card", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("my notes\n", File.ReadAllText(_folder["notes.md"]));
        Assert.True(File.Exists(_folder["notes.evit"]));
    }

    /// <summary>The paper's network as its training script saves it, 90 MB: packed and proven, value by value, with less memory than twice the file and 64 MB, into
    /// a file of at most 7.6 MB with exact floats; of at most 5.6 MB with rounded ones.</summary>
    [Fact]
    public void ACheckpointOfThePapersSizeTakesBoundedMemory()
    {
        BinaryViTConfig small = BinaryViTPresets.Get("binaryvit-small");
        string checkpoint = _folder["small.pth"];
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(RandomNetwork.Tensors(small, seed: 9).Values);
        File.WriteAllBytes(checkpoint, TorchWriter.Zip(pickle, storages));
        long length = new FileInfo(checkpoint).Length;
        JsonObject json = EdgeVitProcess.Run("import", checkpoint, "--out", _folder["small.evit"], "--json", "--quiet").Expect(0).Json;
        Assert.InRange(length, 90_000_000, 92_000_000);
        Assert.Equal("binaryvit-small", (string)json["network"]!);
        Assert.Equal(21_196_800, (long)json["binary_weights"]!);
        long peak = (long)json["memory"]!["peak_bytes"]!;
        output.WriteLine($"{length} bytes imported in {(double)json["seconds"]!} s with {peak} bytes at most");
        Assert.InRange((long)json["bytes"]!, 7_000_000, 7_600_000);
        Assert.True((bool)json["certificate"]!["passed"]!);
        Assert.Equal("f32", (string)json["floats"]!);
        Assert.True(peak < (2 * length) + (72L << 20), $"{peak} bytes for a file of {length}");

        JsonObject half = EdgeVitProcess.Run("import", checkpoint, "--out", _folder["half.evit"], "--json", "--quiet", "--floats", "f16").Expect(0).Json;
        Assert.Equal("f16 (all)", (string)half["floats"]!);
        Assert.InRange((long)half["bytes"]!, 5_000_000, 5_600_000);
        output.WriteLine($"{(long)json["bytes"]!} bytes exact, {(long)half["bytes"]!} rounded");
    }

    /// <summary>A float network of the size of DeiT-Small, 88 MB: the same bound.</summary>
    [Fact]
    public void AFloatCheckpointTakesBoundedMemory()
    {
        string checkpoint = _folder["deit-small.safetensors"];
        SafetensorsWriter.Write(checkpoint, FloatCheckpoint.Tensors(width: 384, depth: 12, imageSize: 224, patch: 16, classes: 1000, seed: 4));
        long length = new FileInfo(checkpoint).Length;
        JsonObject json = EdgeVitProcess.Run("import", checkpoint, "--out", _folder["deit-small.evit"], "--json", "--quiet").Expect(0).Json;
        long peak = (long)json["memory"]!["peak_bytes"]!;
        output.WriteLine($"{length} bytes imported in {(double)json["seconds"]!} s with {peak} bytes at most");
        Assert.InRange(length, 88_000_000, 89_000_000);
        Assert.True((bool)json["certificate"]!["passed"]!);
        Assert.Equal("f32", (string)json["floats"]!);
        Assert.InRange((long)json["bytes"]!, 88_000_000, 89_000_000);
        Assert.True(peak < (2 * length) + (72L << 20), $"{peak} bytes for a file of {length}");
    }

    /// <summary>A network whose logits are rounding errors is packed as it is, and the packed one does not compute what the simulation does.</summary>
    [Fact]
    public void AModelThatFailsItsCertificateIsNotWritten()
    {
        SafetensorsWriter.Write(_folder["net.safetensors"], FloatCheckpoint.Cancelling(seed: 1));
        Outcome outcome = Import(_folder["net.safetensors"], "--out", _folder["net.evit"], "--json");
        outcome.Fails(3, "does not compute what the checkpoint does", "net.evit is not written", "FAILED");
        Assert.False((bool)outcome.Json["certificate"]!["passed"]!);
        Assert.NotEmpty(outcome.Json["certificate"]!["faults"]!.AsArray());
        Assert.False(File.Exists(_folder["net.evit"]));
        Assert.False(File.Exists(_folder["net.md"]));
    }

    [Fact]
    public void MistakesAreExplained()
    {
        string checkpoint = Checkpoint("net.safetensors");
        string model = _folder["net.evit"];
        Import().Fails(2, "import needs CHECKPOINT");
        Import(checkpoint).Fails(2, "import needs --out");
        Import(checkpoint, "--out", checkpoint).Fails(2, "is the checkpoint itself");
        Import(checkpoint, "--out", model, "--reductions", "4,x").Fails(2, "--reductions is '4,x'", "8,4,1,1");
        Import(checkpoint, "--out", model, "--mean", "1,2").Fails(2, "--mean is '1,2'", "three numbers");
        Import(checkpoint, "--out", model, "--head-size", "0").Fails(2, "--head-size is 0");
        Import(checkpoint, "--out", model, "--norm-eps", "-1").Fails(2, "--norm-eps");
        Import(checkpoint, "--out", model, "--interpolation", "cubic").Fails(2, "bicubic or bilinear");
        Import(checkpoint, "--out", model, "--image-size", "64").Fails(1, "32x32 pixels, not 64x64");
        Import(checkpoint, "--out", model, "--labels", _folder["none.txt"]).Fails(2, "--labels", "none.txt: no such file");
        File.WriteAllText(_folder["ids.json"], "{\"id2label\": {\"0\": \"ant\", \"1\": \"bee\", \"2\": \"ant\", \"3\": \"dog\"}}");
        Import(checkpoint, "--out", model, "--labels", _folder["ids.json"]).Fails(1, "label 3 of 4 is 'ant', as label 1 is");
        Import(checkpoint, "--out", model, "--prefix", "nothing").Fails(2, "--prefix");
        File.WriteAllText(_folder["labels.txt"], "ant\n\nbee\n");
        Import(checkpoint, "--out", model, "--labels", _folder["labels.txt"]).Fails(1, "label 2 of 3 is empty");
        File.WriteAllText(_folder["labels.json"], """["ant", "bee"]""");
        Import(checkpoint, "--out", model, "--labels", _folder["labels.json"]).Fails(1, "4 classes, but 2 labels");
        File.WriteAllText(_folder["labels.json"], """["ant", bee]""");
        Outcome json = Import(checkpoint, "--out", model, "--labels", _folder["labels.json"]);
        json.Fails(1, "expected a JSON array of strings, but it is no JSON (line 1, byte 9)");
        Assert.DoesNotContain("invalid start", json.Error, StringComparison.Ordinal);
        File.WriteAllBytes(_folder["labels.txt"], [.. "ant\nbee\ncaf"u8, 0xE9, .. "\ndog\n"u8]);
        Import(checkpoint, "--out", model, "--labels", _folder["labels.txt"]).Fails(1, "line 3 is not UTF-8", "iconv");
        File.WriteAllText(_folder["labels.txt"], "ant\nbee\ncow\nbee\n");
        Import(checkpoint, "--out", model, "--labels", _folder["labels.txt"]).Fails(1, "label 4 of 4 is 'bee', as label 2 is", "its own");
        Import(_folder["none.pth"], "--out", model).Fails(1, "none.pth");
        File.WriteAllText(_folder["text.pth"], "not a checkpoint");
        Import(_folder["text.pth"], "--out", model).Fails(1, "text.pth: is a text, not a checkpoint");
        _tensors.Remove("vit.layernorm.bias");
        _tensors.Remove("vit.encoder.layer.1.intermediate.move");
        Import(Checkpoint("lacks.safetensors"), "--out", model).Fails(1, "(2 faults)", "missing: vit.layernorm.bias [64]", "missing: vit.encoder.layer.1.intermediate.move [64]");
        _tensors["vit.extra"] = new FloatTensor("vit.extra", [3], new float[3]);
        _tensors["classifier.bias"] = new FloatTensor("classifier.bias", [7], new float[7]);
        Import(Checkpoint("odd.safetensors"), "--out", model).Fails(1, "(4 faults)", "missing: vit.layernorm.bias [64]", "classifier.bias is [7] with 7 values, expected [4]", "not of this network: vit.extra [3]");
        foreach (int positions in (int[])[1 + (4 * 8), 1 + 20])
        {
            _tensors["vit.embeddings.position_embeddings"] = new FloatTensor("vit.embeddings.position_embeddings", [1, positions, 64], new float[positions * 64]);
            Import(Checkpoint("grid.safetensors"), "--out", model).Fails(1, $"is [1, {positions}, 64]", "Only square images are supported", "resample");
        }
        Import(checkpoint, "--out", _folder["new/"]).Fails(2, "is a folder. Name a file in it");
        Import(checkpoint, "--out", Path.GetDirectoryName(checkpoint)!).Fails(2, "is a folder. Name a file in it");
        Import(checkpoint, "--out", _folder["labels.txt/net.evit"]).Fails(1, "Cannot write");
        Import(Path.GetDirectoryName(checkpoint)!, "--out", model).Fails(1, "is a folder; name the checkpoint file in it");
        Assert.False(File.Exists(model));

        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(_tensors.Values);
        string torch = _folder.File("net.pth", TorchWriter.Zip(pickle, storages));
        EdgeVitProcess.Run("inspect", torch).Fails(2, "net.pth is a PyTorch checkpoint, not a model file", "edgevit import");
    }

    private static Outcome Import(params string[] arguments) => EdgeVitProcess.Run(["import", .. arguments]);

    private string Checkpoint(string name)
    {
        SafetensorsWriter.Write(_folder[name], _tensors.Values);
        return _folder[name];
    }
}
