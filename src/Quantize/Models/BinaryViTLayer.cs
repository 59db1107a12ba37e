using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One transformer block <c>vit.encoder.layer.{l}</c>: attention or another mixer, then the feed-forward network with its branches, each
/// behind a norm and a LayerScale on the float residual stream.</summary>
internal sealed class BinaryViTLayer : nn.Module
{
    internal const double LayerScaleStart = 0.1;

    private readonly AttentionBlock? attention;
    private readonly BinaryConvolution? conv;
    private readonly DepthwiseMixer? depthwise;
    private readonly PoolMixer? pooling;
    private readonly ChannelGate? gate;
    private readonly LocalConvolution? local;
    private readonly FeedForward intermediate;
    private readonly FeedForward output;
    private readonly TokenNorm layernorm_before;
    private readonly TokenNorm layernorm_after;

    private readonly string _prefix;
    private readonly LayerContext _context;
    private readonly StageConfig _stage;
    private readonly BranchKind _kind;
    private readonly IReadOnlyList<BlockBranch> _branches;
    private readonly LayerScale[] _scales;

    internal BinaryViTLayer(string prefix, LayerContext context, BinaryViTConfig config, int stageIndex, int layer, BinarizationSettings binarization) : base(nameof(BinaryViTLayer))
    {
        StageConfig stage = config.StageAt(stageIndex);
        BranchKind branches = stageIndex < config.Stages.Count ? config.Branches : BranchKind.None;
        (_prefix, _context, _stage, _kind, _branches) = (prefix, context, stage, branches, BlockBranch.Of(branches));
        switch (config.MixerAt(layer))
        {
            case MixerKind.Conv3:
                conv = new BinaryConvolution($"{prefix}.conv", context, stage, LayerScaleStart);
                break;
            case MixerKind.Depthwise:
                depthwise = new DepthwiseMixer($"{prefix}.depthwise", context, stage, LayerScaleStart);
                break;
            case MixerKind.Pool:
                pooling = new PoolMixer($"{prefix}.pooling", context, stage, LayerScaleStart);
                break;
            default:
                attention = new AttentionBlock($"{prefix}.attention", context, config, stageIndex, layer, LayerScaleStart, binarization);
                break;
        }

        gate = conv is not null || depthwise is not null ? ChannelGate.Of($"{prefix}.gate", context, stage) : null;
        local = stage.Ffn == FfnKind.Local ? new LocalConvolution($"{prefix}.local", context, stage.FfnWidth, StageConfig.UsualKernel, activated: true) : null;
        intermediate = new FeedForward(
            BranchNames.Of($"{prefix}.intermediate", $"{prefix}.intermediate.dense", $"{prefix}.intermediate"), context, stage.Width, stage.FfnWidth, layerScale: null);
        output = new FeedForward(
            BranchNames.Of($"{prefix}.output", $"{prefix}.output.dense", $"{prefix}.output.rprelu"), context, stage.FfnWidth, stage.Width, LayerScaleStart);
        layernorm_before = new TokenNorm(stage.Width, context.Eps);
        layernorm_after = new TokenNorm(stage.Width, context.Eps);
        RegisterComponents();
        _scales = [.. _branches.Select(_ => new LayerScale(stage.Width, 0))];
        for (int b = _scales.Length - 1; b >= 0; b--)                                // the order of the paper's code
        {
            register_module($"layerscale_{_branches[b].Name}", _scales[b]);
        }
    }

    /// <summary>Tokens <c>[B*N, C]</c> → <c>[B*N, C]</c>.</summary>
    /// <param name="depth">Its place, 0 for the first to 1 for the last.</param>
    internal Tensor Forward(Tensor x, TokenGrid grid, int number, double depth)
    {
        Omission? omission = training ? _context.Omission : null;
        bool again = _context.Recomputes && training && !_context.Taps.On && Recomputed.Serves(x);
        Tensor x1 = again ? Recomputed.Apply(x, Mixed, this) : Mixed(x);
        return again ? Recomputed.Apply(x1, Fed, this) : Fed(x1);

        Tensor Mixed(Tensor x)
        {
            Tensor x1 = Mix(x, grid);
            return omission?.Skip(x, x1, grid.Batch, 2 * number, depth) ?? x1;
        }

        Tensor Fed(Tensor x1)
        {
            Tensor x2 = Feed(x1, grid);
            return omission?.Skip(x1, x2, grid.Batch, (2 * number) + 1, depth) ?? x2;
        }
    }

    /// <summary>Class attention: this layer as one that changes the class tokens only.</summary>
    /// <param name="token">Class tokens <c>[B, C]</c>.</param>
    /// <param name="x">All other tokens <c>[B*N, C]</c>.</param>
    /// <returns>Class tokens <c>[B, C]</c>.</returns>
    internal Tensor ForwardClass(Tensor token, Tensor x)
    {
        (Taps taps, long batch, long width) = (_context.Taps, token.shape[0], token.shape[1]);
        Tensor both = torch.cat([token.unsqueeze(1), x.view(batch, -1, width)], 1).view(-1, width);   // [B*(1+N), C]
        taps.Report($"{_prefix}.tokens", both);
        Tensor a = layernorm_before.call(both);
        taps.Report($"{_prefix}.layernorm_before", a);
        Tensor query = a.view(batch, -1, width).select(1, 0).contiguous();
        taps.Report($"{_prefix}.class", query);
        Tensor x1 = attention!.ForwardClass(a, query, token, training && !taps.On && FusedNorm.Serves(token));
        taps.Report($"{_prefix}.attention", x1);
        return Feed(x1, new TokenGrid(batch, 1));
    }

    /// <summary>The residual stream after the tokens have seen each other.</summary>
    private Tensor Mix(Tensor x, TokenGrid grid)
    {
        Taps taps = _context.Taps;
        Tensor a = layernorm_before.call(x);
        taps.Report($"{_prefix}.layernorm_before", a);
        bool fused = training && !taps.On && FusedNorm.Serves(x);
        (string name, Tensor x1) =
            conv is not null ? ("conv", conv.Forward(a, x, grid, gate, fused))
            : depthwise is not null ? ("depthwise", depthwise.Forward(a, x, grid, gate, fused))
            : pooling is not null ? ("pooling", pooling.Forward(a, x, grid, fused))
            : ("attention", attention!.Forward(a, x, grid, fused));
        taps.Report($"{_prefix}.{name}", x1);
        return x1;
    }

    private Tensor Feed(Tensor x1, TokenGrid grid)
    {
        Taps taps = _context.Taps;
        bool fused = training && !taps.On && FusedNorm.Serves(x1);
        Tensor b = layernorm_after.call(x1);
        taps.Report($"{_prefix}.layernorm_after", b);
        var tiled = new Shortcut(b, ShortcutKind.Tile, _stage.Expansion);
        if (taps.On)
        {
            taps.Report($"{_prefix}.intermediate.tile", tiled.Expanded());
        }

        Tensor f = intermediate.Forward(b, tiled);                                   // [B*N, I]
        f = local?.Forward(f, grid) ?? f;

        var mean = new Shortcut(f, ShortcutKind.GroupMean, _stage.Expansion);
        if (taps.On)
        {
            taps.Report($"{_prefix}.output.mean", mean.Expanded());
        }

        Tensor g = output.Forward(f, mean);                                          // [B*N, C]
        if (fused)
        {
            return _scales.Length > 0 ? FusedResidual.Apply(x1, g, output.layerscale!, b, grid, _kind, _scales) : FusedResidual.Apply(x1, g, output.layerscale!);
        }

        Tensor scaled = output.layerscale!.call(g);
        taps.Report($"{_prefix}.output.layerscale", scaled);
        Tensor x2 = x1.add(scaled, One);
        foreach ((BlockBranch branch, LayerScale scale) in _branches.Zip(_scales))
        {
            x2 = x2.add(Branch(branch, b, grid, scale), One);
        }

        taps.Report(_prefix, x2);
        return x2;
    }

    private Tensor Branch(BlockBranch branch, Tensor b, TokenGrid grid, LayerScale scale)
    {
        (string name, int height, int width) = branch;
        Tensor read = _kind == BranchKind.Pool ? grid.AveragePool(b, height, width, 1, height / 2, width / 2) : grid.Shift(b, branch.Shift);
        Tensor scaled = scale.call(read);
        _context.Taps.Report($"{_prefix}.{(_kind == BranchKind.Pool ? "pool" : "shift")}_{name}", read);
        _context.Taps.Report($"{_prefix}.layerscale_{name}", scaled);
        return scaled;
    }
}

/// <summary>Self-attention and its output projection, <c>{layer}.attention</c>.</summary>
internal sealed class AttentionBlock : nn.Module
{
    private readonly BinaryAttention attention;
    private readonly FeedForward output;
    private readonly string _prefix;
    private readonly LayerContext _context;

    internal AttentionBlock(string prefix, LayerContext context, BinaryViTConfig config, int stageIndex, int layer, double layerScale, BinarizationSettings binarization) : base(nameof(AttentionBlock))
    {
        StageConfig stage = config.StageAt(stageIndex);
        (_prefix, _context) = (prefix, context);
        attention = new BinaryAttention($"{prefix}.attention", context, config, stageIndex, layer, binarization);
        output = new FeedForward(
            BranchNames.Of($"{prefix}.output", $"{prefix}.output.dense", $"{prefix}.output.rprelu"), context, stage.Width, stage.Width, layerScale);
        RegisterComponents();
    }

    /// <summary>Normalised tokens and the residual stream → the residual stream, all <c>[B*N, C]</c>.</summary>
    internal Tensor Forward(Tensor a, Tensor x, TokenGrid grid, bool fused) => Output(attention.Forward(a, grid), x, fused);

    /// <summary>Normalised tokens, among them the class tokens, and the class tokens' residual stream → that stream.</summary>
    internal Tensor ForwardClass(Tensor a, Tensor query, Tensor x, bool fused) => Output(attention.ForwardClass(a, query), x, fused);

    /// <summary>Normalised tokens, their means over 2x2 of them, and the next stage's residual stream → that stream.</summary>
    internal Tensor ForwardPooled(Tensor a, Tensor pooled, Tensor x, TokenGrid grid, bool fused) => Output(attention.ForwardPooled(a, pooled, grid), x, fused);

    private Tensor Output(Tensor y, Tensor x, bool fused)
    {
        Tensor o = output.Forward(y, new Shortcut(y));
        if (fused)
        {
            return FusedResidual.Apply(x, o, output.layerscale!);
        }

        Tensor scaled = output.layerscale!.call(o);
        _context.Taps.Report($"{_prefix}.output.layerscale", scaled);
        return x.add(scaled, One);
    }
}

/// <summary>One binary layer with its shortcut: <c>RPReLU(norm(linear(sign(x + move))) + shortcut)</c>, and the LayerScale that the
/// owner applies afterwards. Serves as <c>attention.output</c>, <c>intermediate</c> and <c>output</c>.</summary>
internal sealed class FeedForward : nn.Module
{
    private readonly Parameter move;
    private readonly LatentWeight dense;
    private readonly TokenNorm norm;
    private readonly RPReLU rprelu;
    internal readonly LayerScale? layerscale;
    private readonly BranchNames _names;
    private readonly LayerContext _context;

    internal FeedForward(BranchNames names, LayerContext context, long inputs, long outputs, double? layerScale) : base(nameof(FeedForward))
    {
        (_names, _context) = (names, context);
        move = nn.Parameter(torch.zeros(inputs));
        dense = new LatentWeight(SignForm.Centred, outputs, inputs);
        norm = new TokenNorm(outputs, context.Eps);
        rprelu = new RPReLU(outputs);
        if (layerScale is double start)
        {
            layerscale = new LayerScale(outputs, start);
        }

        RegisterComponents();
    }

    /// <summary>Tokens <c>[M, inputs]</c> → <c>[M, outputs]</c>, before the LayerScale.</summary>
    internal Tensor Forward(Tensor x, Shortcut shortcut) => _context.Branch(_names, x, move, dense, norm, shortcut, rprelu);
}
