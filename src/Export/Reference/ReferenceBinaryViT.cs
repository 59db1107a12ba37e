using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>BinaryViT and the ReActNet forms of DeiT as the paper's code computes them in evaluation mode: sections 2 and 3 of its description,
/// one statement for each line. <c>N</c> tokens, <c>C</c> channels, <c>I</c> FFN width, <c>M</c> keys.</summary>
internal sealed partial class ReferenceBinaryViT(BinaryViTConfig config, IReadOnlyDictionary<string, FloatTensor> tensors) : ReferenceSimulator(tensors)
{
    private protected override IEnumerable<string> Modules(float[] image)
    {
        Matrix x = Embedding(image);
        yield return "vit.embeddings";
        for (int s = 0, layer = 0; s < config.Stages.Count; s++)
        {
            for (int end = layer + config.Stages[s].Depth; layer < end; layer++)
            {
                x = Block($"vit.encoder.layer.{layer}", s, layer, x);
                yield return $"vit.encoder.layer.{layer}";
            }
            if (s + 1 == config.Stages.Count)
            {
                break;
            }

            x = Downsampling($"vit.encoder.patch_embed{s + 1}", s, x);
            yield return $"vit.encoder.patch_embed{s + 1}";
        }
        Head(x);
        yield return "head";
    }

    /// <summary>Image [3, H, W] to tokens [N, C].</summary>
    private Matrix Embedding(float[] image)
    {
        const string Projection = "vit.embeddings.patch_embeddings.projection";
        int size = config.ImageSize;
        Func<int, int, int, double> pixel = (c, y, x) => image[(((c * size) + y) * size) + x];
        foreach ((int i, StemLayer layer) in config.StemLayers().Index())
        {
            string stem = StemLayer.Name(i);
            Matrix conv = layer.Depthwise
                ? Depthwise(pixel, size, layer.Stride, Tensor($"{stem}.weight"))
                : Convolution(pixel, size, layer.Stride, (layer.Kernel - 1) / 2, Tensor($"{stem}.weight"), null);
            Matrix y = RPReLU($"{stem}.rprelu", Normed($"{stem}.norm", $"{stem}.norm", conv), null, stem);
            int side = size /= layer.Stride;
            pixel = (c, row, column) => y.Row((row * side) + column)[c];
        }
        Matrix x = Convolution(pixel, size, config.PatchSize, config.PatchPadding, Tensor($"{Projection}.weight"), D($"{Projection}.bias"));
        x = config.EmbeddingNorm ? Normed("vit.embeddings.norm", "vit.embeddings.norm", x) : Tap("vit.embeddings.patch_embeddings", x);
        if (config.ClassToken)
        {
            x = Tap("vit.embeddings.tokens", Matrix.From(x.Columns, [.. Tensor("vit.embeddings.cls_token").Data, .. x.Data]));
        }

        return Tap("vit.embeddings", x.Plus(Matrix.From(x.Columns, Tensor("vit.embeddings.position_embeddings").Data)));
    }

    /// <summary>X [N, C] to [N, C].</summary>
    private Matrix Block(string l, int stageIndex, int layer, Matrix x)
    {
        (StageConfig stage, int grid) = (config.Stages[stageIndex], config.Grid(stageIndex));
        Matrix a = Tap($"{l}.layernorm_before", Norm($"{l}.layernorm_before", x));
        Matrix x1 = config.MixerAt(layer) switch
        {
            MixerKind.Conv3 => Convolution(l, stage, grid, a, x),
            MixerKind.Depthwise => Tap($"{l}.depthwise", x.Plus(OutputScale($"{l}.depthwise.layerscale", Gated($"{l}.gate", stage, a, Local($"{l}.depthwise.conv", a, grid, 1))))),
            MixerKind.Pool => Pooling($"{l}.pooling", grid, a, x),
            _ => Output(l, x, Attention($"{l}.attention.attention", stageIndex, layer, a)),
        };
        return FeedForward(l, stage, grid, x1, b => [.. BlockBranch.Of(config.Branches).Select(branch => Branch(l, branch, b, grid))]);
    }

    /// <summary>A layer of class attention: the token [1, C] and all tokens X [N, C] to [1, C].</summary>
    private Matrix ClassBlock(string l, Matrix token, Matrix x)
    {
        string att = $"{l}.attention.attention";
        Matrix both = Tap($"{l}.tokens", Matrix.From(x.Columns, [.. token.Data, .. x.Data]));
        Matrix a = Tap($"{l}.layernorm_before", Norm($"{l}.layernorm_before", both));
        Matrix y = Attend(att, config.Stages.Count, BinaryViTConfig.NoLayer, Tap($"{l}.class", a.Slice(0, 1)), a, a, (name, value) => Tap($"{name}.mean", value.Mean()));
        return FeedForward(l, config.ClassStage(), 1, Output(l, token, y), _ => []);
    }

    /// <summary>The residual stream X and attention's Y to X1.</summary>
    private Matrix Output(string l, Matrix x, Matrix y)
    {
        string o = $"{l}.attention.output";
        Matrix dense = Normed($"{o}.dense", $"{o}.norm", BinaryLinear($"{o}.dense", Sign($"{o}.sign", y, $"{o}.move")));
        return Tap($"{l}.attention", x.Plus(OutputScale($"{o}.layerscale", RPReLU($"{o}.rprelu", dense, y))));
    }

    /// <summary>X1 [N, C] to X2 [N, C].</summary>
    private Matrix FeedForward(string l, StageConfig stage, int grid, Matrix x1, Func<Matrix, Matrix[]> branches)
    {
        Matrix b = Tap($"{l}.layernorm_after", Norm($"{l}.layernorm_after", x1));
        (int width, int e) = (stage.Width, stage.Expansion);
        string wide = $"{l}.intermediate";
        Matrix f = Normed($"{wide}.dense", $"{wide}.norm", BinaryLinear($"{wide}.dense", Sign($"{wide}.sign", b, $"{wide}.move")));
        f = RPReLU($"{wide}.rprelu", f, b, wide);
        f = stage.Ffn == FfnKind.Local ? RPReLU($"{l}.local.rprelu", Local($"{l}.local", f, grid, 1), null, $"{l}.local") : f;
        string narrow = $"{l}.output";
        Matrix g = Normed($"{narrow}.dense", $"{narrow}.norm", BinaryLinear($"{narrow}.dense", Sign($"{narrow}.sign", f, $"{narrow}.move")));
        Matrix mean = Matrix.Of(b.Rows, width, (t, y) =>
        {
            ReadOnlySpan<float> row = f.Row(t);
            for (int c = 0; c < width; c++)
            {
                foreach (float v in row.Slice(c * e, e))
                {
                    y[c] += v / (double)e;
                }
            }
        });
        g = RPReLU($"{narrow}.rprelu", g, mean);
        Matrix x2 = x1.Plus(OutputScale($"{narrow}.layerscale", g));
        return Tap(l, x2.Plus(branches(b)));
    }

    /// <summary>A [N, C] to Y [N, C].</summary>
    private Matrix Attention(string att, int stageIndex, int layer, Matrix a)
    {
        (StageConfig stage, int grid) = (config.Stages[stageIndex], config.Grid(stageIndex));
        int r = stage.Reduction;
        Matrix source = a;
        if (stage.HasReductionLayer)
        {
            Matrix pooled = Tap($"{att}.reduction.pool", Pool(a, grid, r, r, r, 0, 0));
            source = Projection(att, "reduction", "r", "norm_r", pooled);
        }
        Matrix Read(string letter, Matrix tokens, int stride) => stage.Projection == ProjectionKind.Depthwise ? Local($"{att}.conv{letter}", tokens, grid, stride) : tokens;
        return Attend(att, stageIndex, layer, Read("q", a, 1), Read("k", source, r), Read("v", source, r), (name, value) => r > 1 ? Tap($"{name}.up", Upsample(value, grid, r)) : value);
    }

    /// <summary>What becomes queries [N, C], and keys and values [M, C], to [N, C]; <paramref name="shortcut"/> makes the keys or
    /// values of this name tokens of the queries.</summary>
    private Matrix Attend(string att, int stageIndex, int layer, Matrix queries, Matrix keys, Matrix values, Func<string, Matrix, Matrix> shortcut)
    {
        Matrix q = Projection(att, "query", "q", "normq", queries);
        Matrix k = Projection(att, "key", "k", "normk", keys);
        Matrix v = Projection(att, "value", "v", "normv", values);
        Matrix context = Context(
            att, stageIndex, layer, Sign($"{att}.query.bits", q, $"{att}.moveq2"), Sign($"{att}.key.bits", k, $"{att}.movek2"), Sign($"{att}.value.bits", v, $"{att}.movev2"));
        context = Normed($"{att}.norm_context", $"{att}.norm_context", config.LayerNorm ? Tap($"{att}.context", context) : context);
        return RPReLU($"{att}.rprelu_context", context.Plus(q, shortcut($"{att}.rpreluk", k), shortcut($"{att}.rpreluv", v)), null);
    }

    private Matrix Projection(string att, string linear, string letter, string norm, Matrix x)
    {
        Matrix product = BinaryLinear($"{att}.{linear}", Sign($"{att}.{linear}.sign", x, $"{att}.move{letter}"));
        return RPReLU($"{att}.rprelu{letter}", Normed($"{att}.{linear}", $"{att}.{norm}", product), x);
    }

    /// <summary>Signs Q [N, C], K [M, C], V [M, C] to [N, C]: <c>clip * clamp(round(softmax / clip), 0, levels)</c> times V, head by head; halves are
    /// rounded down. With locality the scores have a temperature, and a token's score with itself is minus infinity: whatever the zero point, it is at no
    /// level. With windows K and V are those of the
    /// query's window; a bias is added to the number of matches, which stays between 0 and d.</summary>
    private Matrix Context(string att, int stageIndex, int layer, Signs q, Signs k, Signs v)
    {
        (WindowForm? form, BiasTable? table) = (config.WindowAt(layer), config.BiasAt(layer));
        var met = new AttentionKeys(form, new ValueShape(ValueKind.Bits, q.Columns, (int)Math.Sqrt(q.Rows), (int)Math.Sqrt(q.Rows)), k.Rows);
        float[]? bias = table is null ? null : Tensor($"{att}.{TensorManifest.Bias}").Data;
        StageConfig stage = config.StageAt(stageIndex);
        bool masked = config.MasksDiagonal(stageIndex);
        double[] clips = D($"{att}.att_prob_clip");
        int d = stage.HeadSize;
        return Matrix.Of(q.Rows, stage.Width, (t, y) =>
        {
            IReadOnlyList<int> keys = met.Of(t);
            var exponentials = new double[keys.Count];
            for (int head = 0; head < stage.Heads; head++)
            {
                double clip = clips[clips.Length == 1 ? 0 : head];
                double sum = 0;
                double zero = config.ZeroPoint ? D($"{att}.{TensorManifest.ZeroPoint}")[head] : 0;
                double temperature = config.Locality ? AttentionTemperature.Of(D($"{att}.{TensorManifest.TemperatureLogit}")[head], d) : 1;
                for (int j = 0; j < exponentials.Length; j++)
                {
                    double product = Signs.Dot(q.Row(t).Slice(head * d, d), k.Row(keys[j]).Slice(head * d, d));
                    if (bias is not null)
                    {
                        int more = BiasTable.Matches(bias[(head * table!.Length) + table.Entry(met.Place(t), met.Place(keys[j]))], d);
                        product = Math.Clamp(product + (2 * more), -d, d);
                    }

                    sum += exponentials[j] = masked && keys[j] == t ? 0 : Math.Exp(temperature * product / Math.Sqrt(d));
                }
                for (int j = 0; j < exponentials.Length; j++)
                {
                    double level = masked && keys[j] == t ? 0 : Math.Clamp(Math.Ceiling((exponentials[j] / sum / clip) - zero - 0.5), 0, config.AttentionLevels);
                    if (level > 0)
                    {
                        DoubleRow.AddTimes(y.Slice(head * d, d), clip * level, v.Row(keys[j]).Slice(head * d, d));
                    }
                }
            }
        });
    }

    private void Head(Matrix x)
    {
        bool token = config.ClassToken || config.ClassAttention > 0;
        if (config.LayerNorm && !token)
        {
            x = Tap("vit.pooled", Tap("vit.layernorm", Norm("vit.layernorm", x)).Mean());
        }
        else
        {
            Matrix pooled = Tap("vit.pooled", config.ClassToken ? x.Slice(0, 1) : x.Mean());
            if (config.ClassAttention > 0)
            {
                Matrix all = x;
                pooled = Tap("vit.class_token", pooled.Plus(Matrix.From(x.Columns, Tensor("vit.cls_token").Data)));
                for (int l = 0; l < config.ClassAttention; l++)
                {
                    pooled = ClassBlock($"vit.class_attention.{l}", pooled, all);
                }
            }
            x = token || config.LayerNorm ? Tap("vit.layernorm", Norm("vit.layernorm", pooled)) : Norm("vit.layernorm", x).Mean();
        }
        Tap(Lowering.OutputName, x.Times(Tensor("classifier.weight").Data, D("classifier.bias")));
    }
}
