namespace EdgeVit.Export;

/// <summary>From a trained float vision transformer to the graph. Values carry the paper's module paths, whatever library the names are of.
/// LayerScale is folded into the linear before it, the average of two heads into the heads.</summary>
internal sealed class FloatViTLowering
{
    private readonly FloatViTConfig _config;
    private readonly ViTNames _names;
    private readonly IReadOnlyDictionary<string, FloatTensor> _tensors;
    private readonly GraphBuilder _graph = new();

    private FloatViTLowering(FloatViTConfig config, ViTNames names, IReadOnlyDictionary<string, FloatTensor> tensors) =>
        (_config, _names, _tensors) = (config, names, tensors);

    /// <summary>Lowers a network.</summary>
    /// <exception cref="ModelFormatException">The tensors do not fit it; the message lists everything.</exception>
    public static LoweredModel Lower(FloatViTConfig config, ViTNames names, IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        Checklist(config.Validate(), names).Check(tensors, config.Name);
        return new FloatViTLowering(config, names, tensors).Run();
    }

    /// <summary>Which tensors the network has.</summary>
    internal static TensorChecklist Checklist(FloatViTConfig config, ViTNames names)
    {
        var list = new TensorChecklist();
        list.Ignore("pooler.dense.weight");
        list.Ignore("pooler.dense.bias");
        list.Ignore("mask_token");
        int width = config.Width;
        if (config.LeadingTokens > 0)
        {
            list.RequireLoose(names.ClassToken, 1, 1, width);
        }

        if (config.LeadingTokens > 1)
        {
            list.RequireLoose(names.DistillationToken, 1, 1, width);
        }

        if (config.RegisterTokens > 0)
        {
            list.RequireLoose(names.Registers, 1, config.RegisterTokens, width);
        }

        if (config.PreNorm)
        {
            list.Require($"{names.PreNorm}.weight", width);
            list.Require($"{names.PreNorm}.bias", width);
        }

        list.RequireLoose(names.Positions, 1, config.Positions, width);
        list.Require($"{names.Patches}.weight", width, config.Channels, config.PatchSize, config.PatchSize);
        list.Allow($"{names.Patches}.bias", width);
        for (int l = 0; l < config.Depth; l++)
        {
            int block = l;
            Module(names.NormBefore, width);
            foreach (string part in names.Qkv)
            {
                list.Require(names.In(block, $"{part}.weight"), 3 / names.Qkv.Count * width, width);
                list.Allow(names.In(block, $"{part}.bias"), 3 / names.Qkv.Count * width);
            }
            Module(names.Projection, width, width);
            Module(names.NormAfter, width);
            Module(names.Wide, config.FfnWidth, width);
            Module(names.Narrow, width, config.FfnWidth);
            if (config.LayerScale)
            {
                list.Require(names.In(block, names.ScaleAttention), width);
                list.Require(names.In(block, names.ScaleFfn), width);
            }

            void Module(string part, params int[] shape)
            {
                list.Require(names.In(block, $"{part}.weight"), shape);
                list.Require(names.In(block, $"{part}.bias"), shape[0]);
            }
        }
        string norm = config.Pooling == ViTPooling.NormOfMean ? names.PooledNorm : names.Norm;
        list.Require($"{norm}.weight", width);
        list.Require($"{norm}.bias", width);
        foreach (string head in Heads(config, names))
        {
            list.Require($"{head}.weight", config.Classes, width);
            list.Require($"{head}.bias", config.Classes);
        }
        return list;
    }

    private static IEnumerable<string> Heads(FloatViTConfig config, ViTNames names) =>
        config.LeadingTokens > 1 && config.Pooling == ViTPooling.LeadingToken ? [names.Head, names.DistillationHead] : [names.Head];

    private LoweredModel Run()
    {
        FloatTensor patches = _tensors[$"{_names.Patches}.weight"];
        float[] bias = Optional($"{_names.Patches}.bias", _config.Width);
        string x = _graph.Conv2d("vit.embeddings.patch_embeddings", Lowering.InputName, patches.Data, patches.Shape, bias, _config.PatchSize);
        x = _config.LeadingPositions
            ? _graph.Position("vit.embeddings", Prepended("vit.embeddings.tokens", x), Data(_names.Positions), _config.Width)
            : Prepended("vit.embeddings", _graph.Position("vit.embeddings.positions", x, Data(_names.Positions), _config.Width));
        x = _config.PreNorm ? Norm("vit.prenorm", x, _names.PreNorm) : x;
        for (int l = 0; l < _config.Depth; l++)
        {
            x = Block(l, x);
        }

        Head(x);
        return _graph.Build(_config.Name, Lowering.InputName, [_config.Channels, _config.ImageSize, _config.ImageSize], Lowering.OutputName);
    }

    private string Prepended(string value, string x)
    {
        if (_config.Leading == 0)
        {
            return x;
        }

        float[] first = _config.LeadingTokens > 0 ? Data(_names.ClassToken) : [], second = _config.LeadingTokens > 1 ? Data(_names.DistillationToken) : [];
        float[] registers = _config.RegisterTokens > 0 ? Data(_names.Registers) : [];
        return _graph.PrependTokens(value, x, [.. first, .. second, .. registers], _config.Width);
    }

    private string Block(int block, string x)
    {
        string l = $"vit.encoder.layer.{block}";
        string a = Norm($"{l}.layernorm_before", x, _names.In(block, _names.NormBefore));
        string[] qkv = [.. Enumerable.Range(0, 3).Select(part => Part(block, part, a))];
        string attended = _graph.SoftmaxAttention($"{l}.attention.attention", qkv[0], qkv[1], qkv[2], _config.Heads);
        string o = Linear($"{l}.attention.output.dense", attended, _names.In(block, _names.Projection), Scale(block, _names.ScaleAttention));
        string x1 = _graph.Add($"{l}.attention", x, o);
        string b = Norm($"{l}.layernorm_after", x1, _names.In(block, _names.NormAfter));
        string hidden = _graph.Gelu($"{l}.intermediate", Linear($"{l}.intermediate.dense", b, _names.In(block, _names.Wide)));
        return _graph.Add(l, x1, Linear($"{l}.output.dense", hidden, _names.In(block, _names.Narrow), Scale(block, _names.ScaleFfn)));
    }

    /// <summary>Query, key or value: a tensor of its own, or a third of the rows of the common one.</summary>
    private string Part(int block, int part, string input)
    {
        int width = _config.Width;
        string value = $"vit.encoder.layer.{block}.attention.attention.{((string[])["query", "key", "value"])[part]}";
        bool fused = _names.Qkv.Count == 1;
        string module = _names.In(block, _names.Qkv[fused ? 0 : part]);
        float[] weight = Data($"{module}.weight");
        float[] bias = Optional($"{module}.bias", fused ? 3 * width : width);
        return _graph.Linear(
            value, input, fused ? weight[(part * width * width)..((part + 1) * width * width)] : weight, [width, width],
            fused ? bias[(part * width)..((part + 1) * width)] : bias);
    }

    private void Head(string x)
    {
        string module = _config.Pooling == ViTPooling.NormOfMean ? _names.PooledNorm : _names.Norm;
        if (_config.Pooling is ViTPooling.MeanOfNormed or ViTPooling.NormOfMean)
        {
            if (_config.Leading > 0)
            {
                x = _graph.SliceTokens("vit.patches", x, _config.Leading, _config.Tokens - _config.Leading);
            }

            string pooled = _config.Pooling == ViTPooling.NormOfMean
                ? Norm("vit.layernorm", _graph.MeanTokens("vit.pooled", x), module)
                : _graph.MeanTokens("vit.pooled", Norm("vit.layernorm", x, module));
            Linear(Lowering.OutputName, pooled, _names.Head);
            return;
        }
        if (_config.LeadingTokens == 1 || _config.Pooling == ViTPooling.ClassToken)
        {
            Linear(Lowering.OutputName, Norm("vit.layernorm", _graph.SliceTokens("vit.pooled", x, 0, 1), module), _names.Head);
            return;
        }
        string[] logits =
        [
            .. Heads(_config, _names).Select((head, i) =>
            {
                string token = Norm($"vit.layernorm.{i}", _graph.SliceTokens($"vit.pooled.{i}", x, i, 1), module);
                return Linear($"{Lowering.OutputName}.{i}", token, head, [.. Enumerable.Repeat(0.5f, _config.Classes)]);
            }),
        ];
        _graph.Add(Lowering.OutputName, logits);
    }

    /// <summary>A linear; the factors, one for each output, are folded in.</summary>
    private string Linear(string value, string input, string module, float[]? factors = null)
    {
        FloatTensor weight = _tensors[$"{module}.weight"];
        float[] bias = Data($"{module}.bias");
        if (factors is null)
        {
            return _graph.Linear(value, input, weight.Data, weight.Shape, bias);
        }

        int columns = weight.Shape[1];
        return _graph.Linear(
            value, input, [.. weight.Data.Select((w, i) => w * factors[i / columns])], weight.Shape, [.. bias.Select((b, i) => b * factors[i])]);
    }

    private string Norm(string value, string input, string module) =>
        _graph.LayerNorm(value, input, Data($"{module}.weight"), Data($"{module}.bias"), _config.NormEps);

    private float[]? Scale(int block, string part) => _config.LayerScale ? Data(_names.In(block, part)) : null;

    private float[] Data(string name) => _tensors[name].Data;

    private float[] Optional(string name, int length) => _tensors.TryGetValue(name, out FloatTensor? tensor) ? tensor.Data : new float[length];
}
