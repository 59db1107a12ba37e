using EdgeVit.Export;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>A gate for each channel of a convolution's result, image by image, <c>{layer}.gate</c>: <c>clamp(excite(RPReLU(squeeze(mean of a))), 0, 2)</c> of the
/// convolution's normalised input a (squeeze-and-excitation, Hu et al. 2018; of the floats before the signs as Martinez et al. 2020 and BNext, Guo et al. 2022).
/// A clamp stands in for the sigmoid: it has the same bits everywhere. Gates begin at 1, which changes nothing.</summary>
internal sealed class ChannelGate : nn.Module
{
    private const double Most = 2;

    private readonly Linear squeeze;
    private readonly RPReLU rprelu;
    private readonly Linear excite;
    private readonly string _prefix;
    private readonly LayerContext _context;

    internal ChannelGate(string prefix, LayerContext context, StageConfig stage) : base(nameof(ChannelGate))
    {
        (_prefix, _context) = (prefix, context);
        squeeze = nn.Linear(stage.Width, stage.GateWidth, hasBias: false);
        rprelu = new RPReLU(stage.GateWidth);
        excite = nn.Linear(stage.GateWidth, stage.Width);
        nn.init.zeros_(excite.weight);
        nn.init.ones_(excite.bias);
        RegisterComponents();
    }

    /// <summary>The gate of a stage that has one; null for none.</summary>
    internal static ChannelGate? Of(string prefix, LayerContext context, StageConfig stage) => stage.Gate == GateKind.Channel ? new ChannelGate(prefix, context, stage) : null;

    /// <summary>The convolution's input and its result → the result with its channels weighed, all <c>[B*N, C]</c>.</summary>
    internal Tensor Forward(Tensor a, Tensor y, TokenGrid grid)
    {
        Tensor mean = a.view(grid.Batch, -1, a.shape[1]).mean([1]);                  // [B, C]
        Tensor squeezed = F.linear(mean, squeeze.weight);
        Tensor active = F.prelu(squeezed - rprelu.move1, rprelu.prelu.weight).add(rprelu.move2, One);
        Tensor gate = F.linear(active, excite.weight, excite.bias);                  // [B, C]
        Tensor result = (y.view(grid.Batch, -1, y.shape[1]) * gate.clamp(Zero, Number(Most)).unsqueeze(1)).view(y.shape);
        if (_context.Taps.On)
        {
            _context.Taps.Report($"{_prefix}.mean", mean);
            _context.Taps.Report($"{_prefix}.squeeze", squeezed);
            _context.Taps.Report($"{_prefix}.rprelu", active);
            _context.Taps.Report($"{_prefix}.excite", gate);
            _context.Taps.Report(_prefix, result);
        }

        return result;
    }
}
