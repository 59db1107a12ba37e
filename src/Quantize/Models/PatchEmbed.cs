using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Image → tokens, <c>vit.embeddings</c>: a float convolution whose kernel is its stride, batch norm, position embeddings.</summary>
internal sealed class Embeddings : nn.Module
{
    private readonly Parameter position_embeddings;
    private readonly PatchEmbeddings patch_embeddings;
    private readonly TokenNorm norm;
    private readonly LayerContext _context;
    private readonly long _patch;

    internal Embeddings(LayerContext context, long channels, long patch, long side, long width) : base(nameof(Embeddings))
    {
        (_context, _patch) = (context, patch);
        position_embeddings = Positions(side * side, width);
        patch_embeddings = new PatchEmbeddings(channels, patch, width);
        norm = new TokenNorm(width, context.Eps);
        RegisterComponents();
    }

    /// <summary>Truncated normal of standard deviation 0.02, <c>[1, N, C]</c>.</summary>
    internal static Parameter Positions(long tokens, long width)
    {
        Tensor start = torch.empty(1, tokens, width);
        using (torch.no_grad())
            nn.init.trunc_normal_(start, 0, 0.02);
        return nn.Parameter(start);
    }

    /// <summary>Images <c>[B, 3, H, W]</c> → tokens <c>[B*N, C]</c> and their grid.</summary>
    internal (Tensor Tokens, TokenGrid Grid) Forward(Tensor images)
    {
        long batch = images.shape[0];
        long side = images.shape[2] / _patch;
        // Kernel = stride: every patch is one row, the convolution one matrix product. [B*N, 3*p*p]
        Tensor patches = images.view(batch, -1, side, _patch, side, _patch).permute(0, 2, 4, 1, 3, 5).reshape(batch * side * side, -1);
        Tensor tokens = norm.call(patch_embeddings.Forward(patches));
        _context.Taps.Report("vit.embeddings.norm", tokens);
        tokens = (tokens.view(batch, side * side, -1) + position_embeddings).view(batch * side * side, -1);
        _context.Taps.Report("vit.embeddings", tokens);
        return (tokens, new TokenGrid(batch, side));
    }
}

/// <summary>Holds the projection under the name that the paper's code gives it.</summary>
internal sealed class PatchEmbeddings : nn.Module
{
    private readonly Conv2d projection;

    internal PatchEmbeddings(long channels, long patch, long width) : base(nameof(PatchEmbeddings))
    {
        projection = nn.Conv2d(channels, width, patch, stride: patch);
        RegisterComponents();
    }

    internal Tensor Forward(Tensor patches) => F.linear(patches, projection.weight.flatten(1), projection.bias);
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
            Tensor linear = norm.call(F.linear(Windows(signs, grid), _context.Binary ? WeightSign.Convolution(weight) : weight));
            Tensor pooled = grid.AveragePool(z, 2, 2, 2, 0, 0);                      // [B*N/4, C]
            var shortcut = new Shortcut(pooled, ShortcutKind.Tile, (int)(linear.shape[1] / pooled.shape[1]));
            y = rprelu!.Forward(linear, shortcut);
            if (_context.Taps.On)
            {
                _context.Taps.Report($"{_prefix}.proj", linear);
                _context.Taps.Report($"{_prefix}.pool", pooled);
                _context.Taps.Report($"{_prefix}.tile", shortcut.Expanded());
                _context.Taps.Report($"{_prefix}.sum", linear + shortcut.Expanded());
                _context.Taps.Report($"{_prefix}.rprelu", y);
            }
        }
        else
        {
            y = norm.call(F.linear(Windows(z, grid), weight));
            _context.Taps.Report($"{_prefix}.proj", y);
        }

        Tensor result = (y.view(grid.Batch, -1, y.shape[1]) + position_embeddings).view(-1, y.shape[1]);
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
