namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>The network among the names of a checkpoint: whatever stands before them, beside them, or in their place.</summary>
public class NetworkNamesTests
{
    private static readonly FloatViTConfig s_config = new("vit", ImageSize: 8, PatchSize: 4, Width: 16, FfnWidth: 24, Depth: 2, Heads: 1, Classes: 3);

    [Theory]
    [InlineData("backbone.")]
    [InlineData("model.backbone.encoder.")]
    [InlineData("module.model.")]
    [InlineData("net.0.")]
    [InlineData("")]
    [InlineData("_orig_mod.student.vit.")]
    public void WhateverStandsBeforeTheNamesIsFound(string prefix)
    {
        foreach (ViTNames names in (ViTNames[])[ViTNames.Timm, ViTNames.HuggingFace, ViTNames.HuggingFaceDeiT])
        {
            Dictionary<string, FloatTensor> tensors = Tensors(names);
            Checkpoint found = Read(Prefixed(tensors, prefix));
            Assert.Equal(prefix, found.Prefix);
            Assert.Equal(tensors.Keys.Order(), found.Tensors.Keys.Order());
            Assert.Equal(3, NetworkRecogniser.Recognise(found.Tensors).Config.Classes);
        }
    }

    [Fact]
    public void WhatIsNotOfTheNetworkIsNamedAndLeftOut()
    {
        Dictionary<string, FloatTensor> tensors = Tensors(ViTNames.Timm);
        Checkpoint found = Read([.. Prefixed(tensors, "model."), One("criterion.weight", 3), One("aux.fc.weight", 2, 5)]);
        Assert.Equal(tensors.Keys.Order(), found.Tensors.Keys.Order());
        Assert.Contains(found.Notes, n => n.Contains("2 tensors outside 'model.' left out: aux.fc.weight, criterion.weight", StringComparison.Ordinal));

        found = Read([.. tensors.Values, One("criterion.weight", 3), One("normalize.mean", 3)]);
        Assert.Equal(tensors.Keys.Order(), found.Tensors.Keys.Order());
        Assert.Contains(found.Notes, n => n.Contains("criterion.weight, normalize.mean", StringComparison.Ordinal));

        // What may be a part of the network is not passed over.
        found = Read([.. tensors.Values, One("blocks.0.attn.gate", 3)]);
        Assert.Contains("blocks.0.attn.gate", found.Tensors.Keys);
    }

    [Theory]
    [InlineData("fc")]
    [InlineData("head.1")]
    [InlineData("classifier")]
    [InlineData("heads.head")]
    [InlineData("module.linear")]
    public void AHeadBesideTheNetworkIsItsHead(string module)
    {
        foreach (ViTNames names in (ViTNames[])[ViTNames.Timm, ViTNames.HuggingFace])
        {
            Dictionary<string, FloatTensor> tensors = Tensors(names);
            tensors.Remove($"{names.Head}.weight", out FloatTensor? weight);
            tensors.Remove($"{names.Head}.bias", out FloatTensor? bias);
            Checkpoint found = Read([.. Prefixed(tensors, "backbone."), weight! with { Name = $"{module}.weight" }, bias! with { Name = $"{module}.bias" }, One("projector.weight", 4, 16), One("projector.bias", 4)]);
            Assert.Equal(weight.Data, found.Tensors[$"{names.Head}.weight"].Data);
            Assert.Equal(bias.Data, found.Tensors[$"{names.Head}.bias"].Data);
            Assert.Contains(found.Notes, n => n.Contains($"the head is '{module}.weight'", StringComparison.Ordinal));
            Assert.Equal(3, NetworkRecogniser.Recognise(found.Tensors).Config.Classes);
        }
    }

    /// <summary>A head of another network is none of this one, even where no other could be it.</summary>
    [Theory]
    [InlineData("student.", "teacher.", "teacher.head", null)]
    [InlineData("student.backbone.", "teacher.backbone.", "teacher.head", null)]
    [InlineData("left.backbone.", "right.backbone.", "right.head", "left.backbone")]
    [InlineData("teacher.backbone.", "student.backbone.", "student.head", "teacher.backbone")]
    [InlineData("model.student.", "model.", "model.head", "model.student")]
    [InlineData("", "teacher.", "teacher.head", "")]
    [InlineData("backbone.", "backbone2.", "ema.classifier", "backbone")]
    public void AHeadOfAnotherNetworkIsNotTaken(string prefix, string other, string head, string? asked)
    {
        Dictionary<string, FloatTensor> tensors = Tensors(ViTNames.Timm), others = Tensors(ViTNames.Timm, seed: 9);
        FloatTensor weight = others["head.weight"], bias = others["head.bias"];
        foreach (Dictionary<string, FloatTensor> set in (Dictionary<string, FloatTensor>[])[tensors, others])
        {
            set.Remove("head.weight");
            set.Remove("head.bias");
        }

        FloatTensor[] all = [.. Prefixed(tensors, prefix), .. Prefixed(others, other), weight with { Name = $"{head}.weight" }, bias with { Name = $"{head}.bias" }];
        Checkpoint found = Read(all, asked);
        Assert.Equal(prefix, found.Prefix);
        Assert.DoesNotContain("head.weight", found.Tensors.Keys);
        Assert.DoesNotContain(found.Notes, n => n.Contains("the head is", StringComparison.Ordinal));

        // Its own is, beside that.
        string own = prefix.Replace("backbone.", "", StringComparison.Ordinal) + "fc";
        if (prefix.Contains("backbone", StringComparison.Ordinal))
        {
            found = Read([.. all, weight with { Name = $"{own}.weight" }, bias with { Name = $"{own}.bias" }], asked);
            Assert.Equal(weight.Data, found.Tensors["head.weight"].Data);
            Assert.Contains(found.Notes, n => n.Contains($"the head is '{own}.weight'", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void OfSeveralNetworksThePlainOneIsTakenOrTheUserChooses()
    {
        Dictionary<string, FloatTensor> plain = Tensors(ViTNames.Timm), average = Tensors(ViTNames.Timm, seed: 9);
        FloatTensor[] both = [.. Prefixed(plain, "model."), .. Prefixed(average, "model_ema.")];
        Checkpoint found = Read(both);
        Assert.Equal(plain["head.bias"].Data, found.Tensors["head.bias"].Data);
        Assert.Contains(found.Notes, n => n.Contains("taken is 'model.'", StringComparison.Ordinal) && n.Contains("--prefix model_ema.", StringComparison.Ordinal));
        Assert.Equal(average["head.bias"].Data, Read(both, "model_ema").Tensors["head.bias"].Data);
        Assert.Equal(average["head.bias"].Data, Read(both, "model_ema.").Tensors["head.bias"].Data);

        string message = Assert.Throws<CheckpointException>(() => Read([.. Prefixed(plain, "left."), .. Prefixed(average, "right.")])).Message;
        Assert.Contains("'left.', 'right.'", message, StringComparison.Ordinal);
        Assert.Contains("--prefix left.", message, StringComparison.Ordinal);
        message = Assert.Throws<CheckpointException>(() => Read(both, "nothing")).Message;
        Assert.Contains("'nothing.'", message, StringComparison.Ordinal);
        Assert.Contains("'model.', 'model_ema.'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesOfTransformers5AndTorchvisionAreTheSameNetworks()
    {
        foreach (string model in (string[])["vit", "deit"])
        {
            ViTNames names = model == "vit" ? ViTNames.HuggingFace : ViTNames.HuggingFaceDeiT;
            Dictionary<string, FloatTensor> tensors = Tensors(names);
            (string, string)[] five =
            [
                ("encoder.layer.", "layers."), ("attention.attention.query", "attention.q_proj"), ("attention.attention.key", "attention.k_proj"), ("attention.attention.value", "attention.v_proj"),
                ("attention.output.dense", "attention.o_proj"), ("intermediate.dense", "mlp.fc1"), ("output.dense", "mlp.fc2"),
            ];
            FloatTensor[] renamed = [.. tensors.Values.Select(t => t with { Name = five.Aggregate(t.Name, (n, p) => n.Replace(p.Item1, p.Item2, StringComparison.Ordinal)) })];
            Assert.Contains(renamed, t => t.Name == $"{model}.layers.1.attention.o_proj.weight");
            AssertSame(tensors, Read(renamed).Tensors);
        }

        Dictionary<string, FloatTensor> timm = Tensors(ViTNames.Timm);
        (string, string)[] torchvision =
        [
            ("cls_token", "class_token"), ("pos_embed", "encoder.pos_embedding"), ("patch_embed.proj", "conv_proj"), ("blocks.", "encoder.layers.encoder_layer_"), ("norm1", "ln_1"), ("norm2", "ln_2"),
            ("attn.qkv.", "self_attention.in_proj_"), ("attn.proj", "self_attention.out_proj"), ("mlp.fc1", "mlp.0"), ("mlp.fc2", "mlp.3"), ("head.", "heads.head."),
        ];
        FloatTensor[] theirs = [.. timm.Values.Select(t => t with { Name = torchvision.Aggregate(t.Name.StartsWith("norm.", StringComparison.Ordinal) ? $"encoder.ln.{t.Name[5..]}" : t.Name, (n, p) => n.Replace(p.Item1, p.Item2, StringComparison.Ordinal)) })];
        Assert.Contains(theirs, t => t.Name == "encoder.layers.encoder_layer_0.self_attention.in_proj_weight");
        AssertSame(timm, Read(theirs).Tensors);
    }

    [Fact]
    public void BlocksOfStagesAreNoPlainTransformer()
    {
        Checkpoint swin = Read([One("layers.0.blocks.0.attn.qkv.weight", 48, 16), One("layers.0.blocks.0.attn.relative_position_bias_table", 9, 1), One("patch_embed.proj.weight", 16, 3, 4, 4)]);
        Assert.Equal("", swin.Prefix);
        Assert.Contains("Swin", Assert.Throws<CheckpointException>(() => NetworkRecogniser.Recognise(swin.Tensors)).Message, StringComparison.Ordinal);
    }

    internal static Dictionary<string, FloatTensor> Tensors(ViTNames names, int seed = 3) => FloatViTTests.Tensors(s_config, names, seed);

    internal static FloatTensor One(string name, params int[] shape) => new(name, shape, new float[FloatTensor.Count(shape)]);

    private static IEnumerable<FloatTensor> Prefixed(Dictionary<string, FloatTensor> tensors, string prefix) => tensors.Select(t => t.Value with { Name = prefix + t.Key });

    private static void AssertSame(Dictionary<string, FloatTensor> expected, IReadOnlyDictionary<string, FloatTensor> found)
    {
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        Assert.All(expected, t => Assert.Equal(t.Value.Data, found[t.Key].Data));
    }

    /// <summary>As safetensors and as PyTorch, which are the same.</summary>
    private static Checkpoint Read(IEnumerable<FloatTensor> tensors, string? prefix = null)
    {
        FloatTensor[] all = [.. tensors];
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(all, wrapper: null);
        using var torch = new TempFile(TorchWriter.Zip(pickle, storages));
        Checkpoint found = CheckpointReader.Open(torch.Path, prefix: prefix);
        using var other = new TempFile([]);
        SafetensorsWriter.Write(other.Path, all);
        Checkpoint same = CheckpointReader.Open(other.Path, prefix: prefix);
        Assert.Equal(found.Prefix, same.Prefix);
        Assert.Equal(found.Notes, same.Notes);
        AssertSame(found.Tensors.ToDictionary(), same.Tensors);
        Assert.All(found.Tensors, t => Assert.Equal(t.Key, t.Value.Name));
        return found;
    }
}
