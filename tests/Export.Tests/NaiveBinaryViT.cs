namespace EdgeVit.Export.Tests;

/// <summary>BinaryViT written down as its description says, in double precision, one loop after another, nothing folded, sharing nothing with
/// the lowering but the names. Stands in for the float simulator.</summary>
internal sealed class NaiveBinaryViT(BinaryViTConfig config, IReadOnlyDictionary<string, FloatTensor> tensors) : ISimulatorTaps
{
    private readonly Dictionary<string, float[]> _taps = new(StringComparer.Ordinal);

    /// <summary>Signs to force: value name, token, channel.</summary>
    public Dictionary<(string Value, int Token, int Channel), double> ForcedSigns { get; } = [];

    /// <summary>Attention levels to force: attention module, head, query token, key token.</summary>
    public Dictionary<(string Module, int Head, int Token, int Key), int> ForcedAttention { get; } = [];

    /// <summary>Attention probabilities by module: [head][query][key].</summary>
    public Dictionary<string, double[][][]> Probabilities { get; } = [];

    /// <summary>A fault: repeats each channel where the whole vector has to be repeated.</summary>
    public bool SwapTile { get; init; }

    /// <summary>A fault: averages channels C apart where adjacent ones have to be averaged.</summary>
    public bool SwapGroups { get; init; }

    public IReadOnlyDictionary<string, float[]> Taps => _taps;

    public bool TryGet(string name, out float[] values) => _taps.TryGetValue(name, out values!);

    public void Remove(string name) => _taps.Remove(name);

    /// <summary>One image [3, H, W] to its logits; <see cref="Taps"/> holds what was on the way.</summary>
    public float[] Run(ReadOnlySpan<float> image)
    {
        _taps.Clear();
        double[][] x = Embed(image);
        int layer = 0;
        for (int s = 0; s < config.Stages.Count; s++)
        {
            for (int i = 0; i < config.Stages[s].Depth; i++)
            {
                x = Block($"vit.encoder.layer.{layer++}", config.Stages[s], config.Stages[s].Mixer.Kinds[i % config.Stages[s].Mixer.Kinds.Count], config.Grid(s), x);
            }

            if (s + 1 < config.Stages.Count)
            {
                x = Downsample($"vit.encoder.patch_embed{s + 1}", config.Grid(s), x);
            }
        }
        if (config.ClassAttention > 0)
        {
            double[][] token = Tap("vit.class_token", AddFlat(Tap("vit.pooled", [MeanRow(x)]), D("vit.cls_token")));
            for (int l = 0; l < config.ClassAttention; l++)
            {
                token = Block($"vit.class_attention.{l}", new StageConfig(1, config.Stages[^1].Width, config.Stages[^1].FfnWidth, config.Stages[^1].Heads, 1), MixerKind.Attention, 0, x, token);
            }

            x = token;
        }
        double[][] normed = Norm("vit.layernorm", x);
        double[] pooled = Pooled(normed);
        if (config.ClassAttention == 0)
        {
            Tap("vit.pooled", [config.LayerNorm && !config.ClassToken ? pooled : Pooled(x)]);
        }

        Tap("vit.layernorm", config.ClassToken ? [pooled] : normed);
        double[] bias = D("classifier.bias");
        double[] weight = D("classifier.weight");
        double[] logits = [.. bias.Select((b, o) => b + pooled.Select((p, c) => p * weight[(o * pooled.Length) + c]).Sum())];
        return Tap("logits", [logits])[0].Select(v => (float)v).ToArray();
    }

    private double[][] Embed(ReadOnlySpan<float> image)
    {
        int size = config.ImageSize;
        float[] values = image.ToArray();
        double[][] pixels = Map(Rows(size * size, config.Channels), (t, c, _) => values[(c * size * size) + t]);
        foreach ((int i, StemLayer layer) in config.StemLayers().Index())
        {
            string stem = i == 0 ? "vit.embeddings.stem" : $"vit.embeddings.stem{i + 1}";
            int padding = layer.Kernel / 2;
            pixels = layer.Depthwise
                ? Depthwise(pixels, size, D($"{stem}.weight"), layer.Kernel, layer.Stride, padding)
                : Convolution(pixels, size, D($"{stem}.weight"), new double[layer.Width], layer.Kernel, layer.Stride, padding);
            size /= layer.Stride;
            pixels = Tap($"{stem}.norm", Norm($"{stem}.norm", pixels));
            pixels = Tap(stem, RPReLU($"{stem}.rprelu", pixels));
        }
        const string Projection = "vit.embeddings.patch_embeddings.projection";
        double[] weight = D($"{Projection}.weight");
        double[] bias = D($"{Projection}.bias");
        int kernel = (int)Math.Round(Math.Sqrt(weight.Length / bias.Length / pixels[0].Length));
        double[][] x = Convolution(pixels, size, weight, bias, kernel, config.PatchSize, (kernel - config.PatchSize) / 2);
        x = config.EmbeddingNorm ? Tap("vit.embeddings.norm", Norm("vit.embeddings.norm", Tap("vit.embeddings.norm.product", x))) : Tap("vit.embeddings.patch_embeddings", x);
        if (config.ClassToken)
        {
            x = Tap("vit.embeddings.tokens", [D("vit.embeddings.cls_token"), .. x]);
        }

        return Tap("vit.embeddings", AddFlat(x, D("vit.embeddings.position_embeddings")));
    }

    private static double[][] Convolution(double[][] pixels, int size, double[] weight, double[] bias, int kernel, int stride, int padding)
    {
        int channels = pixels[0].Length;
        int grid = ((size + (2 * padding) - kernel) / stride) + 1;
        double[][] result = Rows(grid * grid, bias.Length);
        for (int t = 0; t < result.Length; t++)
        {
            for (int o = 0; o < bias.Length; o++)
            {
                result[t][o] = bias[o];
                for (int i = 0; i < channels * kernel * kernel; i++)
                {
                    int y = (t / grid * stride) + (i / kernel % kernel) - padding;
                    int z = (t % grid * stride) + (i % kernel) - padding;
                    if (y >= 0 && y < size && z >= 0 && z < size)
                    {
                        result[t][o] += pixels[(y * size) + z][i / (kernel * kernel)] * weight[(o * channels * kernel * kernel) + i];
                    }
                }
            }
        }
        return result;
    }

    /// <summary>Every token adds itself to the windows that it is in, channel by channel.</summary>
    private static double[][] Depthwise(double[][] x, int size, double[] weight, int kernel, int stride, int padding)
    {
        int side = size / stride;
        double[][] y = Rows(side * side, x[0].Length);
        for (int t = 0; t < x.Length; t++)
        {
            for (int tap = 0; tap < kernel * kernel; tap++)
            {
                (int row, int column) = ((t / size) + padding - (tap / kernel), (t % size) + padding - (tap % kernel));
                if (row < 0 || column < 0 || row % stride > 0 || column % stride > 0 || row / stride >= side || column / stride >= side)
                {
                    continue;
                }

                for (int c = 0; c < x[t].Length; c++)
                {
                    y[(row / stride * side) + (column / stride)][c] += x[t][c] * weight[(c * kernel * kernel) + tap];
                }
            }
        }
        return y;
    }

    private double[][] Block(string l, StageConfig stage, MixerKind mixer, int grid, double[][] x, double[][]? token = null)
    {
        if (token is not null)
        {
            x = Tap($"{l}.tokens", [token[0], .. x]);
        }

        double[][] a = Tap($"{l}.layernorm_before", Norm($"{l}.layernorm_before", x));
        (string name, double[][] mixed) = mixer switch
        {
            MixerKind.Conv3 => ("conv", OutputScale($"{l}.conv.layerscale", Weighed($"{l}.gate", stage, a, Convolve($"{l}.conv", stage, grid, a)))),
            MixerKind.Depthwise => ("depthwise", OutputScale($"{l}.depthwise.layerscale", Weighed($"{l}.gate", stage, a, Local($"{l}.depthwise.conv", a, grid, stage.Kernel ?? 3, 1)))),
            MixerKind.Pool => ("pooling", PoolLessSelf($"{l}.pooling", a, grid)),
            _ => ("attention", Attention(l, stage, grid, a, token)),
        };
        double[][] x1 = Tap($"{l}.{name}", Add(token ?? x, mixed));
        return FeedForward(l, stage, grid, x1, token);
    }

    private double[][] Local(string module, double[][] x, int grid, int kernel, int stride) =>
        Tap($"{module}.norm", Norm($"{module}.norm", Depthwise(x, grid, D($"{module}.weight"), kernel, stride, kernel / 2)));

    /// <summary>What the mean of the 3x3 tokens around has more than the token, which is a scaled mean and a scaled token.</summary>
    private double[][] PoolLessSelf(string p, double[][] a, int grid)
    {
        double[] alpha = config.LayerScale ? D($"{p}.layerscale.alpha") : [.. Enumerable.Repeat(1.0, a[0].Length)];
        double[][] mean = OutputScale($"{p}.layerscale", Tap($"{p}.mean", Pool(a, grid, 3, 3, 1, 1, 1)));
        return Add(mean, Tap($"{p}.own", Map(a, (_, c, v) => -alpha[c] * v)));
    }

    /// <summary>Each output is the sum over the nine tokens around, a token outside of the grid being all +1.</summary>
    private double[][] Convolve(string c, StageConfig stage, int grid, double[][] a)
    {
        double[][] signs = Sign($"{c}.sign", a, $"{c}.move");
        int d = stage.Dilation ?? 1, width = stage.Width;
        double[][] windows = Map(Rows(a.Length, 9 * width), (t, k, _) =>
        {
            int y = (t / grid) + (((k / (3 * width)) - 1) * d);
            int z = (t % grid) + (((k / width % 3) - 1) * d);
            return y < 0 || y >= grid || z < 0 || z >= grid ? 1 : signs[(y * grid) + z][k % width];
        });
        double[][] dense = Tap($"{c}.dense", Norm($"{c}.norm", Linear($"{c}.dense", windows)));
        return Tap($"{c}.rprelu", RPReLU($"{c}.rprelu", Add(dense, a)));
    }

    /// <summary>Each channel times the same for all tokens: what a small network makes of its mean, between 0 and 2.</summary>
    private double[][] Weighed(string g, StageConfig stage, double[][] a, double[][] y)
    {
        if (stage.Gate == GateKind.None)
        {
            return y;
        }

        double[] mean = Tap($"{g}.mean", [MeanRow(a)])[0], down = D($"{g}.squeeze.weight"), up = D($"{g}.excite.weight"), bias = D($"{g}.excite.bias");
        double[][] narrow = Tap($"{g}.squeeze", Map(Rows(1, down.Length / mean.Length), (_, o, _) => mean.Select((m, c) => m * down[(o * mean.Length) + c]).Sum()));
        double[] active = Tap($"{g}.rprelu", RPReLU($"{g}.rprelu", narrow))[0];
        double[] wide = Tap($"{g}.excite", [[.. bias.Select((b, c) => b + active.Select((v, o) => v * up[(c * active.Length) + o]).Sum())]])[0];
        return Tap(g, Map(y, (_, c, v) => wide[c] <= 0 ? 0 : wide[c] >= 2 ? 2 * v : wide[c] * v));
    }

    private double[][] Attention(string l, StageConfig stage, int grid, double[][] a, double[][]? token)
    {
        string att = $"{l}.attention.attention";
        int r = stage.Reduction;
        double[][] reduced = a;
        if (r > 1 && stage.Projection == ProjectionKind.Linear)
        {
            double[][] p = Tap($"{att}.reduction.pool", Pool(a, grid, r, r, r, 0, 0));
            reduced = Projection(att, "reduction", "r", "norm_r", p);
        }
        double[][] Read(string letter, double[][] tokens, int stride) =>
            stage.Projection == ProjectionKind.Depthwise ? Local($"{att}.conv{letter}", tokens, grid, 3, stride) : tokens;
        double[][] q = Projection(att, "query", "q", "normq", token is null ? Read("q", a, 1) : Tap($"{l}.class", [a[0]]));
        double[][] k = Projection(att, "key", "k", "normk", Read("k", reduced, r));
        double[][] v = Projection(att, "value", "v", "normv", Read("v", reduced, r));
        double[][] context = Attend(
            att, stage,
            Sign($"{att}.query.bits", q, $"{att}.moveq2"), Sign($"{att}.key.bits", k, $"{att}.movek2"), Sign($"{att}.value.bits", v, $"{att}.movev2"));
        context = Tap($"{att}.norm_context", Norm($"{att}.norm_context", Tap($"{att}.context", context)));
        double[][] kUp = token is null ? Up(k, grid, r) : Tap($"{att}.rpreluk.mean", [MeanRow(k)]);
        double[][] vUp = token is null ? Up(v, grid, r) : Tap($"{att}.rpreluv.mean", [MeanRow(v)]);
        double[][] y = Tap($"{att}.rprelu_context", RPReLU($"{att}.rprelu_context", Add(Add(Add(context, q), kUp), vUp)));

        string o = $"{l}.attention.output";
        double[][] dense = Tap($"{o}.dense", Norm($"{o}.norm", Linear($"{o}.dense", Sign($"{o}.sign", y, $"{o}.move"))));
        double[][] attended = Tap($"{o}.rprelu", RPReLU($"{o}.rprelu", Add(dense, y)));
        return OutputScale($"{o}.layerscale", attended);
    }

    private double[][] FeedForward(string l, StageConfig stage, int grid, double[][] x1, double[][]? token)
    {
        double[][] b = Tap($"{l}.layernorm_after", Norm($"{l}.layernorm_after", x1));
        int e = stage.Expansion;
        int width = stage.Width;
        string wide = $"{l}.intermediate";
        double[][] f = Tap($"{wide}.dense", Norm($"{wide}.norm", Linear($"{wide}.dense", Sign($"{wide}.sign", b, $"{wide}.move"))));
        double[][] tile = Map(Rows(b.Length, width * e), (t, j, _) => b[t][SwapTile ? j / e : j % width]);
        f = Tap(wide, RPReLU($"{wide}.rprelu", Add(f, tile)));
        f = stage.Ffn == FfnKind.Local ? Tap($"{l}.local", RPReLU($"{l}.local.rprelu", Local($"{l}.local", f, grid, 3, 1))) : f;
        string narrow = $"{l}.output";
        double[][] g = Tap($"{narrow}.dense", Norm($"{narrow}.norm", Linear($"{narrow}.dense", Sign($"{narrow}.sign", f, $"{narrow}.move"))));
        double[][] mean = Map(Rows(b.Length, width), (t, c, _) => Enumerable.Range(0, e).Average(i => f[t][SwapGroups ? c + (i * width) : (c * e) + i]));
        g = Tap($"{narrow}.rprelu", RPReLU($"{narrow}.rprelu", Add(g, mean)));
        double[][] x2 = Add(x1, OutputScale($"{narrow}.layerscale", g));
        if (config.Branches == BranchKind.Pool && token is null)
        {
            x2 = Add(x2, LayerScale($"{l}.layerscale_h3", Pool(b, grid, 3, 1, 1, 1, 0)));
            x2 = Add(x2, LayerScale($"{l}.layerscale_w3", Pool(b, grid, 1, 3, 1, 0, 1)));
            x2 = Add(x2, LayerScale($"{l}.layerscale_h5", Pool(b, grid, 5, 1, 1, 2, 0)));
            x2 = Add(x2, LayerScale($"{l}.layerscale_w5", Pool(b, grid, 1, 5, 1, 0, 2)));
        }
        if (config.Branches == BranchKind.Shift && token is null)
        {
            x2 = Add(x2, LayerScale($"{l}.layerscale_h1", Moved(b, grid, 1, 0)));
            x2 = Add(x2, LayerScale($"{l}.layerscale_w1", Moved(b, grid, 0, 1)));
            x2 = Add(x2, LayerScale($"{l}.layerscale_h2", Moved(b, grid, 2, 0)));
            x2 = Add(x2, LayerScale($"{l}.layerscale_w2", Moved(b, grid, 0, 2)));
        }
        return Tap(l, x2);
    }

    /// <summary>Every other 16 channels move down and to the right, the others up and to the left.</summary>
    private static double[][] Moved(double[][] x, int grid, int down, int right)
    {
        double[][] y = Rows(x.Length, x[0].Length);
        for (int t = 0; t < x.Length; t++)
        {
            for (int c = 0; c < y[t].Length; c++)
            {
                bool forward = (c & 16) == 0;
                int row = (t / grid) + (forward ? down : -down);
                int column = (t % grid) + (forward ? right : -right);
                if (row >= 0 && row < grid && column >= 0 && column < grid)
                {
                    y[(row * grid) + column][c] = x[t][c];
                }
            }
        }
        return y;
    }

    private double[][] Projection(string att, string linear, string letter, string norm, double[][] x)
    {
        double[][] product = Linear($"{att}.{linear}", Sign($"{att}.{linear}.sign", x, $"{att}.move{letter}"));
        double[][] normed = Tap($"{att}.{linear}", Norm($"{att}.{norm}", product));
        return Tap($"{att}.rprelu{letter}", RPReLU($"{att}.rprelu{letter}", Map(normed, (t, c, value) => value + x[t][c % x[t].Length])));
    }

    private double[][] Attend(string att, StageConfig stage, double[][] q, double[][] k, double[][] v)
    {
        double[] clips = D($"{att}.att_prob_clip");
        bool masked = config.Locality && stage.Reduction == 1 && stage.WindowSide != 1 && k.Length > 1 && q.Length == k.Length;
        int layer = att.StartsWith("vit.encoder.layer.", StringComparison.Ordinal) ? int.Parse(att.Split('.')[3]) : -1;
        int d = stage.Width / stage.Heads;
        double[][] context = Rows(q.Length, stage.Width);
        Probabilities[att] = [.. Enumerable.Range(0, stage.Heads).Select(_ => Rows(q.Length, k.Length))];
        for (int head = 0; head < stage.Heads; head++)
        {
            double clip = clips.Length == 1 ? clips[0] : clips[head];
            double temperature = config.Locality ? AttentionTemperature.Of(D($"{att}.att_temperature_logit")[head], d) : 1;
            for (int t = 0; t < q.Length; t++)
            {
                double[] exponentials =
                [
                    .. k.Select((key, j) => (masked && j == t) || !NaiveWindows.Meet(config, layer, t, j) ? 0
                        : Math.Exp(temperature * NaiveWindows.Biased(config, layer, tensors, head, t, j, Enumerable.Range(head * d, d).Sum(c => q[t][c] * key[c])) / Math.Sqrt(d))),
                ];
                for (int j = 0; j < k.Length; j++)
                {
                    double p = Probabilities[att][head][t][j] = exponentials[j] / exponentials.Sum();
                    double level = ForcedAttention.TryGetValue((att, head, t, j), out int forced)
                        ? forced
                        : exponentials[j] == 0 ? 0 : Math.Clamp(Math.Round((p / clip) - (config.ZeroPoint ? D($"{att}.att_zero_point")[head] : 0), MidpointRounding.ToEven), 0, config.AttentionLevels);
                    for (int c = head * d; c < (head + 1) * d; c++)
                    {
                        context[t][c] += clip * level * v[j][c];
                    }
                }
            }
        }
        return context;
    }

    /// <summary>A quarter of the tokens ask all of them; what was a mean of four tokens stays in the residual stream, its channels twice.</summary>
    private double[][] Gather(string name, int grid, double[][] z)
    {
        string att = $"{name}.attention.attention";
        int stage = Enumerable.Range(0, config.Stages.Count).Single(s => config.Grid(s) == grid) + 1;
        StageConfig next = new(1, config.Stages[stage].Width, config.Stages[stage].FfnWidth, config.Stages[stage].Heads, 1);
        double[][] pooled = Tap($"{name}.pool", Pool(z, grid, 2, 2, 2, 0, 0));
        double[][] q = Projection(att, "query", "q", "normq", pooled);
        double[][] k = Projection(att, "key", "k", "normk", z);
        double[][] v = Projection(att, "value", "v", "normv", z);
        double[][] context = Attend(att, next, Sign($"{att}.query.bits", q, $"{att}.moveq2"), Sign($"{att}.key.bits", k, $"{att}.movek2"), Sign($"{att}.value.bits", v, $"{att}.movev2"));
        context = Tap($"{att}.norm_context", Norm($"{att}.norm_context", Tap($"{att}.context", context)));
        double[][] means = Add(Tap($"{att}.rpreluk.pool", Pool(k, grid, 2, 2, 2, 0, 0)), Tap($"{att}.rpreluv.pool", Pool(v, grid, 2, 2, 2, 0, 0)));
        double[][] y = Tap($"{att}.rprelu_context", RPReLU($"{att}.rprelu_context", Add(Add(context, q), means)));
        string o = $"{name}.attention.output";
        double[][] dense = Tap($"{o}.dense", Norm($"{o}.norm", Linear($"{o}.dense", Sign($"{o}.sign", y, $"{o}.move"))));
        double[][] scaled = OutputScale($"{o}.layerscale", Tap($"{o}.rprelu", RPReLU($"{o}.rprelu", Add(dense, y))));
        return Tap($"{name}.attention", Map(scaled, (t, c, value) => value + pooled[t][c % pooled[t].Length]));
    }

    private double[][] Downsample(string name, int grid, double[][] x)
    {
        double[][] z = Tap($"{name}.norm0", Norm($"{name}.norm0", x));
        if (config.Down == DownKind.Attention)
        {
            return Tap(name, AddFlat(Gather(name, grid, z), D($"{name}.position_embeddings")));
        }

        double[] weight = D($"{name}.proj.weight");
        int inputs = z[0].Length;
        bool binary = config.Down is DownKind.Binary or DownKind.Conv3;
        (int kernel, int padding) = config.Down switch { DownKind.Conv3 => (3, 1), DownKind.Depthwise => (1, 0), _ => (2, 0) };
        int taps = kernel * kernel, outputs = weight.Length / (taps * inputs);
        double[][] source = binary ? Sign($"{name}.sign", z, $"{name}.move") : z;
        int side = grid, stride = 2;
        if (config.Down == DownKind.Depthwise)
        {
            source = Tap($"{name}.depthwise", Depthwise(z, grid, D($"{name}.depthwise.weight"), 3, 2, 1));
            (side, stride) = (grid / 2, 1);
        }

        double[][] product = Rows(x.Length / 4, outputs);
        for (int t = 0; t < product.Length; t++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double[] row = weight[(o * inputs * taps)..((o + 1) * inputs * taps)];
                double alpha = row.Average(Math.Abs);
                for (int i = 0; i < row.Length; i++)
                {
                    double w = binary ? alpha * (row[i] >= 0 ? 1 : -1) : row[i];
                    int y0 = (t / (grid / 2) * stride) + (i % taps / kernel) - padding, x0 = (t % (grid / 2) * stride) + (i % kernel) - padding;
                    bool inside = y0 >= 0 && y0 < side && x0 >= 0 && x0 < side;
                    product[t][o] += w * (inside ? source[(y0 * side) + x0][i / taps] : 1);
                }
            }
        }
        double[][] y = Tap($"{name}.proj", Norm($"{name}.norm", Tap($"{name}.proj.product", product)));
        if (binary)
        {
            double[][] pooled = Pool(z, grid, 2, 2, 2, 0, 0);
            y = Tap($"{name}.rprelu", RPReLU($"{name}.rprelu", Map(y, (t, c, value) => value + pooled[t][c % inputs])));
        }
        return Tap(name, AddFlat(y, D($"{name}.position_embeddings")));
    }

    private double[][] Sign(string value, double[][] x, string move)
    {
        double[] shift = D(move);
        return Tap(value, Map(x, (t, c, v) => ForcedSigns.TryGetValue((value, t, c), out double forced) ? forced : v + shift[c] >= 0 ? 1 : -1));
    }

    private double[][] Linear(string name, double[][] signs)
    {
        double[] weight = D($"{name}.weight");
        int inputs = signs[0].Length;
        int outputs = weight.Length / inputs;
        double[][] y = Rows(signs.Length, outputs);
        for (int o = 0; o < outputs; o++)
        {
            double[] row = weight[(o * inputs)..((o + 1) * inputs)];
            double mean = row.Average();
            double alpha = row.Average(Math.Abs);
            for (int t = 0; t < y.Length; t++)
            {
                for (int i = 0; i < inputs; i++)
                {
                    y[t][o] += alpha * (row[i] - mean >= 0 ? 1 : -1) * signs[t][i];
                }
            }
        }
        return Tap($"{name}.product", y);
    }

    private double[][] Norm(string name, double[][] x)
    {
        (double[] weight, double[] bias) = (D($"{name}.weight"), D($"{name}.bias"));
        if (config.LayerNorm)
        {
            (double Mean, double Deviation)[] rows =
                [.. x.Select(row => (row.Average(), Math.Sqrt(row.Average(v => (v - row.Average()) * (v - row.Average())) + config.BatchNormEps)))];
            return Map(x, (t, c, v) => ((v - rows[t].Mean) / rows[t].Deviation * weight[c]) + bias[c]);
        }
        (double[] mean, double[] variance) = (D($"{name}.running_mean"), D($"{name}.running_var"));
        return Map(x, (_, c, v) => ((v - mean[c]) / Math.Sqrt(variance[c] + config.BatchNormEps) * weight[c]) + bias[c]);
    }

    private double[][] RPReLU(string name, double[][] x)
    {
        (double[] move1, double[] slope, double[] move2) = (D($"{name}.move1"), D($"{name}.prelu.weight"), D($"{name}.move2"));
        return Map(x, (_, c, v) => (v - move1[c] > 0 ? v - move1[c] : slope[c] * (v - move1[c])) + move2[c]);
    }

    private double[][] OutputScale(string name, double[][] x) => config.LayerScale ? Tap(name, LayerScale(name, x)) : x;

    private double[] Pooled(double[][] x) => config.ClassToken ? x[0] : MeanRow(x);

    private double[][] LayerScale(string name, double[][] x)
    {
        (double[] alpha, double[] move) = (D($"{name}.alpha"), D($"{name}.move"));
        return Map(x, (_, c, v) => (alpha[c] * v) + move[c]);
    }

    private static double[][] Pool(double[][] x, int grid, int height, int width, int stride, int padY, int padX)
    {
        int side = ((grid + (2 * padY) - height) / stride) + 1;
        return Map(Rows(side * side, x[0].Length), (t, c, _) =>
        {
            double sum = 0;
            for (int y = (t / side * stride) - padY; y < (t / side * stride) - padY + height; y++)
            {
                for (int z = (t % side * stride) - padX; z < (t % side * stride) - padX + width; z++)
                {
                    sum += y >= 0 && y < grid && z >= 0 && z < grid ? x[(y * grid) + z][c] : 0;
                }
            }
            return sum / (height * width);
        });
    }

    private static double[][] Up(double[][] x, int grid, int factor) =>
        factor == 1 ? x : Map(Rows(grid * grid, x[0].Length), (t, c, _) => x[(t / grid / factor * (grid / factor)) + (t % grid / factor)][c]);

    private static double[][] Add(double[][] a, double[][] b) => Map(a, (t, c, v) => v + b[t][c]);

    private static double[][] AddFlat(double[][] a, double[] b) => Map(a, (t, c, v) => v + b[(t * a[0].Length) + c]);

    private static double[] MeanRow(double[][] x) => [.. Enumerable.Range(0, x[0].Length).Select(c => x.Average(row => row[c]))];

    private static double[][] Map(double[][] x, Func<int, int, double, double> f) =>
        [.. x.Select((row, t) => row.Select((v, c) => f(t, c, v)).ToArray())];

    private static double[][] Rows(int rows, int columns) => [.. Enumerable.Range(0, rows).Select(_ => new double[columns])];

    private double[][] Tap(string name, double[][] x)
    {
        _taps[name] = [.. x.SelectMany(row => row).Select(v => (float)v)];
        return x;
    }

    private double[] D(string name) => [.. tensors[name].Data];
}
