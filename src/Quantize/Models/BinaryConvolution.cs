using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A binary 3x3 convolution in place of attention, <c>{layer}.conv</c>, as ReActNet (Liu et al. 2020) and the early stages of BHViT (Gao et al. 2025)
/// have them: <c>x + LayerScale(RPReLU(norm(conv(sign(a + move))) + a))</c> of normalised tokens a. Signs outside of the grid are +1, which are bits as
/// all others. The weight is rows <c>[C, 9*C]</c> ordered kernel row, kernel column, channel, centred as those of linear layers are.</summary>
internal sealed class BinaryConvolution : nn.Module
{
    private readonly Parameter move;
    private readonly LatentWeight dense;
    private readonly TokenNorm norm;
    private readonly RPReLU rprelu;
    private readonly LayerScale layerscale;
    private readonly string _prefix;
    private readonly BranchNames _names;
    private readonly LayerContext _context;
    private readonly StageConfig _stage;

    internal BinaryConvolution(string prefix, LayerContext context, StageConfig stage, double layerScale) : base(nameof(BinaryConvolution))
    {
        (_prefix, _context, _stage) = (prefix, context, stage);
        _names = BranchNames.Of(prefix, $"{prefix}.dense", $"{prefix}.rprelu");
        move = nn.Parameter(torch.zeros(stage.Width));
        dense = new LatentWeight(SignForm.Centred, stage.Width, stage.Window.Taps * stage.Width);
        norm = new TokenNorm(stage.Width, context.Eps);
        rprelu = new RPReLU(stage.Width);
        layerscale = new LayerScale(stage.Width, layerScale);
        RegisterComponents();
    }

    /// <summary>Normalised tokens and the residual stream → the residual stream, all <c>[B*N, C]</c>; a gate weighs what is added to it.</summary>
    internal Tensor Forward(Tensor a, Tensor x, TokenGrid grid, ChannelGate? gate, bool fused)
    {
        Tensor y = _context.Branch(_names, a, move, dense, norm, new Shortcut(a), rprelu, new WindowRows(grid, _stage.Window));
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
