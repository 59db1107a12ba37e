using EdgeVit.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Attention from stage to stage (LeViT, Graham et al. 2021): queries are made from the means of 2x2 tokens, keys and values from all of them, each
/// channel of the means twice is the residual stream to which the result is added.</summary>
internal sealed class AttentionDown : DownSampling
{
    private readonly TokenNorm norm0;
    private readonly AttentionBlock attention;
    private readonly Parameter position_embeddings;
    private readonly string _prefix;
    private readonly LayerContext _context;
    private readonly int _widening;

    internal AttentionDown(string prefix, LayerContext context, BinaryViTConfig config, int stage, BinarizationSettings binarization) : base(nameof(AttentionDown))
    {
        (_prefix, _context, _widening) = (prefix, context, config.Stages[stage].Width / config.Stages[stage - 1].Width);
        norm0 = new TokenNorm(config.Stages[stage - 1].Width, context.Eps);
        attention = new AttentionBlock($"{prefix}.attention", context, config, BinaryViTConfig.DownTo(stage), BinaryViTConfig.NoLayer, BinaryViTLayer.LayerScaleStart, binarization);
        position_embeddings = Embeddings.Positions(config.Tokens(stage), config.Stages[stage].Width);
        RegisterComponents();
    }

    internal override Tensor Forward(Tensor x, TokenGrid grid)
    {
        Taps taps = _context.Taps;
        Tensor z = norm0.call(x);                                                    // [B*N, C]
        Tensor pooled = grid.AveragePool(z, 2, 2, 2, 0, 0);                          // [B*N/4, C]
        Tensor wide = new Shortcut(pooled, ShortcutKind.Tile, _widening).Expanded(); // [B*N/4, C']
        Tensor attended = attention.ForwardPooled(z, pooled, wide, grid, training && !taps.On && FusedNorm.Serves(wide));
        Tensor result = Embeddings.Placed(attended, position_embeddings);
        taps.Report($"{_prefix}.norm0", z);
        taps.Report($"{_prefix}.pool", pooled);
        taps.Report($"{_prefix}.tile", wide);
        taps.Report($"{_prefix}.attention", attended);
        taps.Report(_prefix, result);
        return result;
    }
}
