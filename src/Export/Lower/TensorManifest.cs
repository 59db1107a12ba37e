namespace EdgeVit.Export;

/// <summary>Which tensors a BinaryViT has and of what shape (binary network of the paper, state_dict names), and the check that a set of
/// trained tensors is exactly that.</summary>
internal sealed class TensorManifest
{
    /// <summary>Ending of an optional tensor <c>{linear}.row_mean [rows]</c> beside <c>{linear}.weight</c> of a binary linear: the row means
    /// that the simulator subtracts before it takes signs, see <see cref="Lowering"/>.</summary>
    public const string RowMean = ".row_mean";

    /// <summary>Tensor <c>[heads]</c> of an attention with locality: see <see cref="AttentionTemperature"/>.</summary>
    public const string TemperatureLogit = "att_temperature_logit";

    /// <summary>Tensor <c>[heads, numbers]</c> of an attention with a bias, in logits: see <see cref="BiasTable"/>.</summary>
    public const string Bias = "att_bias";

    /// <summary>Tensor <c>[heads]</c> of an attention with a zero point, in levels.</summary>
    public const string ZeroPoint = "att_zero_point";

    private readonly TensorChecklist _list = new();
    private readonly bool _layerNorm;
    private readonly bool _layerScale;
    private readonly bool _locality;
    private readonly bool _zeroPoint;

    public TensorManifest(BinaryViTConfig config)
    {
        (_layerNorm, _layerScale, _locality, _zeroPoint) = (config.LayerNorm, config.LayerScale, config.Locality, config.ZeroPoint);
        _list.Ignore(".num_batches_tracked");
        int first = config.Stages[0].Width;
        if (config.ClassToken)
        {
            _list.RequireLoose("vit.embeddings.cls_token", 1, 1, first);
        }

        _list.RequireLoose("vit.embeddings.position_embeddings", 1, config.Tokens(0) + (config.ClassToken ? 1 : 0), first);
        AddStem(config);
        Add("vit.embeddings.patch_embeddings.projection.weight", first, config.PatchChannels, config.PatchKernel, config.PatchKernel);
        Add("vit.embeddings.patch_embeddings.projection.bias", first);
        if (config.EmbeddingNorm)
        {
            AddNorm("vit.embeddings.norm", first);
        }

        for (int s = 0, layer = 0; s < config.Stages.Count; s++)
        {
            for (int end = layer + config.Stages[s].Depth; layer < end; layer++)
            {
                AddBlock($"vit.encoder.layer.{layer}", config.Stages[s], config.Branches, config.MixerAt(layer));
                AddBias($"vit.encoder.layer.{layer}", config.Stages[s], config.BiasAt(layer));
            }

            if (s + 1 < config.Stages.Count)
            {
                AddDownsampling(config, s);
            }
        }
        int last = config.Stages[^1].Width;
        if (config.ClassAttention > 0)
        {
            _list.RequireLoose("vit.cls_token", 1, 1, last);
        }

        for (int l = 0; l < config.ClassAttention; l++)
        {
            AddBlock($"vit.class_attention.{l}", config.ClassStage(), BranchKind.None, MixerKind.Attention);
        }

        AddNorm("vit.layernorm", last);
        Add("classifier.weight", config.Classes, last);
        Add("classifier.bias", config.Classes);
    }

    /// <summary>Names and shapes of the tensors that must be there. The attention clips are scalars (<c>[]</c>); <c>[1]</c> and, for a clip
    /// for each head, <c>[heads]</c> are accepted too. Position embeddings and the class token may lack their leading ones.</summary>
    public IReadOnlyList<(string Name, int[] Shape)> Required => _list.Required;

    /// <summary>Checks names, shapes and values.</summary>
    /// <exception cref="ModelFormatException">Something is missing, superfluous, of another shape, not finite, a negative variance, or a
    /// clip that is not positive; the message lists everything.</exception>
    public void Check(IReadOnlyDictionary<string, FloatTensor> tensors, string network) => _list.Check(tensors, network);

    private void Add(string name, params int[] shape) => _list.Require(name, shape);

    private void AddNorm(string name, int channels)
    {
        foreach (string part in (string[])(_layerNorm ? ["weight", "bias"] : ["weight", "bias", "running_mean", "running_var"]))
        {
            Add($"{name}.{part}", channels);
        }
    }

    private void AddRPReLU(string name, int channels)
    {
        foreach (string part in (ReadOnlySpan<string>)["move1", "prelu.weight", "move2"])
        {
            Add($"{name}.{part}", channels);
        }
    }

    private void AddLayerScale(string name, int channels)
    {
        Add($"{name}.alpha", channels);
        Add($"{name}.move", channels);
    }

    private void AddBinaryLinear(string name, int outputs, int inputs)
    {
        Add($"{name}.weight", outputs, inputs);
        _list.Allow(name + RowMean, outputs);
    }

    private void AddBlock(string block, StageConfig stage, BranchKind branches, MixerKind mixer)
    {
        AddNorm($"{block}.layernorm_before", stage.Width);
        AddMixer(block, stage, mixer);
        AddNorm($"{block}.layernorm_after", stage.Width);
        AddDense($"{block}.intermediate", stage.FfnWidth, stage.Width);
        if (stage.Ffn == FfnKind.Local)
        {
            AddLocal($"{block}.local", stage.FfnWidth, StageConfig.UsualKernel);
            AddRPReLU($"{block}.local.rprelu", stage.FfnWidth);
        }

        AddDense($"{block}.output", stage.Width, stage.FfnWidth);
        AddLayerScaleOfOutput($"{block}.output", stage.Width);
        foreach (BlockBranch branch in BlockBranch.Of(branches))
        {
            AddLayerScale($"{block}.layerscale_{branch.Name}", stage.Width);
        }
    }

    private void AddMixer(string block, StageConfig stage, MixerKind mixer)
    {
        if (stage.Gate == GateKind.Channel && mixer is MixerKind.Conv3 or MixerKind.Depthwise)
        {
            Add($"{block}.gate.squeeze.weight", stage.GateWidth, stage.Width);
            AddRPReLU($"{block}.gate.rprelu", stage.GateWidth);
            Add($"{block}.gate.excite.weight", stage.Width, stage.GateWidth);
            Add($"{block}.gate.excite.bias", stage.Width);
        }

        switch (mixer)
        {
            case MixerKind.Conv3:
                AddDense($"{block}.conv", stage.Width, stage.Width, stage.Window.Taps);
                AddLayerScaleOfOutput($"{block}.conv", stage.Width);
                break;
            case MixerKind.Depthwise:
                AddLocal($"{block}.depthwise.conv", stage.Width, stage.DepthwiseKernel);
                AddLayerScaleOfOutput($"{block}.depthwise", stage.Width);
                break;
            case MixerKind.Pool:
                AddLayerScaleOfOutput($"{block}.pooling", stage.Width);
                break;
            default:
                AddAttention(block, stage, stage.Width);
                break;
        }
    }

    /// <summary>A float convolution of each channel by itself with its norm.</summary>
    private void AddLocal(string module, int channels, int kernel)
    {
        Add($"{module}.weight", channels, 1, kernel, kernel);
        AddNorm($"{module}.norm", channels);
    }

    private void AddAttention(string block, StageConfig stage, int inputs)
    {
        string attention = $"{block}.attention.attention";
        foreach ((string linear, string letter) in (ReadOnlySpan<(string, string)>)[("query", "q"), ("key", "k"), ("value", "v")])
        {
            Add($"{attention}.move{letter}", inputs);
            Add($"{attention}.move{letter}2", stage.Width);
            AddBinaryLinear($"{attention}.{linear}", stage.Width, inputs);
            AddNorm($"{attention}.norm{letter}", stage.Width);
            AddRPReLU($"{attention}.rprelu{letter}", stage.Width);
            if (stage.Projection == ProjectionKind.Depthwise)
            {
                AddLocal($"{attention}.conv{letter}", stage.Width, StageConfig.UsualKernel);
            }
        }

        if (stage.HasReductionLayer)
        {
            Add($"{attention}.mover", stage.Width);
            AddBinaryLinear($"{attention}.reduction", stage.Width, stage.Width);
            AddNorm($"{attention}.norm_r", stage.Width);
            AddRPReLU($"{attention}.rprelur", stage.Width);
        }
        _list.RequireClip($"{attention}.att_prob_clip", stage.Heads);
        if (_locality)
        {
            Add($"{attention}.{TemperatureLogit}", stage.Heads);
        }

        if (_zeroPoint)
        {
            Add($"{attention}.{ZeroPoint}", stage.Heads);
        }

        AddNorm($"{attention}.norm_context", stage.Width);
        AddRPReLU($"{attention}.rprelu_context", stage.Width);
        AddDense($"{block}.attention.output", stage.Width, stage.Width);
        AddLayerScaleOfOutput($"{block}.attention.output", stage.Width);
    }

    private void AddStem(BinaryViTConfig config)
    {
        int channels = config.Channels;
        foreach ((int i, StemLayer layer) in config.StemLayers().Index())
        {
            (string name, int outputs) = (StemLayer.Name(i), layer.Outputs(channels));
            Add($"{name}.weight", outputs, layer.Depthwise ? 1 : channels, layer.Kernel, layer.Kernel);
            AddNorm($"{name}.norm", outputs);
            AddRPReLU($"{name}.rprelu", outputs);
            channels = outputs;
        }
    }

    private void AddBias(string block, StageConfig stage, BiasTable? bias)
    {
        if (bias is not null)
        {
            Add($"{block}.attention.attention.{Bias}", stage.Heads, bias.Length);
        }
    }

    private void AddLayerScaleOfOutput(string module, int channels)
    {
        if (_layerScale)
        {
            AddLayerScale($"{module}.layerscale", channels);
        }
    }

    /// <summary>A binary layer; the rows of one of windows are ordered kernel row, kernel column, channel.</summary>
    private void AddDense(string module, int outputs, int inputs, int taps = 1)
    {
        Add($"{module}.move", inputs);
        AddBinaryLinear($"{module}.dense", outputs, taps * inputs);
        AddNorm($"{module}.norm", outputs);
        AddRPReLU($"{module}.rprelu", outputs);
    }

    private void AddDownsampling(BinaryViTConfig config, int stage)
    {
        string name = $"vit.encoder.patch_embed{stage + 1}";
        int inputs = config.Stages[stage].Width;
        int outputs = config.Stages[stage + 1].Width;
        AddNorm($"{name}.norm0", inputs);
        _list.RequireLoose($"{name}.position_embeddings", 1, config.Tokens(stage + 1), outputs);
        if (config.Down == DownKind.Attention)
        {
            AddAttention(name, config.StageAt(BinaryViTConfig.DownTo(stage + 1)), inputs);
            return;
        }

        if (config.Down == DownKind.Depthwise)
        {
            Add($"{name}.depthwise.weight", inputs, 1, 3, 3);
        }

        int kernel = config.Down switch { DownKind.Conv3 => 3, DownKind.Depthwise => 1, _ => 2 };
        Add($"{name}.proj.weight", outputs, inputs, kernel, kernel);
        AddNorm($"{name}.norm", outputs);
        if (config.Down is DownKind.Binary or DownKind.Conv3)
        {
            Add($"{name}.move", 1, inputs, 1, 1);
            AddRPReLU($"{name}.rprelu", outputs);
        }
    }
}
