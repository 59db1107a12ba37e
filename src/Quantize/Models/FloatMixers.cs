using EdgeVit.Export;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A float convolution of each channel by itself in place of attention, <c>{layer}.depthwise</c>: <c>x + LayerScale(norm(conv(a)))</c> of normalised
/// tokens a, which is what FastViT's RepMixer (Vasu et al. 2023) is once its branches are one.</summary>
internal sealed class DepthwiseMixer : nn.Module
{
    private readonly LocalConvolution conv;
    private readonly LayerScale layerscale;
    private readonly string _prefix;
    private readonly LayerContext _context;

    internal DepthwiseMixer(string prefix, LayerContext context, StageConfig stage, double layerScale) : base(nameof(DepthwiseMixer))
    {
        (_prefix, _context) = (prefix, context);
        conv = new LocalConvolution($"{prefix}.conv", context, stage.Width, stage.DepthwiseKernel);
        layerscale = new LayerScale(stage.Width, layerScale);
        RegisterComponents();
    }

    /// <summary>Normalised tokens and the residual stream → the residual stream, all <c>[B*N, C]</c>; a gate weighs what is added to it.</summary>
    internal Tensor Forward(Tensor a, Tensor x, TokenGrid grid, ChannelGate? gate, bool fused)
    {
        Tensor y = conv.Forward(a, grid);
        y = gate?.Forward(a, y, grid) ?? y;
        if (fused)
        {
            return FusedResidual.Apply(x, y, layerscale);
        }

        Tensor scaled = layerscale.call(y);
        _context.Taps.Report($"{_prefix}.layerscale", scaled);
        return x.add(scaled, One);
    }
}

/// <summary>The mean of 3x3 tokens less the token itself in place of attention, <c>{layer}.pooling</c>: <c>x + LayerScale(mean(a)) - alpha * a</c> of normalised
/// tokens a (PoolFormer, Yu et al. 2022; EfficientFormer, Li et al. 2022). What lies outside of the grid counts as zero.</summary>
internal sealed class PoolMixer : nn.Module
{
    private readonly LayerScale layerscale;
    private readonly string _prefix;
    private readonly LayerContext _context;

    internal PoolMixer(string prefix, LayerContext context, StageConfig stage, double layerScale) : base(nameof(PoolMixer))
    {
        (_prefix, _context) = (prefix, context);
        layerscale = new LayerScale(stage.Width, layerScale);
        RegisterComponents();
    }

    /// <summary>Normalised tokens and the residual stream → the residual stream, all <c>[B*N, C]</c>.</summary>
    internal Tensor Forward(Tensor a, Tensor x, TokenGrid grid, bool fused)
    {
        Tensor mean = grid.AveragePool(a, 3, 3, 1, 1, 1);
        if (fused)
        {
            return FusedResidual.Apply(x, mean.sub(a), layerscale);
        }

        Tensor scaled = layerscale.call(mean), own = a.mul(layerscale.alpha).neg();
        _context.Taps.Report($"{_prefix}.mean", mean);
        _context.Taps.Report($"{_prefix}.layerscale", scaled);
        _context.Taps.Report($"{_prefix}.own", own);
        return x.add(scaled, One).add(own, One);
    }
}
