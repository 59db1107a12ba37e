using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>A float convolution of each channel by itself with its norm, zeros outside of the grid, and an RPReLU where it is asked for: before queries, keys and
/// values (CvT, Wu et al. 2021) and in the hidden layer of a feed-forward network (CeiT, Yuan et al. 2021).</summary>
internal sealed class LocalConvolution : nn.Module
{
    private readonly Parameter weight;
    private readonly TokenNorm norm;
    private readonly RPReLU? rprelu;
    private readonly string _prefix;
    private readonly LayerContext _context;
    private readonly long _stride;

    internal LocalConvolution(string prefix, LayerContext context, long channels, long kernel, long stride = 1, bool activated = false) : base(nameof(LocalConvolution))
    {
        (_prefix, _context, _stride) = (prefix, context, stride);
        weight = DepthwiseConvolution.Weight(channels, kernel);
        norm = new TokenNorm(channels, context.Eps);
        rprelu = activated ? new RPReLU(channels) : null;
        RegisterComponents();
    }

    /// <summary>Tokens <c>[B*N, C]</c> → <c>[B*N/s^2, C]</c>.</summary>
    internal Tensor Forward(Tensor tokens, TokenGrid grid)
    {
        Tensor y = norm.call(DepthwiseConvolution.Apply(tokens, weight, grid, _stride));
        _context.Taps.Report($"{_prefix}.norm", y);
        if (rprelu is null)
        {
            return y;
        }

        Tensor result = F.prelu(y - rprelu.move1, rprelu.prelu.weight).add(rprelu.move2, One);
        _context.Taps.Report(_prefix, result);
        return result;
    }
}
