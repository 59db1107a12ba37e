namespace EdgeVit.Export.Tests.Checkpoints;

public class NetworkRecogniserTests
{
    [Fact]
    public void EveryPresetByItsShapes()
    {
        foreach (BinaryViTConfig preset in BinaryViTPresets.All.Where(p => p.Name.StartsWith("binaryvit", StringComparison.Ordinal)))
        {
            RecognisedNetwork network = NetworkRecogniser.Recognise(Shapes(preset));
            Assert.Equal(preset, network.Config);
            Assert.Equal(
                preset.Down switch
                {
                    DownKind.Binary => "BinaryViT",
                    DownKind.Float => "BinaryViT* (float down-sampling)",
                    _ => "BinaryViT* (depthwise down-sampling) with spatial shifts with a stem with 3x3 convolutions",
                },
                network.Variant);
            Assert.Contains(network.Assumed, a => a.Contains("--head-size", StringComparison.Ordinal));
            BinaryViTConfig hundred = preset.With(classes: 100);
            Assert.Equal(hundred, NetworkRecogniser.Recognise(Shapes(hundred)).Config);
        }
    }

    [Theory]
    [InlineData("binary-deit", "BinaryViT")]
    [InlineData("binary-cait", "BinaryViT with class attention")]
    [InlineData("binary-levit", "BinaryViT with a bias in the scores with attention from stage to stage")]
    public void OtherPapersPresetsByTheirShapes(string preset, string variant)
    {
        BinaryViTConfig config = BinaryViTPresets.Get(preset);
        RecognisedNetwork network = NetworkRecogniser.Recognise(Shapes(config));
        Assert.Equal((config, variant), (network.Config, network.Variant));
    }

    [Fact]
    public void WhatIsNotVisibleCanBeSaid()
    {
        var odd = new BinaryViTConfig("odd", 32, 2,
            [new StageConfig(1, 48, 96, 2, 2), new StageConfig(2, 96, 192, 4, 2), new StageConfig(1, 192, 384, 8, 1)], Classes: 7, Branches: BranchKind.None, Channels: 1);
        Dictionary<string, FloatTensor> tensors = Shapes(odd);
        Assert.NotEqual(odd, NetworkRecogniser.Recognise(tensors, new RecogniserOptions("odd")).Config);
        RecognisedNetwork said = NetworkRecogniser.Recognise(tensors, new RecogniserOptions("odd", HeadSize: 24, Reductions: [2, 2, 1]));
        Assert.Equal(odd, said.Config);
        Assert.Empty(said.Assumed);
        Assert.Contains("--reductions", Message(tensors, new RecogniserOptions(Reductions: [1, 2, 1])), StringComparison.Ordinal);
        Assert.Contains("3 stages", Message(tensors, new RecogniserOptions(Reductions: [1])), StringComparison.Ordinal);
        Assert.Contains("--head-size", Message(Shapes(odd with { Stages = [new StageConfig(1, 96, 96, 1, 1)] }), null), StringComparison.Ordinal);

        // A clip for each head shows the heads.
        foreach (int layer in (int[])[0, 1, 2, 3])
        {
            string name = $"vit.encoder.layer.{layer}.attention.attention.att_prob_clip";
            tensors[name] = new FloatTensor(name, [odd.Stages[odd.StageOf(layer)].Heads], []);
        }
        Assert.Equal(odd, NetworkRecogniser.Recognise(tensors, new RecogniserOptions("odd", Reductions: [2, 2, 1])).Config);
    }

    [Fact]
    public void BadTensorsAreListedAllAtOnce()
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano");
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(nano, seed: 3);
        tensors.Remove("vit.encoder.layer.1.layernorm_before.weight");
        tensors.Remove("vit.encoder.layer.2.attention.attention.moveq");
        tensors.Add("extra", new FloatTensor("extra", [1], [0]));
        Reshape("vit.encoder.layer.0.layernorm_before.weight", [63]);
        Reshape("vit.encoder.patch_embed1.position_embeddings", [1, 15, 128]);
        RecognisedNetwork network = NetworkRecogniser.Recognise(tensors);
        Assert.Equal(nano, network.Config);
        string message = Assert.Throws<ModelFormatException>(() => Lowering.Lower(network, tensors)).Message;
        foreach (string part in (string[])["layer.1.layernorm_before.weight", "layer.2.attention.attention.moveq", "extra", "layer.0.layernorm_before.weight", "patch_embed1.position"])
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }

        void Reshape(string name, int[] shape) => tensors[name] = new FloatTensor(name, shape, new float[shape.Aggregate(1, (a, b) => a * b)]);
    }

    [Theory]
    [InlineData("manifest_binaryvit-s.tsv", "BinaryViT", "binaryvit-small")]
    [InlineData("manifest_binaryvit-s-somefp.tsv", "BinaryViT* (float down-sampling)", "binaryvit-small-fp")]
    [InlineData("manifest_deit-s-fp-teacher.tsv", "float DeiT/ViT (Hugging Face names)", "vit")]
    [InlineData("manifest_reactnet-deit-s.tsv", "ReActNet-DeiT (baseline, with a class token)", "reactnet-deit")]
    [InlineData("manifest_reactnet-deit-s_avgpool.tsv", "ReActNet-DeiT (with average pooling)", "reactnet-deit")]
    [InlineData("manifest_reactnet-deit-s_avgpool_multibranch.tsv", "ReActNet-DeiT (with average pooling and branches)", "reactnet-deit")]
    [InlineData("manifest_reactnet-deit-s_avgpool_multibranch_ls.tsv", "ReActNet-DeiT (with average pooling, branches and layer scale)", "reactnet-deit")]
    public void ThePapersSevenNetworks(string manifest, string variant, string name)
    {
        string folder = SharedFolder.RequiredReference("tiny64");
        var tensors = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(Path.Combine(folder, "..", manifest)))
        {
            string[] parts = line.Split('\t');
            if (parts.Length < 2 || !parts[0].Contains('.', StringComparison.Ordinal))
            {
                continue;
            }

            int[] shape = [.. parts[1].Split(['x', ',', '[', ']', '(', ')', ' '], StringSplitOptions.RemoveEmptyEntries).Where(s => int.TryParse(s, out _)).Select(int.Parse)];
            tensors[parts[0]] = new FloatTensor(parts[0], shape, []);
        }
        RecognisedNetwork network = NetworkRecogniser.Recognise(tensors);
        Assert.Equal(variant, network.Variant);
        Assert.Equal(name, network.Config.Name);
        Assert.Equal((224, 3, 1000), (network.Config.ImageSize, network.Config.Channels, network.Config.Classes));
        if (BinaryViTPresets.Names.Contains(name))
        {
            Assert.Equal(BinaryViTPresets.Get(name), network.Config);
        }
        else if (network.Config is BinaryViTConfig deit)
        {
            Assert.Equal([new StageConfig(12, 384, 1536, 6, 1)], deit.Stages);
        }
        else
        {
            Assert.Equal(new FloatViTConfig("vit", 224, 16, 384, 1536, 12, 6, 1000, NormEps: 1e-5), network.Config);
        }

        IEnumerable<(string Name, int[] Shape)> required = network.Config is BinaryViTConfig binary
            ? new TensorManifest(binary).Required
            : FloatViTLowering.Checklist((FloatViTConfig)network.Config, ViTNames.HuggingFace).Required;
        Assert.Equal(
            tensors.Values.Where(t => !t.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal) && !Optional(t.Name)).Select(t => $"{t.Name} {t.ShapeText}").Order(StringComparer.Ordinal),
            required.Select(r => $"{r.Name} {FloatTensor.Text(r.Shape)}").Order(StringComparer.Ordinal));

        // Some float transformers have no bias there.
        bool Optional(string tensor) => network.Config is FloatViTConfig
            && (tensor.EndsWith("projection.bias", StringComparison.Ordinal) || (tensor.Contains(".attention.attention.", StringComparison.Ordinal) && tensor.EndsWith("bias", StringComparison.Ordinal)));
    }

    [Fact]
    public void TheFormsOfAPyramid()
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano");
        RecognisedNetwork layerNorm = NetworkRecogniser.Recognise(Without("running"));
        Assert.Equal("BinaryViT with LayerNorm in place of batch norm", layerNorm.Variant);
        Assert.Equal(nano with { Name = "binaryvit", LayerNorm = true }, layerNorm.Config);
        RecognisedNetwork unscaled = NetworkRecogniser.Recognise(Without("layerscale."));
        Assert.Equal("BinaryViT without layer scale", unscaled.Variant);
        Assert.Equal(nano with { Name = "binaryvit", LayerScale = false }, unscaled.Config);
        RecognisedNetwork half = NetworkRecogniser.Recognise(Without("layerscale_w5", "layerscale_h5"));
        Assert.Equal("BinaryViT with 3-wide branches only", half.Variant);
        Assert.Equal(nano, half.Config);

        Dictionary<string, FloatTensor> Without(params string[] parts) =>
            Shapes(nano).Where(t => !parts.Any(p => t.Key.Contains(p, StringComparison.Ordinal))).ToDictionary();
    }

    /// <summary>Students of our own trainer: what tensors show, what the image size settles, what the checkpoint says itself.</summary>
    [Fact]
    public void TheFormsOfAStudent()
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano") with { Name = "binaryvit" };
        RecognisedNetwork shifts = NetworkRecogniser.Recognise(Shapes(nano with { Branches = BranchKind.Shift }));
        Assert.Equal(nano with { Branches = BranchKind.Shift }, shifts.Config);
        Assert.Equal("BinaryViT with spatial shifts", shifts.Variant);
        RecognisedNetwork stem = NetworkRecogniser.Recognise(Shapes(nano with { StemWidth = 6 }));
        Assert.Equal(nano with { StemWidth = 6 }, stem.Config);
        Assert.Equal("BinaryViT with a stem", stem.Variant);
        Assert.Contains(stem.Assumed, a => a.Contains("shifted patches of 2 look the same, and are meant with --image-size 16", StringComparison.Ordinal));

        RecognisedNetwork head = NetworkRecogniser.Recognise(Shapes(nano with { ClassAttention = 2 }));
        Assert.Equal(nano with { ClassAttention = 2 }, head.Config);
        Assert.Equal("BinaryViT with class attention", head.Variant);

        RecognisedNetwork local = NetworkRecogniser.Recognise(Shapes(nano with { Locality = true }));
        Assert.Equal(nano with { Locality = true }, local.Config);
        Assert.Contains(local.Assumed, a => a.Contains("three look the same", StringComparison.Ordinal));

        StageConfig Convolving(StageConfig stage) => stage with { Mixer = MixerKind.Conv3, Heads = 1 };
        BinaryViTConfig early = nano with { Stages = [Convolving(nano.Stages[0]), .. nano.Stages.Skip(1)] }, everywhere = nano with { Stages = [.. nano.Stages.Select(Convolving)] };
        RecognisedNetwork convolving = NetworkRecogniser.Recognise(Shapes(early));
        Assert.Equal(early, convolving.Config);
        Assert.Equal("BinaryViT with 3x3 convolutions", convolving.Variant);
        Assert.Contains(convolving.Assumed, a => a.Contains("dilation 1", StringComparison.Ordinal));
        Assert.Contains(convolving.Assumed, a => a.Contains("heads of 64 channels (2, 4 in", StringComparison.Ordinal));
        Assert.Equal(everywhere, NetworkRecogniser.Recognise(Shapes(everywhere)).Config);
        BinaryViTConfig gated = nano with { Stages = [early.Stages[0] with { Gate = GateKind.Channel }, .. early.Stages.Skip(1)] };
        RecognisedNetwork gates = NetworkRecogniser.Recognise(Shapes(gated));
        Assert.Equal(gated, gates.Config);
        Assert.Equal("BinaryViT with 3x3 convolutions with gates of channels", gates.Variant);

        StageConfig Turns(StageConfig stage, string mixers) => stage with { Depth = 4, Mixer = MixerCycle.Parse(mixers)!.Value, Heads = mixers.Contains("attention", StringComparison.Ordinal) ? stage.Heads : 1 };
        BinaryViTConfig turns = nano with
        {
            Stages = [Turns(nano.Stages[0], "depthwise") with { Kernel = 5 }, Turns(nano.Stages[1], "pool+attention") with { Projection = ProjectionKind.Depthwise, Reduction = 2 }, Turns(nano.Stages[2], "conv3+attention+attention+conv3") with { Ffn = FfnKind.Local }],
        };
        RecognisedNetwork mixed = NetworkRecogniser.Recognise(Shapes(turns), new RecogniserOptions(Reductions: [1, 2, 1]));
        Assert.Equal(turns, mixed.Config);
        Assert.Equal("BinaryViT with 3x3 convolutions with depthwise convolutions as mixers with pools as mixers with convolutions before queries, keys and values with convolutions in the feed-forward networks", mixed.Variant);
        Assert.Contains(NetworkRecogniser.Recognise(Shapes(turns)).Assumed, a => a.Contains("keys and values of stage 2 on the grid of the queries", StringComparison.Ordinal));
        Assert.Equal(turns, NetworkRecogniser.Recognise(Shapes(turns), stated: turns).Config);

        foreach (DownKind down in (DownKind[])[DownKind.Conv3, DownKind.Depthwise, DownKind.Attention])
        {
            RecognisedNetwork other = NetworkRecogniser.Recognise(Shapes(nano with { Down = down }));
            Assert.Equal(nano with { Down = down }, other.Config);
            Assert.Equal(down switch { DownKind.Conv3 => "BinaryViT with 3x3 down-sampling", DownKind.Attention => "BinaryViT with attention from stage to stage", _ => "BinaryViT* (depthwise down-sampling)" }, other.Variant);
        }

        BinaryViTConfig layered = nano with { PatchSize = 1, Stem = [new StemLayer(3, 2, 6), new StemLayer(3, 2, Depthwise: true)] };
        RecognisedNetwork stems = NetworkRecogniser.Recognise(Shapes(layered));
        Assert.Equal(layered, stems.Config);
        Assert.Contains(stems.Assumed, a => a.Contains("strides 2, 2 of the stem's 2 layers", StringComparison.Ordinal));

        BinaryViTConfig shifted = nano with { ShiftedPatches = true, StemWidth = 6 };
        RecognisedNetwork sized = NetworkRecogniser.Recognise(Shapes(shifted), new RecogniserOptions(ImageSize: 32));
        Assert.Equal(shifted, sized.Config);
        Assert.Equal("BinaryViT with a stem and shifted patches", sized.Variant);
        Assert.Contains("64x64 pixels, not 48x48", Message(Shapes(shifted), new RecogniserOptions(ImageSize: 48)), StringComparison.Ordinal);

        BinaryViTConfig said = shifted with { Name = "own", Stages = [.. nano.Stages.Select(s => s with { Heads = s.Heads * 2 })] };
        RecognisedNetwork own = NetworkRecogniser.Recognise(Shapes(said), null, said);
        Assert.Equal(said, own.Config);
        Assert.Empty(own.Assumed);
        Assert.Equal(shifted, NetworkRecogniser.Recognise(Shapes(said), new RecogniserOptions(ImageSize: 32), said).Config);
    }

    [Fact]
    public void WhatIsNoNetwork()
    {
        Assert.Contains("conv1.weight", Message(One("conv1.weight"), null), StringComparison.Ordinal);
        Assert.Contains("without gaps", Message(One("vit.encoder.layer.999999999.attention.attention.moveq", "vit.embeddings.norm.weight", "vit.encoder.layer.0.output.layerscale.alpha", "vit.encoder.layer.0.layernorm_before.running_mean"), null), StringComparison.Ordinal);
        Assert.Contains("blocks.0.norm1.weight", Message(One("blocks.0.attn.qkv.weight", "blocks.1.attn.qkv.weight"), null), StringComparison.Ordinal);
        Assert.Contains("without gaps", Message(One("blocks.0.attn.qkv.weight", "blocks.77.attn.qkv.weight"), null), StringComparison.Ordinal);
        Assert.Contains("224x224 pixels, not 256x256", Message(Shapes(BinaryViTPresets.Get("binaryvit-small")), new RecogniserOptions(ImageSize: 256)), StringComparison.Ordinal);
    }

    /// <summary>A file of torch.save, read, recognised and lowered gives the logits of the same tensors in memory.</summary>
    [Fact]
    public void FromCheckpointToLogits()
    {
        BinaryViTConfig nano = BinaryViTPresets.Get("binaryvit-nano");
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(nano, seed: 11);
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors.Values, prefix: "module.", device: "cuda:0");
        float[] images = RandomNetwork.Images(nano, 1, seed: 12);
        Assert.Equal(Logits(Lowering.Lower(nano, tensors), images), Import(TorchWriter.Legacy(pickle, storages.Select(s => (s.Key, s.Bytes, 4))), images));
        Assert.Equal(Logits(Lowering.Lower(nano, tensors), images), Import(TorchWriter.Zip(pickle, storages), images));
    }

    [Fact]
    public void FromThePapersCheckpointToItsLogits()
    {
        string folder = SharedFolder.RequiredReference("tiny64");
        Checkpoint checkpoint = CheckpointReader.Open(Path.Combine(folder, "checkpoint.pth"));
        RecognisedNetwork tiny = NetworkRecogniser.Recognise(checkpoint.Tensors, new RecogniserOptions("tiny64"));
        Assert.Equal(ReferenceNetworkTests.Tiny64, tiny.Config);
        IReadOnlyDictionary<string, FloatTensor> acts = CheckpointReader.Read(Path.Combine(folder, "acts.safetensors"));
        float[] input = acts["input"].Data;
        float[] logits = Logits(Lowering.Lower(tiny, checkpoint.Tensors), input[..(input.Length / 4)]);
        Assert.True(logits.Zip(acts["logits"].Data, (a, b) => Math.Abs(a - b)).Max() <= 1e-5f);
    }

    private static float[] Import(byte[] file, float[] image)
    {
        Checkpoint checkpoint = TempFile.Open(file);
        return Logits(Lowering.Lower(NetworkRecogniser.Recognise(checkpoint.Tensors), checkpoint.Tensors), image);
    }

    private static float[] Logits(LoweredModel model, float[] image) =>
        new GraphInterpreter(model.Graph, model.Tensors).Run(image)[Lowering.OutputName].Floats.ToArray();

    private static Dictionary<string, FloatTensor> Shapes(BinaryViTConfig config) =>
        new TensorManifest(config).Required.ToDictionary(t => t.Name, t => new FloatTensor(t.Name, t.Shape, []));

    private static Dictionary<string, FloatTensor> One(params string[] names) => names.ToDictionary(n => n, n => new FloatTensor(n, [1], [0]));

    private static string Message(Dictionary<string, FloatTensor> tensors, RecogniserOptions? options) =>
        Assert.Throws<CheckpointException>(() => NetworkRecogniser.Recognise(tensors, options)).Message;
}
