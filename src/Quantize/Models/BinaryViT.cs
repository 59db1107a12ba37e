using EdgeVit.Export;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>The BinaryViT pyramid, or its float twin. Modules and parameters carry the names of the paper's state_dict, so that its tensors load
/// one to one (<see cref="ModelTensors"/>; the attention clip is kept as its logarithm and converted there).</summary>
internal sealed class BinaryViT : nn.Module<Tensor, Tensor>, IFeatureNetwork
{
    private readonly ViTBody vit;
    private readonly Linear classifier;
    private readonly LayerContext _context;

    /// <summary>Builds the network with fresh parameters from torch's random generator.</summary>
    /// <exception cref="ModelFormatException">The configuration is impossible.</exception>
    /// <param name="binarization">Decides where the attention's clips start; how bits are made at a step is set by the training.</param>
    public BinaryViT(BinaryViTConfig config, Precision precision = Precision.Binary, BinarizationSettings? binarization = null) : base(nameof(BinaryViT))
    {
        binarization ??= new BinarizationSettings();
        Config = config.Validate();
        _context = new LayerContext(precision, config.BatchNormEps, new Taps());
        vit = new ViTBody(config, _context, binarization);
        classifier = nn.Linear(config.Stages[^1].Width, config.Classes);
        RegisterComponents();
    }

    /// <summary>The network's shape.</summary>
    public BinaryViTConfig Config { get; }

    /// <summary>Whether it computes with signs; its float twin does not.</summary>
    internal bool IsBinary => _context.Binary;

    /// <summary>How bits are made at the present step of a training; everything binary at first.</summary>
    internal BinarizationMode Mode
    {
        get => _context.Mode;
        set => _context.Mode = value;
    }

    /// <summary>Whether a training keeps only each block's input for the backward pass, which computes the rest again: a third more time, a tenth of the
    /// memory, the same numbers.</summary>
    internal bool Recomputes
    {
        get => _context.Recomputes;
        set => _context.Recomputes = value;
    }

    /// <summary>What is left out at the present step of a training; null for nothing.</summary>
    internal Omission? Omission
    {
        get => _context.Omission;
        set => _context.Omission = value;
    }

    /// <summary>The weights that become signs, by the names of their layers; none in the float twin.</summary>
    internal IEnumerable<(string Layer, LatentWeight Weight)> SignWeights() => IsBinary
        ? named_modules().Where(m => m.module is LatentWeight { Form: not SignForm.None }).Select(m => (m.name, (LatentWeight)m.module))
        : [];

    /// <summary>Set its sink to see every value on the way.</summary>
    public Taps Taps => _context.Taps;

    /// <summary>Normalised images <c>[B, 3, H, W]</c> → logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input) => WithFeatures(input).Logits;

    public (Tensor Logits, Tensor Features) WithFeatures(Tensor images)
    {
        Tensor features = vit.Forward(images);
        Tensor logits = F.linear(features, classifier.weight, classifier.bias);
        _context.Taps.Report("logits", logits);
        return (logits, features);
    }
}

/// <summary>Everything before the classifier, <c>vit</c>.</summary>
internal sealed class ViTBody : nn.Module
{
    private readonly Embeddings embeddings;
    private readonly Encoder encoder;
    private readonly Parameter? cls_token;
    private readonly ModuleList<BinaryViTLayer>? class_attention;
    private readonly TokenNorm layernorm;
    private readonly LayerContext _context;

    internal ViTBody(BinaryViTConfig config, LayerContext context, BinarizationSettings binarization) : base(nameof(ViTBody))
    {
        _context = context;
        embeddings = new Embeddings(context, config);
        encoder = new Encoder(config, context, binarization);
        if (config.ClassAttention > 0)
        {
            cls_token = Embeddings.Positions(1, config.ClassStage().Width);
            class_attention = new ModuleList<BinaryViTLayer>([.. Enumerable.Range(0, config.ClassAttention).Select(l =>
                new BinaryViTLayer($"vit.class_attention.{l}", context, config, config.Stages.Count, BinaryViTConfig.NoLayer, binarization))]);
        }
        layernorm = new TokenNorm(config.Stages[^1].Width, context.Eps);
        RegisterComponents();
    }

    /// <summary>Images <c>[B, 3, H, W]</c> → features <c>[B, C]</c>, the mean of the normalised tokens or the normalised class token.</summary>
    internal Tensor Forward(Tensor images)
    {
        (Tensor tokens, TokenGrid grid) = embeddings.Forward(images);
        tokens = encoder.Forward(tokens, grid);                                      // [B*N', C]
        Tensor features = class_attention is null ? Mean(tokens, grid) : ClassToken(tokens, grid);
        return training && _context.Omission is { } omission ? omission.Drop(features) : features;
    }

    private Tensor Mean(Tensor tokens, TokenGrid grid)
    {
        if (_context.Taps.On)
        {
            _context.Taps.Report("vit.pooled", tokens.view(grid.Batch, -1, tokens.shape[1]).mean([1]));
        }

        Tensor normed = layernorm.call(tokens);
        return normed.view(grid.Batch, -1, normed.shape[1]).mean([1]);
    }

    /// <summary>The class token attends to the tokens, layer by layer.</summary>
    private Tensor ClassToken(Tensor tokens, TokenGrid grid)
    {
        Tensor pooled = tokens.view(grid.Batch, -1, tokens.shape[1]).mean([1]);      // [B, C]
        _context.Taps.Report("vit.pooled", pooled);
        Tensor token = pooled.add(cls_token!.view(1, -1), One);
        _context.Taps.Report("vit.class_token", token);
        foreach (BinaryViTLayer layer in class_attention!)
        {
            token = layer.ForwardClass(token, tokens);
        }

        return layernorm.call(token);
    }
}

/// <summary>The blocks of all stages and the down-sampling between them, <c>vit.encoder</c>.</summary>
internal sealed class Encoder : nn.Module
{
    private readonly ModuleList<BinaryViTLayer> layer;
    private readonly List<DownSampling> _down = [];
    private readonly BinaryViTConfig _config;

    internal Encoder(BinaryViTConfig config, LayerContext context, BinarizationSettings binarization) : base(nameof(Encoder))
    {
        _config = config;
        layer = new ModuleList<BinaryViTLayer>([.. Enumerable.Range(0, config.Layers).Select(l =>
            new BinaryViTLayer($"vit.encoder.layer.{l}", context, config, config.StageOf(l), l, binarization))]);
        RegisterComponents();
        for (int s = 1; s < config.Stages.Count; s++)
        {
            string name = $"vit.encoder.patch_embed{s}";
            DownSampling down = config.Down == DownKind.Attention
                ? new AttentionDown(name, context, config, s, binarization)
                : new ConvolutionDown(name, context, config.Down, config.Stages[s - 1].Width, config.Stages[s].Width, config.Tokens(s));
            register_module($"patch_embed{s}", down);
            _down.Add(down);
        }
    }

    /// <summary>Tokens of the first stage → tokens of the last.</summary>
    internal Tensor Forward(Tensor tokens, TokenGrid grid)
    {
        for (int l = 0, stage = 0; l < layer.Count; l++)
        {
            for (; stage < _config.StageOf(l); stage++)
            {
                tokens = _down[stage].Forward(tokens, grid);
                grid = grid.Divided(2);
            }
            tokens = layer[l].Forward(tokens, grid, l, layer.Count > 1 ? (double)l / (layer.Count - 1) : 1);
        }
        return tokens;
    }
}
