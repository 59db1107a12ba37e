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

    private readonly TensorChecklist _list = new();
    private readonly bool _layerNorm;
    private readonly bool _layerScale;
    private readonly bool _locality;

    public TensorManifest(BinaryViTConfig config)
    {
        (_layerNorm, _layerScale, _locality) = (config.LayerNorm, config.LayerScale, config.Locality);
        _list.Ignore(".num_batches_tracked");
        int first = config.Stages[0].Width;
        if (config.ClassToken)
        {
            _list.RequireLoose("vit.embeddings.cls_token", 1, 1, first);
        }

        _list.RequireLoose("vit.embeddings.position_embeddings", 1, config.Tokens(0) + (config.ClassToken ? 1 : 0), first);
        if (config.StemWidth > 0)
        {
            Add("vit.embeddings.stem.weight", config.StemWidth, config.Channels, 3, 3);
            AddNorm("vit.embeddings.stem.norm", config.StemWidth);
            AddRPReLU("vit.embeddings.stem.rprelu", config.StemWidth);
        }
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
                AddBlock($"vit.encoder.layer.{layer}", config.Stages[s], config.Branches);
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
            AddBlock($"vit.class_attention.{l}", config.ClassStage(), BranchKind.None);
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

    private void AddBlock(string block, StageConfig stage, BranchKind branches)
    {
        string attention = $"{block}.attention.attention";
        AddNorm($"{block}.layernorm_before", stage.Width);
        foreach ((string linear, string letter) in (ReadOnlySpan<(string, string)>)[("query", "q"), ("key", "k"), ("value", "v")])
        {
            Add($"{attention}.move{letter}", stage.Width);
            Add($"{attention}.move{letter}2", stage.Width);
            AddBinaryLinear($"{attention}.{linear}", stage.Width, stage.Width);
            AddNorm($"{attention}.norm{letter}", stage.Width);
            AddRPReLU($"{attention}.rprelu{letter}", stage.Width);
        }
        if (stage.Reduction > 1)
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

        AddNorm($"{attention}.norm_context", stage.Width);
        AddRPReLU($"{attention}.rprelu_context", stage.Width);
        AddDense($"{block}.attention.output", stage.Width, stage.Width);
        if (_layerScale)
        {
            AddLayerScale($"{block}.attention.output.layerscale", stage.Width);
        }

        AddNorm($"{block}.layernorm_after", stage.Width);
        AddDense($"{block}.intermediate", stage.FfnWidth, stage.Width);
        AddDense($"{block}.output", stage.Width, stage.FfnWidth);
        if (_layerScale)
        {
            AddLayerScale($"{block}.output.layerscale", stage.Width);
        }

        foreach (BlockBranch branch in BlockBranch.Of(branches))
        {
            AddLayerScale($"{block}.layerscale_{branch.Name}", stage.Width);
        }
    }

    private void AddDense(string module, int outputs, int inputs)
    {
        Add($"{module}.move", inputs);
        AddBinaryLinear($"{module}.dense", outputs, inputs);
        AddNorm($"{module}.norm", outputs);
        AddRPReLU($"{module}.rprelu", outputs);
    }

    private void AddDownsampling(BinaryViTConfig config, int stage)
    {
        string name = $"vit.encoder.patch_embed{stage + 1}";
        int inputs = config.Stages[stage].Width;
        int outputs = config.Stages[stage + 1].Width;
        AddNorm($"{name}.norm0", inputs);
        Add($"{name}.proj.weight", outputs, inputs, 2, 2);
        AddNorm($"{name}.norm", outputs);
        if (config.BinaryDownsampling)
        {
            Add($"{name}.move", 1, inputs, 1, 1);
            AddRPReLU($"{name}.rprelu", outputs);
        }
        _list.RequireLoose($"{name}.position_embeddings", 1, config.Tokens(stage + 1), outputs);
    }
}
