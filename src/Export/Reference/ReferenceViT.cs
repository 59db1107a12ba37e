namespace EdgeVit.Export;

/// <summary>A float vision transformer (DeiT, ViT), computed as its description says. <c>N</c> tokens, <c>C</c> channels.</summary>
internal sealed class ReferenceViT(FloatViTConfig config, ViTNames names, IReadOnlyDictionary<string, FloatTensor> tensors) : ReferenceSimulator(tensors)
{
    private protected override IEnumerable<string> Modules(float[] image)
    {
        Matrix x = Embedding(image);
        yield return "vit.embeddings";
        if (config.PreNorm)
        {
            x = Tap("vit.prenorm", Norm(names.PreNorm, x));
            yield return "vit.prenorm";
        }

        for (int l = 0; l < config.Depth; l++)
        {
            x = Block(l, x);
            yield return $"vit.encoder.layer.{l}";
        }
        Head(x);
        yield return "head";
    }

    private Matrix Embedding(float[] image)
    {
        Matrix x = Tap("vit.embeddings.patch_embeddings", Patches(image, config.ImageSize, config.PatchSize, $"{names.Patches}.weight", Optional($"{names.Patches}.bias")));
        float[] leading = [.. config.LeadingTokens > 0 ? Tensor(names.ClassToken).Data : [],
            .. config.LeadingTokens > 1 ? Tensor(names.DistillationToken).Data : [], .. config.RegisterTokens > 0 ? Tensor(names.Registers).Data : []];
        Matrix positions = Matrix.From(config.Width, Tensor(names.Positions).Data);
        Matrix Prepended(Matrix tokens) => Matrix.From(config.Width, [.. leading, .. tokens.Data]);
        return config.LeadingPositions
            ? Tap("vit.embeddings", Tap("vit.embeddings.tokens", Prepended(x)).Plus(positions))
            : Tap("vit.embeddings", Prepended(Tap("vit.embeddings.positions", x.Plus(positions))));
    }

    private Matrix Block(int block, Matrix x)
    {
        string l = $"vit.encoder.layer.{block}";
        Matrix a = Tap($"{l}.layernorm_before", Norm(names.In(block, names.NormBefore), x));
        Matrix[] qkv = [.. Enumerable.Range(0, 3).Select(part => Tap($"{l}.attention.attention.{((string[])["query", "key", "value"])[part]}", Part(block, part, a)))];
        Matrix attended = Tap($"{l}.attention.attention", Attend(qkv[0], qkv[1], qkv[2]));
        Matrix o = Tap($"{l}.attention.output.dense", Scaled(block, names.ScaleAttention, Linear(names.In(block, names.Projection), attended)));
        Matrix x1 = Tap($"{l}.attention", x.Plus(o));
        Matrix b = Tap($"{l}.layernorm_after", Norm(names.In(block, names.NormAfter), x1));
        Matrix hidden = Tap($"{l}.intermediate.dense", Linear(names.In(block, names.Wide), b));
        hidden = Tap($"{l}.intermediate", hidden.Map((v, _) => v * (1 + ErrorFunction(v / Math.Sqrt(2))) / 2));
        return Tap(l, x1.Plus(Tap($"{l}.output.dense", Scaled(block, names.ScaleFfn, Linear(names.In(block, names.Narrow), hidden)))));
    }

    /// <summary>Query, key or value: a linear of its own, or a third of the common one's outputs.</summary>
    private Matrix Part(int block, int part, Matrix a)
    {
        if (names.Qkv.Count == 3)
        {
            return Linear(names.In(block, names.Qkv[part]), a);
        }

        string module = names.In(block, names.Qkv[0]);
        int width = config.Width;
        double[]? bias = Optional($"{module}.bias");
        return a.Times(
            Tensor($"{module}.weight").Data[(part * width * width)..((part + 1) * width * width)],
            bias?[(part * width)..((part + 1) * width)]);
    }

    private Matrix Attend(Matrix q, Matrix k, Matrix v)
    {
        int d = config.Width / config.Heads;
        return Matrix.Of(q.Rows, config.Width, (t, y) =>
        {
            var e = new double[k.Rows];
            for (int first = 0; first < y.Length; first += d)
            {
                for (int j = 0; j < e.Length; j++)
                {
                    e[j] = Matrix.Dot(q.Row(t).Slice(first, d), k.Row(j).Slice(first, d)) / Math.Sqrt(d);
                }

                double largest = e.Max();
                double sum = 0;
                for (int j = 0; j < e.Length; j++)
                {
                    sum += e[j] = Math.Exp(e[j] - largest);
                }

                for (int j = 0; j < e.Length; j++)
                {
                    for (int c = first; c < first + d; c++)
                    {
                        y[c] += e[j] / sum * v.Row(j)[c];
                    }
                }
            }
        });
    }

    private void Head(Matrix x)
    {
        if (config is { Pooling: ViTPooling.NormOfMean or ViTPooling.MeanOfNormed, Leading: > 0 })
        {
            x = Tap("vit.patches", x.Slice(config.Leading, x.Rows - config.Leading));
        }

        switch (config.Pooling)
        {
            case ViTPooling.NormOfMean:
                Logits(Tap("vit.layernorm", Norm(names.PooledNorm, Tap("vit.pooled", x.Mean()))));
                break;
            case ViTPooling.MeanOfNormed:
                Logits(Tap("vit.pooled", Tap("vit.layernorm", Norm(names.Norm, x)).Mean()));
                break;
            case var pooling when config.LeadingTokens == 1 || pooling == ViTPooling.ClassToken:
                Logits(Tap("vit.layernorm", Norm(names.Norm, Tap("vit.pooled", x.Slice(0, 1)))));
                break;
            default:
                Matrix normed = Norm(names.Norm, x.Slice(0, 2));
                Matrix both = Linear(names.Head, normed.Slice(0, 1)).Plus(Linear(names.DistillationHead, normed.Slice(1, 1)));
                Tap(Lowering.OutputName, both.Map((v, _) => v / 2));
                break;
        }
    }

    private void Logits(Matrix pooled) => Tap(Lowering.OutputName, Linear(names.Head, pooled));

    private Matrix Linear(string module, Matrix x) => x.Times(Tensor($"{module}.weight").Data, Optional($"{module}.bias"));

    private Matrix Norm(string module, Matrix x) => x.RowNorm(D($"{module}.weight"), D($"{module}.bias"), config.NormEps);

    private Matrix Scaled(int block, string part, Matrix x) => config.LayerScale ? x.Affine(D(names.In(block, part)), new double[x.Columns]) : x;

    private double[]? Optional(string name) => Has(name) ? D(name) : null;

    /// <summary>erf(z): its series to |z| = 3, beyond that the continued fraction of erfc; right to 1e-14.</summary>
    internal static double ErrorFunction(double z)
    {
        double a = Math.Abs(z);
        if (a > 6)
        {
            return Math.Sign(z);
        }

        if (a <= 3)
        {
            (double term, double sum) = (z, z);
            for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
            {
                term *= 2 * z * z / ((2 * n) + 1);
                sum += term;
            }
            return 2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z) * sum;
        }
        double fraction = a;
        for (int n = 60; n > 0; n--)
        {
            fraction = a + (n / 2.0 / fraction);
        }

        return Math.Sign(z) * (1 - (Math.Exp(-a * a) / Math.Sqrt(Math.PI) / fraction));
    }
}
