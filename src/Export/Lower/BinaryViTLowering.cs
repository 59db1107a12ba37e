namespace EdgeVit.Export;

/// <summary>One lowering of one network: walks it in execution order. <c>N</c> tokens, <c>C</c> channels, <c>e</c> the FFN expansion.</summary>
internal sealed partial class BinaryViTLowering(BinaryViTConfig config, IReadOnlyDictionary<string, FloatTensor> tensors)
{
    private readonly GraphBuilder _graph = new();

    public LoweredModel Run()
    {
        string x = Embedding();
        for (int s = 0, layer = 0; s < config.Stages.Count; s++)
        {
            for (int end = layer + config.Stages[s].Depth; layer < end; layer++)
            {
                x = Block($"vit.encoder.layer.{layer}", s, layer, x);
            }

            if (s + 1 < config.Stages.Count)
            {
                x = Downsampling($"vit.encoder.patch_embed{s + 1}", s + 1, x);
            }
        }
        Head(x);
        return _graph.Build(config.Name, Lowering.InputName, [config.Channels, config.ImageSize, config.ImageSize], Lowering.OutputName);
    }

    /// <summary>Patches to tokens [N, C], normed, the class token before them, plus positions.</summary>
    private string Embedding()
    {
        const string Projection = "vit.embeddings.patch_embeddings.projection";
        FloatTensor weight = tensors[$"{Projection}.weight"];
        int width = weight.Shape[0];
        string input = Stem();
        string x = config.EmbeddingNorm
            ? NormedConv("vit.embeddings.norm", "vit.embeddings.norm", input, weight, Data($"{Projection}.bias"), config.PatchSize, config.PatchPadding)
            : _graph.Conv2d("vit.embeddings.patch_embeddings", input, weight.Data, weight.Shape, Data($"{Projection}.bias"), config.PatchSize, config.PatchPadding);
        if (config.ClassToken)
        {
            x = _graph.PrependTokens("vit.embeddings.tokens", x, Data("vit.embeddings.cls_token"), width);
        }

        return _graph.Position("vit.embeddings", x, Data("vit.embeddings.position_embeddings"), width);
    }

    private string Block(string block, int stageIndex, int layer, string x)
    {
        StageConfig stage = config.Stages[stageIndex];
        string attended = Mixed(block, stageIndex, layer, x);
        string b = Normed($"{block}.layernorm_after", attended, $"{block}.layernorm_after");
        string narrow = FeedForward(block, stage, b);
        return _graph.Add(block, [attended, narrow, .. Branches(block, b)]);
    }

    /// <summary>Binary attention with its output projection: X [N, C] to what is added to X.</summary>
    private string Attention(string block, int stageIndex, int layer, string x)
    {
        StageConfig stage = config.Stages[stageIndex];
        string att = $"{block}.attention.attention";
        string a = Normed($"{block}.layernorm_before", x, $"{block}.layernorm_before");
        string source = a;
        if (stage.HasReductionLayer)
        {
            string pooled = _graph.AvgPool2d($"{att}.reduction.pool", a, stage.Reduction, stage.Reduction, everyPosition: false);
            source = Projection(att, "reduction", "mover", "norm_r", "rprelur", pooled);
        }

        bool local = stage.Projection == ProjectionKind.Depthwise;
        return Attend(block, stageIndex, layer, Read("q", a, 1), Read("k", source, stage.Reduction), Read("v", source, stage.Reduction), value => stage.Reduction > 1 ? _graph.Upsample($"{value}.up", value, stage.Reduction) : value);

        string Read(string letter, string tokens, int stride) => local ? NormedDepthwise($"{att}.conv{letter}", tokens, stride) : tokens;
    }

    /// <summary>Attention of what becomes queries to what becomes keys and values, with its output projection; <paramref name="shortcut"/> makes
    /// keys or values tokens of the queries, to be added to them.</summary>
    private string Attend(string block, int stageIndex, int layer, string queries, string keys, string values, Func<string, string> shortcut)
    {
        string att = $"{block}.attention.attention";
        string q = Projection(att, "query", "moveq", "normq", "rpreluq", queries);
        string k = Projection(att, "key", "movek", "normk", "rpreluk", keys);
        string v = Projection(att, "value", "movev", "normv", "rpreluv", values);
        string context = Context(
            att, stageIndex, layer,
            _graph.ShiftSign($"{att}.query.bits", q, Data($"{att}.moveq2")),
            _graph.ShiftSign($"{att}.key.bits", k, Data($"{att}.movek2")),
            _graph.ShiftSign($"{att}.value.bits", v, Data($"{att}.movev2")));
        string sum = _graph.Add($"{att}.context.sum", context, q, shortcut(k), shortcut(v));
        string y = RPReLU($"{att}.rprelu_context", sum, $"{att}.rprelu_context");

        string module = $"{block}.attention.output";
        string dense = BinaryLinear($"{module}.dense", $"{module}.norm", _graph.ShiftSign($"{module}.sign", y, Data($"{module}.move")));
        string o = RPReLU($"{module}.rprelu", _graph.Add($"{module}.sum", dense, y), $"{module}.rprelu");
        return OutputScale($"{module}.layerscale", o);
    }

    /// <summary>B [N, C] to the hidden layer [N, e * C] and back, without the residual.</summary>
    private string FeedForward(string block, StageConfig stage, string b)
    {
        string wide = $"{block}.intermediate";
        string dense = BinaryLinear($"{wide}.dense", $"{wide}.norm", _graph.ShiftSign($"{wide}.sign", b, Data($"{wide}.move")));
        string tile = stage.Expansion == 1 ? b : _graph.TileChannels($"{wide}.tile", b, stage.Expansion);
        string f = RPReLU(wide, _graph.Add($"{wide}.sum", dense, tile), $"{wide}.rprelu");
        f = stage.Ffn == FfnKind.Local ? RPReLU($"{block}.local", NormedDepthwise($"{block}.local", f, stride: 1), $"{block}.local.rprelu") : f;

        string narrow = $"{block}.output";
        dense = BinaryLinear($"{narrow}.dense", $"{narrow}.norm", _graph.ShiftSign($"{narrow}.sign", f, Data($"{narrow}.move")));
        string mean = stage.Expansion == 1 ? f : _graph.GroupMeanChannels($"{narrow}.mean", f, stage.Expansion);
        string g = RPReLU($"{narrow}.rprelu", _graph.Add($"{narrow}.sum", dense, mean), $"{narrow}.rprelu");
        return OutputScale($"{narrow}.layerscale", g);
    }

    private IEnumerable<string> Branches(string block, string b)
    {
        foreach (BlockBranch branch in BlockBranch.Of(config.Branches))
        {
            string scale = $"{block}.layerscale_{branch.Name}";
            if (Data($"{scale}.alpha").All(v => v == 0) && Data($"{scale}.move").All(v => v == 0))
            {
                continue;
            }

            yield return LayerScale(scale, config.Branches == BranchKind.Pool
                ? _graph.AvgPool2d($"{block}.pool_{branch.Name}", b, branch.Height, branch.Width, everyPosition: true)
                : _graph.SpatialShift($"{block}.shift_{branch.Name}", b, branch.Shift));
        }
    }

    /// <summary>Class attention: the class token [1, C] after one more layer over it and all tokens X [N, C].</summary>
    private string ClassBlock(string block, string token, string x)
    {
        string both = Normed($"{block}.layernorm_before", _graph.PrependTokens($"{block}.tokens", x, token), $"{block}.layernorm_before");
        string query = _graph.SliceTokens($"{block}.class", both, start: 0, count: 1);
        string attention = Attend(block, config.Stages.Count, BinaryViTConfig.NoLayer, query, both, both, value => _graph.MeanTokens($"{value}.mean", value));
        string attended = _graph.Add($"{block}.attention", token, attention);
        string b = Normed($"{block}.layernorm_after", attended, $"{block}.layernorm_after");
        return _graph.Add(block, attended, FeedForward(block, config.ClassStage(), b));
    }

    /// <summary>The token [1, C] that the classifier gets, before the final norm: the class token, or the mean of all tokens.</summary>
    private string Pooled(string x)
    {
        if (config.ClassToken)
        {
            return _graph.SliceTokens("vit.pooled", x, start: 0, count: 1);
        }

        string pooled = _graph.MeanTokens("vit.pooled", x);
        if (config.ClassAttention == 0)
        {
            return pooled;
        }

        string token = _graph.Position("vit.class_token", pooled, Data("vit.cls_token"), config.ClassStage().Width);
        for (int l = 0; l < config.ClassAttention; l++)
        {
            token = ClassBlock($"vit.class_attention.{l}", token, x);
        }

        return token;
    }

    /// <summary>Final norm, mean over tokens (or the class token), classifier. A batch norm commutes with the mean, and folds into the
    /// classifier; a LayerNorm of the class token alone is that of all tokens.</summary>
    private void Head(string x)
    {
        if (config.LayerNorm)
        {
            FloatTensor plain = tensors["classifier.weight"];
            string normed = config.ClassToken || config.ClassAttention > 0
                ? Normed("vit.layernorm", Pooled(x), "vit.layernorm") : _graph.MeanTokens("vit.pooled", Normed("vit.layernorm", x, "vit.layernorm"));
            _graph.Linear(Lowering.OutputName, normed, plain.Data, plain.Shape, Data("classifier.bias"));
            return;
        }
        ChannelAffine norm = Norm("vit.layernorm");
        FloatTensor weight = tensors["classifier.weight"];
        (float[] data, float[] bias) = (weight.Data, Data("classifier.bias"));
        var folded = new float[data.Length];
        var offset = new float[bias.Length];
        for (int o = 0; o < bias.Length; o++)
        {
            double sum = bias[o];
            for (int c = 0, i = o * norm.Channels; c < norm.Channels; c++, i++)
            {
                folded[i] = (float)(data[i] * norm.Scale[c]);
                sum += data[i] * norm.Offset[c];
            }
            offset[o] = (float)sum;
        }
        _graph.Linear(Lowering.OutputName, Pooled(x), folded, weight.Shape, offset);
    }

    private string BinaryLinear(string linear, string norm, string bits) =>
        BinaryRows(linear, norm, (value, weight, affine) => _graph.BinaryLinear(value, bits, weight, affine));

    /// <summary>A binary product with its norm, of a latent weight that is rows: <paramref name="product"/> makes the node from its name, the rows' signs, scale
    /// and offset.</summary>
    private string BinaryRows(string linear, string norm, Func<string, ulong[], ChannelAffine, string> product)
    {
        FloatTensor tensor = tensors[$"{linear}.weight"];
        (float[] weight, int rows) = (tensor.Data, tensor.Shape[0]);
        float[] means = tensors.TryGetValue(linear + TensorManifest.RowMean, out FloatTensor? given)
            ? given.Data : SignPacking.RowMeans(weight, rows);
        return NormedProduct(
            linear, norm, SignPacking.RowMagnitudes(weight, rows), (value, affine) => product(value, SignPacking.Centred(weight, means), affine));
    }

    /// <summary>A binary product with its norm: a batch norm is folded into the product's scales; a LayerNorm is a node of its own behind
    /// the product.</summary>
    private string NormedProduct(string value, string norm, double[] magnitudes, Func<string, ChannelAffine, string> product) => config.LayerNorm
        ? Normed(value, product($"{value}.product", ChannelAffine.Scaling(magnitudes)), norm)
        : product(value, Norm(norm).AfterScaling(magnitudes));

    /// <summary>A float convolution with its norm.</summary>
    private string NormedConv(string value, string norm, string input, FloatTensor weight, float[] bias, int stride, int padding = 0)
    {
        if (config.LayerNorm)
        {
            return Normed(value, _graph.Conv2d($"{value}.product", input, weight.Data, weight.Shape, bias, stride, padding), norm);
        }

        ChannelAffine affine = Norm(norm);
        return _graph.Conv2d(value, input, ScaledRows(weight.Data, affine), weight.Shape, Folded(affine, bias), stride, padding);
    }

    private string Normed(string value, string input, string norm) => config.LayerNorm
        ? _graph.LayerNorm(value, input, Data($"{norm}.weight"), Data($"{norm}.bias"), config.BatchNormEps) : _graph.Affine(value, input, Norm(norm));

    private string RPReLU(string value, string input, string module) =>
        _graph.RPReLU(value, input, Data($"{module}.move1"), Data($"{module}.prelu.weight"), Data($"{module}.move2"));

    private string OutputScale(string module, string input) => config.LayerScale ? LayerScale(module, input) : input;

    private string LayerScale(string module, string input) =>
        _graph.Affine(module, input, new ChannelAffine([.. Data($"{module}.alpha")], [.. Data($"{module}.move")]));

    private ChannelAffine Norm(string module) => ChannelAffine.BatchNorm(
        Data($"{module}.weight"), Data($"{module}.bias"), Data($"{module}.running_mean"), Data($"{module}.running_var"), config.BatchNormEps);

    private float[] Data(string name) => tensors[name].Data;

    /// <summary>A convolution's weight [C, ...] with each output channel times the norm's scale.</summary>
    private static float[] ScaledRows(float[] weight, ChannelAffine norm)
    {
        int columns = weight.Length / norm.Channels;
        return [.. weight.Select((w, i) => (float)(w * norm.Scale[i / columns]))];
    }

    /// <summary>The norm of a bias: <c>scale * bias + offset</c>.</summary>
    private static float[] Folded(ChannelAffine norm, float[] bias) => [.. bias.Select((b, c) => (float)((b * norm.Scale[c]) + norm.Offset[c]))];
}
