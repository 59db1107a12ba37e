using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>From a checkpoint file to everything that a model file needs.</summary>
public class ImportTests
{
    private static readonly BinaryViTConfig s_small = new BinaryViTConfig(
        "small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 64, 128, 1, 2), new StageConfig(1, 128, 128, 2, 1)], Classes: 4).Validate();

    [Fact]
    public void WhatTheFileSaysAndWhatIsAssumed()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_small, seed: 1);
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors.Values, prefix: "module.", device: "cuda:3");
        byte[] bytes = TorchWriter.Zip(pickle, storages);
        using var file = new TempFile(bytes);
        ImportedCheckpoint imported = CheckpointImport.Open(file.Path);
        Assert.Equal(s_small with { Name = "binaryvit" }, imported.Network.Config);
        Assert.Equal(
            new CheckpointSource(Path.GetFileName(file.Path), bytes.Length, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), "PyTorch", "model", "module.", tensors.Count),
            imported.Source);
        Assert.Equal(tensors.Values.Sum(t => (long)t.Data.Length), imported.Parameters);
        Assert.Equal((16, 16, 16, Interpolation.Bicubic), (imported.Preprocess.Height, imported.Preprocess.Width, imported.Preprocess.ResizeShorterSide, imported.Preprocess.Interpolation));
        Assert.Equal(["class 0", "class 1", "class 2", "class 3"], imported.Labels);
        Assert.Equal(
            ["--reductions", "--head-size", "--mean", "--labels"],
            imported.Notes.Select(n => ((string[])["--reductions", "--head-size", "--mean", "--labels"]).Single(o => n.Contains(o, StringComparison.Ordinal))));
        JsonNode provenance = JsonNode.Parse(imported.Provenance())!;
        Assert.Equal(imported.Source.Sha256, (string)provenance["sourceSha256"]!);
        Assert.Equal("BinaryViT", (string)provenance["variant"]!);

        EvitFile model = EvitFile.Parse(EvitWriter.ToBytes(imported.Lower(), imported.Preprocess, imported.Labels, imported.Provenance()));
        Assert.Equal(provenance.ToJsonString(), JsonNode.Parse(model.Provenance)!.ToJsonString());
    }

    [Fact]
    public void WhatIsSaidIsNotAssumed()
    {
        var options = new ImportOptions(
            new RecogniserOptions("mine", HeadSize: 32, Reductions: [4, 1], NormEps: 1e-3), Labels: ["a", "b", "c", "d"], ResizeShorterSide: 20,
            Interpolation: Interpolation.Bilinear, Mean: [0.1f, 0.2f, 0.3f], Std: [1, 2, 3]);
        ImportedCheckpoint imported = Open(RandomNetwork.Tensors(s_small, seed: 1), options);
        Assert.Empty(imported.Notes);
        Assert.Equal(
            s_small with { Name = "mine", BatchNormEps = 1e-3, Stages = [s_small.Stages[0] with { Heads = 2, Reduction = 4 }, s_small.Stages[1] with { Heads = 4 }] },
            imported.Network.Config);
        Assert.Equal(options.Labels, imported.Labels);
        Assert.Equal((20, Interpolation.Bilinear), (imported.Preprocess.ResizeShorterSide, imported.Preprocess.Interpolation));
        Assert.Equal((options.Mean, options.Std), (imported.Preprocess.Mean, imported.Preprocess.Std));
    }

    [Fact]
    public void PhotographsAreCroppedAsIsUsual()
    {
        BinaryViTConfig large = BinaryViTPresets.Get("binaryvit-nano").With(imageSize: 224, patchSize: 28);
        Assert.Equal(256, Open(RandomNetwork.Tensors(large, seed: 1)).Preprocess.ResizeShorterSide);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-0.25f)]
    public void AClipThatLetsNothingThroughIsSaidAndKept(float clip)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_small, seed: 2);
        const string Name = "vit.encoder.layer.1.attention.attention";
        tensors[$"{Name}.att_prob_clip"].Data[0] = clip;
        ImportedCheckpoint imported = Open(tensors);
        Assert.Contains(imported.Notes, n => n.Contains("1 attention clips are 0 or below", StringComparison.Ordinal) && n.Contains(Name, StringComparison.Ordinal));
        LoweredModel model = imported.Lower();
        float[] image = RandomNetwork.Images(s_small, 1, seed: 3);
        IReadOnlyDictionary<string, Value> values = new GraphInterpreter(model.Graph, model.Tensors).Run(image);
        var naive = new NaiveBinaryViT(s_small, tensors);
        float[] expected = naive.Run(image);
        Assert.True(expected.Zip(values[Lowering.OutputName].Floats, (a, b) => Math.Abs(a - b)).Max() < 1e-4);
        Value context = values[$"{Name}.norm_context"];
        Assert.All(Enumerable.Range(0, 128), c => Assert.Equal(context.Floats[c], context.Floats[^(128 - c)]));
    }

    [Fact]
    public void BranchesOfOneWidthOnly()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_small, seed: 4);
        foreach (string name in tensors.Keys.Where(n => n.Contains("layerscale_h3", StringComparison.Ordinal) || n.Contains("layerscale_w3", StringComparison.Ordinal)).ToArray())
        {
            tensors.Remove(name);
        }

        ImportedCheckpoint imported = Open(tensors);
        Assert.Contains("5-wide branches only", imported.Network.Variant, StringComparison.Ordinal);
        string[] nodes = [.. imported.Lower().Graph.Nodes.Select(n => n.Name)];
        Assert.Contains("vit.encoder.layer.0.pool_h5", nodes);
        Assert.DoesNotContain("vit.encoder.layer.0.pool_h3", nodes);
    }

    [Fact]
    public void MistakesAreExplained()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_small, seed: 1);
        Assert.Contains("4 classes, but 3 labels", Message(tensors, new ImportOptions(Labels: ["a", "b", "c"])), StringComparison.Ordinal);
        Assert.Contains("--resize", Message(tensors, new ImportOptions(ResizeShorterSide: 8)), StringComparison.Ordinal);
        Assert.Contains("--std", Message(tensors, new ImportOptions(Std: [1, 1, 0])), StringComparison.Ordinal);
        Assert.Contains("--mean", Message(tensors, new ImportOptions(Mean: [1, 1])), StringComparison.Ordinal);
        Assert.Contains("16x16 pixels, not 32x32", Message(tensors, new ImportOptions(new RecogniserOptions(ImageSize: 32))), StringComparison.Ordinal);
        Assert.Contains("1 channels", Message(RandomNetwork.Tensors(s_small with { Channels = 1 }, seed: 1), null), StringComparison.Ordinal);
        tensors.Remove("classifier.bias");
        ImportedCheckpoint imported = Open(tensors);
        string message = Assert.Throws<ModelFormatException>(imported.Lower).Message;
        Assert.StartsWith(imported.Source.File, message, StringComparison.Ordinal);
        Assert.Contains("missing: classifier.bias [4]", message, StringComparison.Ordinal);
        Assert.Contains("no-such.pth", Assert.Throws<CheckpointException>(() => CheckpointImport.Open("no-such.pth")).Message, StringComparison.Ordinal);
    }

    /// <summary>Half-precision storages give the network of the rounded weights.</summary>
    [Fact]
    public void HalfPrecision()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_small, seed: 6);
        var pickle = new PickleWriter();
        var storages = new List<(string Key, byte[] Bytes)>();
        pickle.Start().EmptyDictCall().Op('(');
        foreach (FloatTensor tensor in tensors.Values)
        {
            pickle.Text(tensor.Name).Tensor("HalfStorage", $"{storages.Count}", tensor.Data.Length, 0, TorchWriter.Longs(tensor.Shape), TorchWriter.Strides(tensor.Shape));
            Half[] halves = [.. tensor.Data.Select(v => (Half)v)];
            storages.Add(($"{storages.Count}", MemoryMarshal.AsBytes(halves.AsSpan()).ToArray()));
        }
        using var file = new TempFile(TorchWriter.Zip(pickle.Op('u').Stop().ToArray(), storages));
        ImportedCheckpoint imported = CheckpointImport.Open(file.Path);
        Assert.All(tensors.Values, t => Assert.Equal(t.Data.Select(v => (float)(Half)v), imported.Tensors[t.Name].Data));
        imported.Lower();
    }

    private static ImportedCheckpoint Open(Dictionary<string, FloatTensor> tensors, ImportOptions? options = null)
    {
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors.Values);
        using var file = new TempFile(TorchWriter.Zip(pickle, storages));
        return CheckpointImport.Open(file.Path, options);
    }

    private static string Message(Dictionary<string, FloatTensor> tensors, ImportOptions? options) =>
        Assert.ThrowsAny<ModelFormatException>(() => Open(tensors, options)).Message;
}
