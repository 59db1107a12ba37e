namespace EdgeVit.Export.Tests;

/// <summary>A float vision transformer with timm's names, written down as its description says, in double precision, sharing nothing with the
/// lowering.</summary>
internal sealed class NaiveViT(FloatViTConfig config, IReadOnlyDictionary<string, FloatTensor> tensors)
{
    /// <summary>One image [3, H, W] to its logits.</summary>
    public double[] Run(ReadOnlySpan<float> image)
    {
        double[][] x = Patches(image);
        double[] positions = D("pos_embed");
        double[][] leading = [.. new[] { "cls_token", "dist_token" }.Take(config.LeadingTokens).Select(D), .. config.RegisterTokens == 0 ? [] : D("reg_token").Chunk(config.Width)];
        if (config.LeadingPositions)
        {
            x = Positioned([.. leading, .. x], positions);
        }
        else
        {
            x = [.. leading, .. Positioned(x, positions)];
        }

        x = config.PreNorm ? Norm("norm_pre", x) : x;
        for (int l = 0; l < config.Depth; l++)
        {
            double[][] attended = Linear($"blocks.{l}.attn.proj", Attend(Linear($"blocks.{l}.attn.qkv", Norm($"blocks.{l}.norm1", x))));
            x = Add(x, Scaled($"blocks.{l}.ls1.gamma", attended));
            double[][] hidden = Linear($"blocks.{l}.mlp.fc1", Norm($"blocks.{l}.norm2", x));
            hidden = [.. hidden.Select(row => row.Select(v => v * (1 + Erf(v / Math.Sqrt(2))) / 2).ToArray())];
            x = Add(x, Scaled($"blocks.{l}.ls2.gamma", Linear($"blocks.{l}.mlp.fc2", hidden)));
        }
        switch (config.Pooling)
        {
            case ViTPooling.NormOfMean:
                return Linear("head", Norm("fc_norm", [Mean(x[leading.Length..])]))[0];
            case ViTPooling.MeanOfNormed:
                return Linear("head", [Mean(Norm("norm", x)[leading.Length..])])[0];
            default:
                double[][] normed = Norm("norm", x);
                double[] logits = Linear("head", normed)[0];
                return config.LeadingTokens == 1 || config.Pooling == ViTPooling.ClassToken ? logits : [.. logits.Zip(Linear("head_dist", normed)[1], (a, b) => (a + b) / 2)];
        }
    }

    private double[][] Patches(ReadOnlySpan<float> image)
    {
        double[] weight = D("patch_embed.proj.weight");
        double[][] x = [.. Enumerable.Range(0, config.Grid * config.Grid).Select(_ => D("patch_embed.proj.bias"))];
        int p = config.PatchSize;
        for (int t = 0; t < x.Length; t++)
        {
            for (int i = 0; i < config.Channels * p * p; i++)
            {
                (int c, int rest) = int.DivRem(i, p * p);
                int row = (t / config.Grid * p) + (rest / p);
                double pixel = image[(((c * config.ImageSize) + row) * config.ImageSize) + (t % config.Grid * p) + (rest % p)];
                for (int o = 0; o < config.Width; o++)
                {
                    x[t][o] += pixel * weight[(o * config.Channels * p * p) + i];
                }
            }
        }
        return x;
    }

    private double[][] Attend(double[][] qkv)
    {
        int width = config.Width;
        int d = width / config.Heads;
        double[][] y = [.. qkv.Select(_ => new double[width])];
        for (int t = 0; t < y.Length; t++)
        {
            for (int head = 0; head < config.Heads; head++)
            {
                double[] e = [.. qkv.Select(key => Math.Exp(Enumerable.Range(head * d, d).Sum(c => qkv[t][c] * key[width + c]) / Math.Sqrt(d)))];
                for (int c = head * d; c < (head + 1) * d; c++)
                {
                    y[t][c] = e.Select((v, j) => v * qkv[j][(2 * width) + c]).Sum() / e.Sum();
                }
            }
        }
        return y;
    }

    private double[][] Linear(string module, double[][] x)
    {
        double[] weight = D($"{module}.weight");
        int inputs = x[0].Length;
        double[] bias = tensors.ContainsKey($"{module}.bias") ? D($"{module}.bias") : new double[weight.Length / inputs];
        return [.. x.Select(row => bias.Select((b, o) => b + row.Select((v, k) => v * weight[(o * inputs) + k]).Sum()).ToArray())];
    }

    private double[][] Norm(string module, double[][] x)
    {
        (double[] weight, double[] bias) = (D($"{module}.weight"), D($"{module}.bias"));
        return
        [
            .. x.Select(row =>
            {
                double mean = row.Average();
                double deviation = Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + config.NormEps);
                return row.Select((v, c) => ((v - mean) / deviation * weight[c]) + bias[c]).ToArray();
            }),
        ];
    }

    private double[][] Scaled(string name, double[][] x)
    {
        if (!config.LayerScale)
        {
            return x;
        }

        double[] gamma = D(name);
        return [.. x.Select(row => row.Select((v, c) => v * gamma[c]).ToArray())];
    }

    private static double[][] Positioned(double[][] x, double[] positions) =>
        [.. x.Select((row, t) => row.Select((v, c) => v + positions[(t * row.Length) + c]).ToArray())];

    private static double[][] Add(double[][] a, double[][] b) => [.. a.Select((row, t) => row.Select((v, c) => v + b[t][c]).ToArray())];

    private static double[] Mean(double[][] x) => [.. x[0].Select((_, c) => x.Average(row => row[c]))];

    /// <summary>2 / sqrt(pi) * e^(-z^2) * sum of 2^n z^(2n + 1) / (1 * 3 * ... * (2n + 1)).</summary>
    private static double Erf(double z)
    {
        if (Math.Abs(z) > 6)
        {
            return Math.Sign(z);
        }

        double term = z;
        double sum = z;
        for (int n = 1; n < 300; n++)
        {
            term *= 2 * z * z / ((2 * n) + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z) * sum;
    }

    private double[] D(string name) => [.. tensors[name].Data];
}
