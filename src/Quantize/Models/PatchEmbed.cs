using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Image → tokens, <c>vit.embeddings</c>: an optional stem of one or more layers, a float convolution whose stride is the patch, batch norm, position
/// embeddings.</summary>
internal sealed class Embeddings : nn.Module
{
    private readonly Parameter position_embeddings;
    private readonly ConvStem? stem;
    private readonly PatchEmbeddings patch_embeddings;
    private readonly TokenNorm norm;
    private readonly LayerContext _context;
    private readonly List<ConvStem> _stem = [];

    internal Embeddings(LayerContext context, BinaryViTConfig config) : base(nameof(Embeddings))
    {
        _context = context;
        int width = config.Stages[0].Width;
        position_embeddings = Positions(config.Tokens(0), width);
        long channels = config.Channels;
        foreach ((int i, StemLayer layer) in config.StemLayers().Index())
        {
            _stem.Add(new ConvStem(StemLayer.Name(i), context, layer, channels));
            channels = layer.Outputs((int)channels);
        }

        stem = _stem.FirstOrDefault();

        patch_embeddings = new PatchEmbeddings(config);
        norm = new TokenNorm(width, context.Eps);
        RegisterComponents();
        for (int i = 1; i < _stem.Count; i++)
        {
            register_module(StemLayer.Name(i).Split('.')[^1], _stem[i]);
        }
    }

    /// <summary>Normal of standard deviation 0.02, <c>[1, N, C]</c>.</summary>
    internal static Parameter Positions(long tokens, long width) => nn.Parameter(Normal(torch.empty(1, tokens, width), 0.02));

    /// <summary>Tokens <c>[B*N, C]</c> with the embeddings <c>[1, N, C]</c> of their places added.</summary>
    internal static Tensor Placed(Tensor tokens, Tensor positions) => tokens.view(-1, positions.shape[1], positions.shape[2]).add(positions, One).view(-1, positions.shape[2]);

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
        (Tensor patches, long side) = patch_embeddings.Forward(_stem.Aggregate(images, (x, layer) => layer.Forward(x)));
        Tensor tokens = norm.call(patches);
        _context.Taps.Report("vit.embeddings.norm", tokens);
        tokens = Placed(tokens, position_embeddings);
        _context.Taps.Report("vit.embeddings", tokens);
        return (tokens, new TokenGrid(batch, side));
    }
}

/// <summary>A float convolution with norm and RPReLU, <c>vit.embeddings.stem</c>: every pixel sees its neighbours before patches are cut. A depthwise one
/// convolves each channel by itself.</summary>
internal sealed class ConvStem : nn.Module
{
    private readonly Parameter weight;
    private readonly TokenNorm norm;
    private readonly RPReLU rprelu;
    private readonly LayerContext _context;
    private readonly string _prefix;
    private readonly StemLayer _layer;

    internal ConvStem(string prefix, LayerContext context, StemLayer layer, long channels) : base(nameof(ConvStem))
    {
        (_prefix, _context, _layer) = (prefix, context, layer);
        long inputs = layer.Depthwise ? 1 : channels, outputs = layer.Outputs((int)channels);
        double bound = 1 / Math.Sqrt(inputs * layer.Window.Taps);
        weight = nn.Parameter(torch.empty(outputs, inputs, layer.Kernel, layer.Kernel).uniform_(-bound, bound));
        norm = new TokenNorm(outputs, context.Eps);
        rprelu = new RPReLU(outputs);
        RegisterComponents();
    }

    /// <summary>Images <c>[B, 3, H, W]</c> → <c>[B, S, H/s, W/s]</c>, channels last in memory.</summary>
    internal Tensor Forward(Tensor images)
    {
        (long stride, long padding) = (_layer.Stride, _layer.Window.Padding);
        var grid = new TokenGrid(images.shape[0], images.shape[2] / stride);
        Tensor last = images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Tensor y = norm.call(TokenGrid.AsTokens(F.conv2d(last, weight, null, [stride, stride], [padding, padding], groups: _layer.Depthwise ? weight.shape[0] : 1)));
        _context.Taps.Report($"{_prefix}.norm", y);
        Tensor result = F.prelu(y - rprelu.move1, rprelu.prelu.weight).add(rprelu.move2, One);
        _context.Taps.Report(_prefix, result);
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
