using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Binary self-attention (<c>attention.attention</c>): signs of q, k and v, integer scores, probabilities of one or three levels, and a float shortcut
/// around each of them. With convolutions before the projections these read their own tokens (CvT, Wu et al. 2021). With a reduction r the keys and values live on a grid of r times fewer rows and columns. With locality (Lee et al. 2021) each
/// head's scores have a learned temperature, and where keys are the queries' own tokens no token attends to itself. Windows bound which keys a query meets; a
/// bias adds to the scores by the places of query and key.</summary>
internal sealed class BinaryAttention : nn.Module
{
    private readonly Parameter moveq;
    private readonly Parameter movek;
    private readonly Parameter movev;
    private readonly Parameter? mover;
    private readonly Parameter moveq2;
    private readonly Parameter movek2;
    private readonly Parameter movev2;

    // The logarithm of att_prob_clip, [heads] or [1] for all of them, so that the clip stays positive; exported as exp of it.
    private readonly Parameter att_prob_clip_log;

    // Locality's temperature [heads], as AttentionTemperature describes it.
    private readonly Parameter? att_temperature_logit;

    // The zero points of the levels [heads].
    private readonly Parameter? att_zero_point;

    // The bias of the scores [heads, numbers], in logits, as BiasTable describes it.
    private readonly Parameter? att_bias;
    // Float convolutions before the projections.
    private readonly LocalConvolution? convq;
    private readonly LocalConvolution? convk;
    private readonly LocalConvolution? convv;
    private readonly LatentWeight query;
    private readonly LatentWeight key;
    private readonly LatentWeight value;
    private readonly LatentWeight? reduction;
    private readonly TokenNorm? norm_r;
    private readonly RPReLU? rprelur;
    private readonly TokenNorm normq;
    private readonly TokenNorm normk;
    private readonly TokenNorm normv;
    private readonly RPReLU rpreluq;
    private readonly RPReLU rpreluk;
    private readonly RPReLU rpreluv;
    private readonly TokenNorm norm_context;
    private readonly RPReLU rprelu_context;

    private readonly string _prefix;
    private readonly BranchNames _query;
    private readonly BranchNames _key;
    private readonly BranchNames _value;
    private readonly BranchNames _reduction;
    private readonly LayerContext _context;
    private readonly StageConfig _stage;
    private readonly int _levels;
    private readonly int _widening;
    private readonly bool _maskDiagonal;
    private readonly ScoreBias? _bias;
    private readonly WindowGroups? _windows;

    internal BinaryAttention(string prefix, LayerContext context, BinaryViTConfig config, int stageIndex, int layer, BinarizationSettings binarization) : base(nameof(BinaryAttention))
    {
        StageConfig stage = config.StageAt(stageIndex);
        (_prefix, _context, _stage, _levels, _maskDiagonal) = (prefix, context, stage, config.AttentionLevels, config.MasksDiagonal(stageIndex));
        _query = BranchNames.Of($"{prefix}.query", $"{prefix}.query", $"{prefix}.rpreluq");
        _key = BranchNames.Of($"{prefix}.key", $"{prefix}.key", $"{prefix}.rpreluk");
        _value = BranchNames.Of($"{prefix}.value", $"{prefix}.value", $"{prefix}.rpreluv");
        _reduction = BranchNames.Of($"{prefix}.reduction", $"{prefix}.reduction", $"{prefix}.rprelur");
        long c = stage.Width, inputs = config.InputsAt(stageIndex);
        _widening = (int)(c / inputs);
        moveq = Zeros(inputs);
        movek = Zeros(inputs);
        movev = Zeros(inputs);
        moveq2 = Zeros(c);
        movek2 = Zeros(c);
        movev2 = Zeros(c);
        att_prob_clip_log = nn.Parameter(torch.full(binarization.ClipPerLayer ? 1 : stage.Heads, Number(Math.Log(binarization.Clip.For(layer == BinaryViTConfig.NoLayer ? config.Keys(stageIndex) : config.KeysAt(layer)) / _levels))));
        if (config.Locality)
        {
            att_temperature_logit = nn.Parameter(torch.full(stage.Heads, Number(AttentionTemperature.Start(stage.HeadSize))));
        }

        if (config.ZeroPoint)
        {
            att_zero_point = Zeros(stage.Heads);
        }

        if (config.BiasAt(layer) is { } table)
        {
            att_bias = nn.Parameter(torch.zeros(stage.Heads, table.Length));
            _bias = new ScoreBias(att_bias, table, stage.HeadSize);
        }

        _windows = config.WindowAt(layer) is { } form ? new WindowGroups(form, config.Grid(stageIndex)) : null;
        query = new LatentWeight(SignForm.Centred, c, inputs);
        key = new LatentWeight(SignForm.Centred, c, inputs);
        value = new LatentWeight(SignForm.Centred, c, inputs);
        if (stage.Projection == ProjectionKind.Depthwise)
        {
            convq = new LocalConvolution($"{prefix}.convq", context, c, StageConfig.UsualKernel);
            convk = new LocalConvolution($"{prefix}.convk", context, c, StageConfig.UsualKernel, stage.Reduction);
            convv = new LocalConvolution($"{prefix}.convv", context, c, StageConfig.UsualKernel, stage.Reduction);
        }

        if (stage.HasReductionLayer)
        {
            mover = Zeros(c);
            reduction = new LatentWeight(SignForm.Centred, c, c);
            norm_r = new TokenNorm(c, context.Eps);
            rprelur = new RPReLU(c);
        }
        normq = new TokenNorm(c, context.Eps);
        normk = new TokenNorm(c, context.Eps);
        normv = new TokenNorm(c, context.Eps);
        rpreluq = new RPReLU(c);
        rpreluk = new RPReLU(c);
        rpreluv = new RPReLU(c);
        norm_context = new TokenNorm(c, context.Eps);
        rprelu_context = new RPReLU(c);
        RegisterComponents();
    }

    /// <summary>Tokens <c>[B*N, C]</c> → <c>[B*N, C]</c>.</summary>
    internal Tensor Forward(Tensor x, TokenGrid grid)
    {
        string p = _prefix;
        TokenGrid keyGrid = grid.Divided(_stage.Reduction);
        Tensor reduced = x;                                                          // [B*Nk, C]
        if (_stage.HasReductionLayer)
        {
            Tensor pooled = grid.AveragePool(x, _stage.Reduction, _stage.Reduction, _stage.Reduction, 0, 0);
            _context.Taps.Report($"{p}.reduction.pool", pooled);
            reduced = _context.Branch(_reduction, pooled, mover!, reduction!, norm_r!, new Shortcut(pooled), rprelur!);
        }

        (Tensor qs, Tensor ks, Tensor vs) = (convq?.Forward(x, grid) ?? x, convk?.Forward(x, grid) ?? reduced, convv?.Forward(x, grid) ?? reduced);
        Tensor q = _context.Branch(_query, qs, moveq, query, normq, new Shortcut(qs), rpreluq);
        Tensor k = _context.Branch(_key, ks, movek, key, normk, new Shortcut(ks), rpreluk);
        Tensor v = _context.Branch(_value, vs, movev, value, normv, new Shortcut(vs), rpreluv);

        if (_context.Taps.On && _stage.Reduction > 1)
        {
            _context.Taps.Report($"{p}.rpreluk.up", Upsample(k, grid, keyGrid));
            _context.Taps.Report($"{p}.rpreluv.up", Upsample(v, grid, keyGrid));
        }
        return Context(q, k, v, _stage.Reduction == 1 ? q.add(k, One).add(v, One) : q.add(Upsample(k.add(v, One), grid, keyGrid), One), grid.Batch);
    }

    /// <summary>Class attention: tokens <c>[B*(1+N), C]</c>, each image's class token <c>[B, C]</c> first, → the class tokens. Their shortcut is the
    /// mean of all keys and values, as the class token's place is the whole grid.</summary>
    internal Tensor ForwardClass(Tensor x, Tensor token)
    {
        (string p, long batch) = (_prefix, token.shape[0]);
        Tensor q = _context.Branch(_query, token, moveq, query, normq, new Shortcut(token), rpreluq);
        Tensor k = _context.Branch(_key, x, movek, key, normk, new Shortcut(x), rpreluk);
        Tensor v = _context.Branch(_value, x, movev, value, normv, new Shortcut(x), rpreluv);
        Tensor meanK = k.view(batch, -1, _stage.Width).mean([1]), meanV = v.view(batch, -1, _stage.Width).mean([1]);
        _context.Taps.Report($"{p}.rpreluk.mean", meanK);
        _context.Taps.Report($"{p}.rpreluv.mean", meanV);
        return Context(q, k, v, q.add(meanK, One).add(meanV, One), batch);
    }

    /// <summary>Attention that leads to the next stage: queries <c>[B*N/4, C]</c> that are means of 2x2 tokens, all tokens <c>[B*N, C]</c> of their grid → tokens of the
    /// next stage, <c>[B*N/4, C']</c>. Means of keys and values are in the shortcut.</summary>
    internal Tensor ForwardPooled(Tensor x, Tensor pooled, TokenGrid grid)
    {
        string p = _prefix;
        (Shortcut narrow, Shortcut all) = (new Shortcut(pooled, ShortcutKind.Tile, _widening), new Shortcut(x, ShortcutKind.Tile, _widening));
        Tensor q = _context.Branch(_query, pooled, moveq, query, normq, narrow, rpreluq);
        Tensor k = _context.Branch(_key, x, movek, key, normk, all, rpreluk);
        Tensor v = _context.Branch(_value, x, movev, value, normv, all, rpreluv);
        Tensor meanK = grid.AveragePool(k, 2, 2, 2, 0, 0), meanV = grid.AveragePool(v, 2, 2, 2, 0, 0);
        if (_context.Taps.On)
        {
            _context.Taps.Report($"{p}.query.tile", narrow.Expanded());
            _context.Taps.Report($"{p}.key.tile", all.Expanded());
            _context.Taps.Report($"{p}.value.tile", all.Expanded());
            _context.Taps.Report($"{p}.rpreluk.pool", meanK);
            _context.Taps.Report($"{p}.rpreluv.pool", meanV);
        }

        return Context(q, k, v, q.add(meanK, One).add(meanV, One), grid.Batch);
    }

    /// <summary>The attention's context with its norm, shortcut and RPReLU: queries <c>[B*N, C]</c>, keys and values <c>[B*M, C]</c> → <c>[B*N, C]</c>.</summary>
    private Tensor Context(Tensor q, Tensor k, Tensor v, Tensor shortcut, long batch)
    {
        string p = _prefix;
        if (IsFused(q, k.shape[0] / batch))
        {
            Tensor fused = InWindows(q, k, v, batch, (gq, gk, gv, images, bias) => FusedAttention.Apply(
                gq, gk, gv, moveq2, movek2, movev2, att_prob_clip_log.expand(_stage.Heads), Temperature(), bias, att_zero_point, new HeadLayout((int)images, _stage.Heads, _stage.HeadSize),
                _levels, _maskDiagonal, _context.Mode.Surrogate));
            return FusedActivation.Apply(fused, shortcut, norm_context, rprelu_context);
        }

        Tensor qs = _context.Sign($"{p}.query.bits", q, moveq2);
        Tensor ks = _context.Sign($"{p}.key.bits", k, movek2);
        Tensor vs = _context.Sign($"{p}.value.bits", v, movev2);
        Tensor context = norm_context.call(Attend(qs, ks, vs, batch));              // [B*N, C]
        _context.Taps.Report($"{p}.norm_context", context);

        Tensor result = rprelu_context.Forward(context, new Shortcut(shortcut));
        if (_context.Taps.On)
        {
            _context.Taps.Report($"{p}.context.sum", context.add(shortcut, One));
            _context.Taps.Report($"{p}.rprelu_context", result);
        }
        return result;
    }

    private bool IsFused(Tensor q, long keys)
    {
        bool asked = training && _context.Binary && !_context.Taps.On;
        return asked && (_windows is null
            ? FusedAttention.Serves(q, keys, _stage.HeadSize, _levels)
            : _windows.Groups.All(g => FusedAttention.Serves(q, g.Places.Length, _stage.HeadSize, _levels)));
    }

    /// <summary>Softmax attention of the signs, <c>[B*N, C]</c>, within windows where there are some.</summary>
    internal Tensor Attend(Tensor q, Tensor k, Tensor v, long batch) => InWindows(q, k, v, batch, Attend);

    /// <summary>Attention of all tokens, or of each group of windows as of a larger batch.</summary>
    private Tensor InWindows(Tensor q, Tensor k, Tensor v, long batch, Func<Tensor, Tensor, Tensor, long, Tensor?, Tensor> attend)
    {
        if (_windows is null)
        {
            return attend(q, k, v, batch, _bias?.Products(null, _context.Binary));
        }

        Tensor[] parts =
        [
            .. _windows.Groups.Select(g => attend(
                WindowGroups.Take(q, g, batch), WindowGroups.Take(k, g, batch), WindowGroups.Take(v, g, batch), batch * g.Windows, _bias?.Products(g.Places, _context.Binary))),
        ];
        return _windows.Join(parts, batch);
    }

    /// <summary>Probabilities are quantised to multiples of the clip in the binary network.</summary>
    /// <param name="bias">What is added to the products of signs, <c>[h, N, M]</c>; null for nothing.</param>
    private Tensor Attend(Tensor q, Tensor k, Tensor v, long batch, Tensor? bias)
    {
        Tensor products = MixedPrecision.Matmul(Heads(q, batch), Heads(k, batch).transpose(2, 3));   // [B, h, N, M]
        if (bias is not null)
        {
            products = products.add(bias, One);
            products = _context.Binary ? products.clamp(Number(-_stage.HeadSize), Number(_stage.HeadSize)) : products;
        }

        Tensor scores = products.mul_(Number(1 / Math.Sqrt(_stage.HeadSize)));
        if (Temperature() is { } temperature)
        {
            scores = scores * temperature.view(1, -1, 1, 1);
        }

        Tensor? own = _maskDiagonal ? torch.eye(scores.shape[^1], dtype: ScalarType.Bool, device: scores.device) : null;
        scores = own is null ? scores : scores.masked_fill(own, Number(float.NegativeInfinity));

        Tensor probabilities = scores.softmax(-1);
        if (_context.Binary)
        {
            Tensor clip = att_prob_clip_log.expand(_stage.Heads).exp();
            probabilities = AttentionBits.Apply(probabilities, clip, _levels, att_zero_point);

            // A zero point below -1/2 would lift it to a level.
            probabilities = own is null || att_zero_point is null ? probabilities : probabilities.masked_fill(own, Zero);
            if (_context.Taps.On)
            {
                _context.Taps.Report($"{_prefix}.prob", (probabilities / clip.view(1, -1, 1, 1)).round_());
            }
        }
        Tensor context = MixedPrecision.Matmul(probabilities, Heads(v, batch));    // [B, h, N, d]
        return context.transpose(1, 2).reshape(-1, _stage.Width);
    }

    /// <summary>What scores are multiplied by, <c>[h]</c>; null where that is 1.</summary>
    private Tensor? Temperature() => att_temperature_logit?.sigmoid().mul(Number(AttentionTemperature.Most(_stage.HeadSize)));

    /// <summary>Tokens <c>[B*N, C]</c> → <c>[B, h, N, d]</c>.</summary>
    private Tensor Heads(Tensor tokens, long batch) => tokens.view(batch, -1, _stage.Heads, _stage.HeadSize).transpose(1, 2);

    /// <summary>Nearest-neighbour up-sampling from the key grid to the query grid.</summary>
    private Tensor Upsample(Tensor tokens, TokenGrid grid, TokenGrid keyGrid)
    {
        long r = _stage.Reduction;
        return tokens.view(grid.Batch, keyGrid.Side, 1, keyGrid.Side, 1, _stage.Width)
            .expand(grid.Batch, keyGrid.Side, r, keyGrid.Side, r, _stage.Width)
            .reshape(grid.Batch * grid.Tokens, _stage.Width);
    }

    private static Parameter Zeros(long channels) => nn.Parameter(torch.zeros(channels));
}
