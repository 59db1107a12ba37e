namespace EdgeVit.Export;

/// <content>How the tokens of a block see each other.</content>
internal sealed partial class BinaryViTLowering
{
    /// <summary>X [N, C] plus what a layer's mixer makes of it: [N, C].</summary>
    private string Mixed(string block, int stageIndex, int layer, string x) => config.MixerAt(layer) switch
    {
        MixerKind.Conv3 => Convolution(block, config.Stages[stageIndex], x),
        MixerKind.Depthwise => DepthwiseMixer(block, config.Stages[stageIndex], x),
        MixerKind.Pool => Pooling(block, x),
        _ => _graph.Add($"{block}.attention", x, Attention(block, stageIndex, layer, x)),
    };

    /// <summary>X [N, C] plus a float convolution of each channel by itself.</summary>
    private string DepthwiseMixer(string block, StageConfig stage, string x)
    {
        string a = Normed($"{block}.layernorm_before", x, $"{block}.layernorm_before");
        string y = Gated(block, stage, a, NormedDepthwise($"{block}.depthwise.conv", a, stride: 1));
        return _graph.Add($"{block}.depthwise", x, OutputScale($"{block}.depthwise.layerscale", y));
    }

    /// <summary>Y [N, C] times the gates of A's mean, where a stage has them.</summary>
    private string Gated(string block, StageConfig stage, string a, string y)
    {
        if (stage.Gate == GateKind.None)
        {
            return y;
        }

        string gate = $"{block}.gate";
        FloatTensor squeeze = tensors[$"{gate}.squeeze.weight"], excite = tensors[$"{gate}.excite.weight"];
        string narrow = _graph.Linear($"{gate}.squeeze", _graph.MeanTokens($"{gate}.mean", a), squeeze.Data, squeeze.Shape, new float[squeeze.Shape[0]]);
        narrow = RPReLU($"{gate}.rprelu", narrow, $"{gate}.rprelu");
        return _graph.Gate(gate, y, _graph.Linear($"{gate}.excite", narrow, excite.Data, excite.Shape, Data($"{gate}.excite.bias")));
    }

    /// <summary>X [N, C] plus the mean of 3x3 tokens less the token itself.</summary>
    private string Pooling(string block, string x)
    {
        string module = $"{block}.pooling";
        string a = Normed($"{block}.layernorm_before", x, $"{block}.layernorm_before");
        string mean = OutputScale($"{module}.layerscale", _graph.AvgPool2d($"{module}.mean", a, 3, 3, everyPosition: true));
        double[] own = config.LayerScale ? [.. Data($"{module}.layerscale.alpha").Select(alpha => (double)-alpha)] : [.. Enumerable.Repeat(-1.0, Data($"{block}.layernorm_before.weight").Length)];
        return _graph.Add(module, x, mean, _graph.Affine($"{module}.own", a, ChannelAffine.Scaling(own)));
    }

    /// <summary>X [N, C] plus a binary 3x3 convolution of it with its shortcut: [N, C].</summary>
    private string Convolution(string block, StageConfig stage, string x)
    {
        string conv = $"{block}.conv";
        string a = Normed($"{block}.layernorm_before", x, $"{block}.layernorm_before");
        string sign = _graph.ShiftSign($"{conv}.sign", a, Data($"{conv}.move"));
        string product = BinaryRows($"{conv}.dense", $"{conv}.norm", (value, weight, affine) => _graph.BinaryConv(value, sign, weight, affine, stage.Window));
        string y = RPReLU($"{conv}.rprelu", _graph.Add($"{conv}.sum", product, a), $"{conv}.rprelu");
        return _graph.Add(conv, x, OutputScale($"{conv}.layerscale", Gated(block, stage, a, y)));
    }
}
