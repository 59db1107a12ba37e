using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>What Hugging Face's and timm's folders say beside a float checkpoint.</summary>
public sealed class SidecarTests : IDisposable
{
    private static readonly FloatViTConfig s_network = new("vit", ImageSize: 12, PatchSize: 4, Width: 48, FfnWidth: 96, Depth: 1, Heads: 2, Classes: 3, NormEps: 1e-12);

    private readonly string _folder = Directory.CreateTempSubdirectory("edgevit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AHuggingFaceFolder()
    {
        Write("config.json", """
            {"hidden_size": 48, "num_attention_heads": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
             "id2label": {"1": "bee", "0": "ant", "2": "cow"}}
            """);
        Write("preprocessor_config.json", """{"image_mean": [0.5, 0.25, 0.125], "image_std": [0.5, 1, 2], "size": {"shortest_edge": 16}, "resample": 2}""");
        ImportedCheckpoint imported = Import(ViTNames.HuggingFace);
        Assert.Equal(s_network, imported.Network.Config);
        Assert.Equal(["ant", "bee", "cow"], imported.Labels);
        Assert.Equal((16, Interpolation.Bilinear), (imported.Preprocess.ResizeShorterSide, imported.Preprocess.Interpolation));
        Assert.Equal([0.5f, 0.25f, 0.125f], imported.Preprocess.Mean);
        Assert.Equal([0.5f, 1, 2], imported.Preprocess.Std);
        Assert.Equal(["from the files beside the checkpoint: heads of 24 channels, LayerNorm epsilon 1E-12, 3 class names, shorter side to 16, bilinear, mean 0.5,0.25,0.125, std 0.5,1,2"], imported.Notes);
    }

    /// <summary>Published lists have names twice; a class that is found by its name would be another's, in silence.</summary>
    [Theory]
    [InlineData("crane", "crane", "dog", "crane (0)", "crane (1)", "dog")]
    [InlineData("a", "a", "a (1)", "a (0)", "a (1) (1)", "a (1) (2)")]
    [InlineData("a", "a", "a", "a (0)", "a (1)", "a (2)")]
    public void ClassesOfOneNameAreToldApart(string first, string second, string third, params string[] labels)
    {
        Write("config.json", $$$"""{"hidden_size": 48, "num_attention_heads": 2, "id2label": {"0": "{{{first}}}", "1": "{{{second}}}", "2": "{{{third}}}"}}""");
        ImportedCheckpoint imported = Import(ViTNames.HuggingFace);
        Assert.Equal(labels, imported.Labels);
        Assert.Contains("of them are there more than once and have their numbers now: ", imported.Notes[0], StringComparison.Ordinal);
        Assert.Contains($"'{labels[0]}'", imported.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void ATimmFolder()
    {
        Write("config.json", """
            {"architecture": "vit", "label_names": ["a", "b", "c"],
             "pretrained_cfg": {"input_size": [3, 12, 12], "crop_pct": 0.9, "interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}
            """);
        ImportedCheckpoint imported = Import(ViTNames.Timm, new ImportOptions(new RecogniserOptions(HeadSize: 24)));
        Assert.Equal(s_network with { NormEps = 1e-6 }, imported.Network.Config);
        Assert.Equal(["a", "b", "c"], imported.Labels);
        Assert.Equal((13, 0.5f), (imported.Preprocess.ResizeShorterSide, imported.Preprocess.Std[2]));
    }

    [Fact]
    public void WhatIsSaidCounts()
    {
        Write("config.json", """{"hidden_size": 48, "num_attention_heads": 2, "layer_norm_eps": 1e-12, "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}""");
        ImportedCheckpoint imported = Import(ViTNames.HuggingFace, new ImportOptions(new RecogniserOptions(HeadSize: 16, NormEps: 1e-3), Mean: [0, 0, 0]));
        Assert.Equal(s_network with { Heads = 3, NormEps = 1e-3 }, imported.Network.Config);
        Assert.Equal("class 0", imported.Labels[0]);
        Assert.Equal([0f, 0, 0], imported.Preprocess.Mean);
    }

    [Theory]
    [InlineData("{", "it is no JSON")]
    [InlineData("""{"hidden_act": "quick_gelu"}""", "quick_gelu")]
    [InlineData("""{"id2label": {"0": "a", "1": "b"}}""", "3 classes, but 2 labels")]
    public void WhatCannotBeUsed(string config, string expected)
    {
        Write("config.json", config);
        Assert.Contains(expected, Assert.ThrowsAny<ModelFormatException>(() => Import(ViTNames.HuggingFace)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"hidden_size": "x", "num_attention_heads": 0, "layer_norm_eps": null, "id2label": [1], "pretrained_cfg": {"input_size": 5, "crop_pct": 0}}""")]
    [InlineData("""{"hidden_size": 48, "num_attention_heads": -1, "id2label": {"x": "y"}, "pretrained_cfg": {"mean": [1, "a", 2]}}""")]
    public void WhatSaysNothing(string config)
    {
        Write("config.json", config);
        Write("preprocessor_config.json", """{"size": -1, "resample": 77, "image_mean": [1]}""");
        Assert.DoesNotContain(Import(ViTNames.HuggingFace).Notes, n => n.Contains("beside", StringComparison.Ordinal));
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private ImportedCheckpoint Import(ViTNames names, ImportOptions? options = null)
    {
        string path = Path.Combine(_folder, "model.safetensors");
        SafetensorsWriter.Write(path, FloatViTTests.Tensors(s_network, names, seed: 1).Values);
        return CheckpointImport.Open(path, options);
    }
}
