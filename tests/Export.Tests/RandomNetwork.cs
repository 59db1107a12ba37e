using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>Networks with seeded random weights whose values spread as trained ones do.</summary>
internal static class RandomNetwork
{
    public static Preprocess Preprocess(BinaryViTConfig config) => new(
        config.ImageSize, config.ImageSize, config.ImageSize, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);

    public static string[] Labels(BinaryViTConfig config) => [.. Enumerable.Range(0, config.Classes).Select(i => $"class {i}")];

    /// <summary>All tensors of a network. About a tenth of the norms' gammas are negative, a few are zero.</summary>
    /// <param name="config">The network.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="clipPerHead">One clip for each head instead of one for all.</param>
    public static Dictionary<string, FloatTensor> Tensors(BinaryViTConfig config, int seed, bool clipPerHead = false)
    {
        var random = new Random(seed);
        var tensors = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        foreach ((string name, int[] required) in new TensorManifest(config).Required)
        {
            int[] shape = required;
            if (clipPerHead && name.EndsWith("att_prob_clip", StringComparison.Ordinal))
            {
                shape = [(name.StartsWith("vit.encoder.patch_embed", StringComparison.Ordinal) ? config.StageAt(-int.Parse(name.Split('.')[2][11..])) : name.StartsWith("vit.encoder", StringComparison.Ordinal) ? config.Stages[config.StageOf(int.Parse(name.Split('.')[3]))] : config.ClassStage()).Heads];
            }

            var data = new float[shape.Aggregate(1, (a, b) => a * b)];
            for (int i = 0; i < data.Length; i++)
            {
                data[i] = Draw(random, name, config);
            }

            tensors.Add(name, new FloatTensor(name, shape, data));
        }
        return tensors;
    }

    /// <summary>Standard normal images <c>[n, 3, H, W]</c>.</summary>
    public static float[] Images(BinaryViTConfig config, int count, int seed)
    {
        var random = new Random(seed);
        var images = new float[count * config.Channels * config.ImageSize * config.ImageSize];
        for (int i = 0; i < images.Length; i++)
        {
            images[i] = Normal(random);
        }

        return images;
    }

    private static int Keys(string name, BinaryViTConfig config) => name.StartsWith("vit.encoder.patch_embed", StringComparison.Ordinal)
        ? config.Tokens(int.Parse(name.Split('.')[2][11..]) - 1)
        : name.StartsWith("vit.encoder", StringComparison.Ordinal)
        ? config.KeysAt(int.Parse(name.Split('.')[3]))
        : config.Keys(config.Stages.Count);

    private static float Draw(Random random, string name, BinaryViTConfig config)
    {
        if (name.EndsWith("att_prob_clip", StringComparison.Ordinal))
        {
            return 2.4f / config.AttentionLevels / Keys(name, config) * (0.8f + (0.4f * random.NextSingle()));
        }

        if (name.EndsWith("att_zero_point", StringComparison.Ordinal))
        {
            return 0.6f * Normal(random);
        }

        if (name.EndsWith("att_temperature_logit", StringComparison.Ordinal) || name.EndsWith("att_bias", StringComparison.Ordinal))
        {
            return Normal(random);
        }

        if (name.EndsWith("running_var", StringComparison.Ordinal))
        {
            return name.Contains("norm_context", StringComparison.Ordinal) ? 0.01f + random.NextSingle() : 0.5f + random.NextSingle();
        }

        if (name.EndsWith("prelu.weight", StringComparison.Ordinal))
        {
            return 0.25f + (0.2f * Normal(random));
        }

        if (name.EndsWith("alpha", StringComparison.Ordinal))
        {
            return 0.3f * Normal(random);
        }

        bool norm = name.Contains("norm", StringComparison.Ordinal);
        if (norm && name.EndsWith("weight", StringComparison.Ordinal))
        {
            float gamma = 0.5f + random.NextSingle();
            int kind = random.Next(40);
            return kind == 0 ? 0 : kind < 5 ? -gamma : gamma;
        }
        bool matrix = name.EndsWith(".weight", StringComparison.Ordinal);
        return Normal(random) * (matrix ? 0.05f : norm ? 0.3f : 0.2f);
    }

    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
