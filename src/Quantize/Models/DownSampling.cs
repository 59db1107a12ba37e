using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Down-sampling between two stages, <c>vit.encoder.patch_embed{k}</c>: tokens <c>[B*N, C]</c> → <c>[B*N/4, C']</c>.</summary>
internal abstract class DownSampling(string name) : nn.Module(name)
{
    /// <summary>Tokens of one stage → tokens of the next.</summary>
    internal abstract Tensor Forward(Tensor x, TokenGrid grid);
}

/// <summary>A convolution of stride 2, binary with a pooled shortcut, or float without; a depthwise one convolves each channel by itself before a linear
/// layer.</summary>
internal sealed class ConvolutionDown : DownSampling
{
    private readonly TokenNorm norm0;
    private readonly Parameter? move;
    private readonly DepthwiseConvolution? depthwise;
    private readonly LatentWeight proj;
    private readonly TokenNorm norm;
    private readonly RPReLU? rprelu;
    private readonly Parameter position_embeddings;
    private readonly string _prefix;
    private readonly LayerContext _context;
    private readonly ConvWindow _window;

    internal ConvolutionDown(string prefix, LayerContext context, DownKind kind, long width, long nextWidth, long nextTokens) : base(nameof(ConvolutionDown))
    {
        (_prefix, _context) = (prefix, context);
        _window = kind switch
        {
            DownKind.Conv3 => new ConvWindow(Kernel: 3, Stride: 2, Padding: 1, Dilation: 1),
            DownKind.Depthwise => ConvWindow.Token,
            _ => ConvWindow.Tiling(2),
        };
        bool isBinary = kind is DownKind.Binary or DownKind.Conv3;
        norm0 = new TokenNorm(width, context.Eps);
        if (kind == DownKind.Depthwise)
        {
            depthwise = new DepthwiseConvolution(width, kernel: 3, stride: 2);
        }

        proj = new LatentWeight(isBinary ? SignForm.Plain : SignForm.None, nextWidth, width, _window.Kernel, _window.Kernel);
        norm = new TokenNorm(nextWidth, context.Eps);
        position_embeddings = Embeddings.Positions(nextTokens, nextWidth);
        if (isBinary)
        {
            move = nn.Parameter(torch.zeros(1, width, 1, 1));
            rprelu = new RPReLU(nextWidth);
        }
        RegisterComponents();
    }

    internal override Tensor Forward(Tensor x, TokenGrid grid)
    {
        Tensor z = norm0.call(x);                                                    // [B*N, C]
        _context.Taps.Report($"{_prefix}.norm0", z);
        // Weight [C', C, k, k] → [C', k*k*C], the order in which a window's values lie.
        Tensor weight = proj.weight.permute(0, 2, 3, 1).reshape(proj.weight.shape[0], -1);
        Tensor y = move is not null ? Binary(z, weight, grid) : Float(z, weight, grid);
        Tensor result = Embeddings.Placed(y, position_embeddings);
        _context.Taps.Report(_prefix, result);
        return result;
    }

    private Tensor Binary(Tensor z, Tensor weight, TokenGrid grid)
    {
        Tensor signs = _context.Sign($"{_prefix}.sign", z, move!.view(-1));
        Tensor linear = norm.call(_context.Product(new WindowRows(grid, _window).Of(signs), weight, proj.Form));
        Tensor pooled = grid.AveragePool(z, 2, 2, 2, 0, 0);                          // [B*N/4, C]
        var shortcut = new Shortcut(pooled, ShortcutKind.Tile, (int)(linear.shape[1] / pooled.shape[1]));
        Tensor y = rprelu!.Forward(linear, shortcut);
        if (_context.Taps.On)
        {
            _context.Taps.Report($"{_prefix}.proj", linear);
            _context.Taps.Report($"{_prefix}.pool", pooled);
            _context.Taps.Report($"{_prefix}.tile", shortcut.Expanded());
            _context.Taps.Report($"{_prefix}.sum", linear.add(shortcut.Expanded(), One));
            _context.Taps.Report($"{_prefix}.rprelu", y);
        }

        return y;
    }

    private Tensor Float(Tensor z, Tensor weight, TokenGrid grid)
    {
        Tensor windows = depthwise?.Forward(z, grid) ?? new WindowRows(grid, _window).Of(z);
        if (depthwise is not null)
        {
            _context.Taps.Report($"{_prefix}.depthwise", windows);
        }

        Tensor y = norm.call(MixedPrecision.Product(windows, weight));
        _context.Taps.Report($"{_prefix}.proj", y);
        return y;
    }
}

/// <summary>A float convolution of each channel by itself, zeros outside of the grid.</summary>
internal sealed class DepthwiseConvolution : nn.Module
{
    private readonly Parameter weight;
    private readonly long _stride;

    internal DepthwiseConvolution(long channels, long kernel, long stride) : base(nameof(DepthwiseConvolution))
    {
        _stride = stride;
        weight = Weight(channels, kernel);
        RegisterComponents();
    }

    /// <summary>Tokens <c>[B*N, C]</c> → <c>[B*N/s^2, C]</c>.</summary>
    internal Tensor Forward(Tensor tokens, TokenGrid grid) => Apply(tokens, weight, grid, _stride);

    /// <summary>A fresh weight <c>[C, 1, k, k]</c>.</summary>
    internal static Parameter Weight(long channels, long kernel) => nn.Parameter(torch.empty(channels, 1, kernel, kernel).uniform_(-1.0 / kernel, 1.0 / kernel));

    /// <summary>Tokens <c>[B*N, C]</c> → <c>[B*N/s^2, C]</c>.</summary>
    internal static Tensor Apply(Tensor tokens, Tensor weight, TokenGrid grid, long stride)
    {
        long padding = (weight.shape[2] - 1) / 2;
        return TokenGrid.AsTokens(F.conv2d(grid.AsImage(tokens), weight, null, [stride, stride], [padding, padding], groups: weight.shape[0]));
    }
}
