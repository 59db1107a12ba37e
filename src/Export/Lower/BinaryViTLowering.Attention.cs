namespace EdgeVit.Export;

/// <content>Queries, keys, values and the attention of their signs.</content>
internal sealed partial class BinaryViTLowering
{
    /// <summary>Sign, binary linear with its norm, shortcut, RPReLU: [N, C] to [N, C], or to as many times C as the weight has rows.</summary>
    private string Projection(string att, string linear, string move, string norm, string rprelu, string input)
    {
        string sign = _graph.ShiftSign($"{att}.{linear}.sign", input, Data($"{att}.{move}"));
        string product = BinaryLinear($"{att}.{linear}", $"{att}.{norm}", sign);
        int times = tensors[$"{att}.{linear}.weight"].Shape[0] / Data($"{att}.{move}").Length;
        string shortcut = times == 1 ? input : _graph.TileChannels($"{att}.{linear}.tile", input, times);
        return RPReLU($"{att}.{rprelu}", _graph.Add($"{att}.{linear}.sum", product, shortcut), $"{att}.{rprelu}");
    }

    /// <summary>The attention's value is its clip times a count, so the clip goes into the scale.</summary>
    private string Context(string att, int stageIndex, int layer, string query, string key, string value)
    {
        StageConfig stage = config.StageAt(stageIndex);
        float[] clip = Data($"{att}.att_prob_clip");
        if (clip.Length == 1)
        {
            clip = [.. Enumerable.Repeat(clip[0], stage.Heads)];
        }

        double[]? temperatures = config.Locality
            ? [.. Data($"{att}.{TensorManifest.TemperatureLogit}").Select(logit => AttentionTemperature.Of(logit, stage.HeadSize))] : null;
        var weights = new AttentionWeights(clip, config.AttentionLevels, config.MasksDiagonal(stageIndex), temperatures, config.WindowAt(layer), PairBias.Of(config.BiasAt(layer), () => Data($"{att}.{TensorManifest.Bias}"), stage),
            config.ZeroPoint ? Data($"{att}.{TensorManifest.ZeroPoint}") : null);
        double[] factor = [.. Enumerable.Range(0, stage.Width).Select(c => (double)clip[c / stage.HeadSize])];
        if (!config.LayerNorm)
        {
            return _graph.BinaryAttention($"{att}.norm_context", query, key, value, weights, Norm($"{att}.norm_context").AfterScaling(factor));
        }

        string context = _graph.BinaryAttention($"{att}.context", query, key, value, weights, ChannelAffine.Scaling(factor));
        return Normed($"{att}.norm_context", context, $"{att}.norm_context");
    }
}
