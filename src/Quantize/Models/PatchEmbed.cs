using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Image → tokens, <c>vit.embeddings</c>: an optional stem, a float convolution whose stride is the patch, batch norm, position
/// embeddings.</summary>
internal sealed class Embeddings : nn.Module
{
    private readonly Parameter position_embeddings;
    private readonly ConvStem? stem;
    private readonly PatchEmbeddings patch_embeddings;
    private readonly TokenNorm norm;
    private readonly LayerContext _context;

    internal Embeddings(LayerContext context, BinaryViTConfig config) : base(nameof(Embeddings))
    {
        _context = context;
        int width = config.Stages[0].Width;
        position_embeddings = Positions(config.Tokens(0), width);
        if (config.StemWidth > 0)
        {
            stem = new ConvStem(context, config.Channels, config.StemWidth);
        }

        patch_embeddings = new PatchEmbeddings(config);
        norm = new TokenNorm(width, context.Eps);
        RegisterComponents();
    }

    /// <summary>Normal of standard deviation 0.02, <c>[1, N, C]</c>.</summary>
    internal static Parameter Positions(long tokens, long width) => nn.Parameter(Normal(torch.empty(1, tokens, width), 0.02));

    /// <summary>Fills a tensor as PyTorch's <c>trunc_normal_</c> does, whose usual bounds of ±2 truncate nothing where deviations are small. TorchSharp's own
    /// cannot be used: version 0.107.0 gives the deviation itself everywhere, others a NaN in some million numbers, for a draw at an end of its range.</summary>
    private static Tensor Normal(Tensor target, double deviation)
    {
        const double Inside = 1 - (1.0 / (1 << 24));                                 // the largest float below 1
        return target.uniform_(-1, 1).clamp_(Number(-Inside), Number(Inside)).erfinv_().mul_(Number(deviation * Math.Sqrt(2)));
    }

    /// <summary>Images <c>[B, 3, H, W]</c> → tokens <c>[B*N, C]</c> and their grid.</summary>
    internal (Tensor Tokens, TokenGrid Grid) Forward(Tensor images)
    {
        long batch = images.shape[0];
        (Tensor patches, long side) = patch_embeddings.Forward(stem is null ? images : stem.Forward(images));
        Tensor tokens = norm.call(patches);
        _context.Taps.Report("vit.embeddings.norm", tokens);
        tokens = tokens.view(batch, side * side, -1).add(position_embeddings, One).view(batch * side * side, -1);
        _context.Taps.Report("vit.embeddings", tokens);
        return (tokens, new TokenGrid(batch, side));
    }
}

/// <summary>A float 3x3 convolution with norm and RPReLU, <c>vit.embeddings.stem</c>: every pixel sees its neighbours before patches are cut.</summary>
internal sealed class ConvStem : nn.Module
{
    private readonly Parameter weight;
    private readonly TokenNorm norm;
    private readonly RPReLU rprelu;
    private readonly LayerContext _context;

    internal ConvStem(LayerContext context, long channels, long width) : base(nameof(ConvStem))
    {
        _context = context;
        double bound = 1 / Math.Sqrt(channels * 9);
        weight = nn.Parameter(torch.empty(width, channels, 3, 3).uniform_(-bound, bound));
        norm = new TokenNorm(width, context.Eps);
        rprelu = new RPReLU(width);
        RegisterComponents();
    }

    /// <summary>Images <c>[B, 3, H, W]</c> → <c>[B, S, H, W]</c>, channels last in memory.</summary>
    internal Tensor Forward(Tensor images)
    {
        var grid = new TokenGrid(images.shape[0], images.shape[2]);
        Tensor last = images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Tensor y = norm.call(TokenGrid.AsTokens(F.conv2d(last, weight, null, [1, 1], [1, 1])));
        _context.Taps.Report("vit.embeddings.stem.norm", y);
        Tensor result = F.prelu(y - rprelu.move1, rprelu.prelu.weight).add(rprelu.move2, One);
        _context.Taps.Report("vit.embeddings.stem", result);
        return grid.AsImage(result);
    }
}

/// <summary>Holds the projection under the name that the paper's code gives it.</summary>
internal sealed class PatchEmbeddings : nn.Module
{
    private readonly Conv2d projection;
    private readonly long _patch;
    private readonly long _padding;

    internal PatchEmbeddings(BinaryViTConfig config) : base(nameof(PatchEmbeddings))
    {
        (_patch, _padding) = (config.PatchSize, config.PatchPadding);
        projection = nn.Conv2d(config.PatchChannels, config.Stages[0].Width, config.PatchKernel, stride: _patch, padding: _padding);
        RegisterComponents();
    }

    /// <summary>Images <c>[B, c, H, W]</c> → patches <c>[B*N, C]</c> and the side of their grid.</summary>
    internal (Tensor Patches, long Side) Forward(Tensor images)
    {
        long batch = images.shape[0];
        long side = images.shape[2] / _patch;
        if (_padding > 0)
        {
            return (TokenGrid.AsTokens(projection.call(images)), side);
        }
        // Kernel = stride: every patch is one row, the convolution one matrix product. [B*N, c*p*p]
        Tensor patches = images.reshape(batch, -1, side, _patch, side, _patch).permute(0, 2, 4, 1, 3, 5).reshape(batch * side * side, -1);
        return (F.linear(patches, projection.weight.flatten(1), projection.bias), side);
    }
}

/// <summary>Down-sampling between two stages, <c>vit.encoder.patch_embed{k}</c>: tokens <c>[B*N, C]</c> → <c>[B*N/4, C']</c> by a 2x2 convolution
/// of stride 2, binary with a pooled shortcut, or float without.</summary>
internal sealed class DownSampling : nn.Module
{
    private readonly TokenNorm norm0;
    private readonly Parameter? move;
    private readonly LatentWeight proj;
    private readonly TokenNorm norm;
    private readonly RPReLU? rprelu;
    private readonly Parameter position_embeddings;
    private readonly string _prefix;
    private readonly LayerContext _context;
    private readonly bool _shortcut;

    internal DownSampling(string prefix, LayerContext context, bool binary, long width, long nextWidth, long nextTokens) : base(nameof(DownSampling))
    {
        (_prefix, _context, _shortcut) = (prefix, context, binary);
        norm0 = new TokenNorm(width, context.Eps);
        proj = new LatentWeight(binary ? SignForm.Plain : SignForm.None, nextWidth, width, 2, 2);
        norm = new TokenNorm(nextWidth, context.Eps);
        position_embeddings = Embeddings.Positions(nextTokens, nextWidth);
        if (binary)
        {
            move = nn.Parameter(torch.zeros(1, width, 1, 1));
            rprelu = new RPReLU(nextWidth);
        }
        RegisterComponents();
    }

    /// <summary>Tokens of one stage → tokens of the next.</summary>
    internal Tensor Forward(Tensor x, TokenGrid grid)
    {
        Tensor z = norm0.call(x);                                                    // [B*N, C]
        _context.Taps.Report($"{_prefix}.norm0", z);
        // Weight [C', C, 2, 2] → [C', 2*2*C], the order in which Windows lays out a window's values.
        Tensor weight = proj.weight.permute(0, 2, 3, 1).reshape(proj.weight.shape[0], -1);
        Tensor y;
        if (_shortcut)
        {
            Tensor signs = _context.Sign($"{_prefix}.sign", z, move!.view(-1));
            Tensor linear = norm.call(_context.Product(Windows(signs, grid), weight, proj.Form));
            Tensor pooled = grid.AveragePool(z, 2, 2, 2, 0, 0);                      // [B*N/4, C]
            var shortcut = new Shortcut(pooled, ShortcutKind.Tile, (int)(linear.shape[1] / pooled.shape[1]));
            y = rprelu!.Forward(linear, shortcut);
            if (_context.Taps.On)
            {
                _context.Taps.Report($"{_prefix}.proj", linear);
                _context.Taps.Report($"{_prefix}.pool", pooled);
                _context.Taps.Report($"{_prefix}.tile", shortcut.Expanded());
                _context.Taps.Report($"{_prefix}.sum", linear.add(shortcut.Expanded(), One));
                _context.Taps.Report($"{_prefix}.rprelu", y);
            }
        }
        else
        {
            y = norm.call(MixedPrecision.Product(Windows(z, grid), weight));
            _context.Taps.Report($"{_prefix}.proj", y);
        }

        Tensor result = y.view(grid.Batch, -1, y.shape[1]).add(position_embeddings, One).view(-1, y.shape[1]);
        _context.Taps.Report(_prefix, result);
        return result;
    }

    /// <summary>Tokens <c>[B*N, C]</c> → the 2x2 windows <c>[B*N/4, 4*C]</c>, each row ordered kernel row, kernel column, channel.</summary>
    private static Tensor Windows(Tensor tokens, TokenGrid grid)
    {
        long half = grid.Side / 2;
        return tokens.view(grid.Batch, half, 2, half, 2, -1).permute(0, 1, 3, 2, 4, 5).reshape(grid.Batch * half * half, -1);
    }
}
