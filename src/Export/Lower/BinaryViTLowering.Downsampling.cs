using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <content>From the grid of one stage to that of the next.</content>
internal sealed partial class BinaryViTLowering
{
    /// <summary>[N, C] to [N / 4, C'] of the next stage, plus positions.</summary>
    private string Downsampling(string name, int stage, string x)
    {
        int channels = config.Stages[stage].Width;
        string z = Normed($"{name}.norm0", x, $"{name}.norm0");
        if (config.Down == DownKind.Attention)
        {
            return _graph.Position(name, PooledQueries(name, stage, z), Data($"{name}.position_embeddings"), channels);
        }

        FloatTensor weight = tensors[$"{name}.proj.weight"];
        if (config.Down is DownKind.Float or DownKind.Depthwise)
        {
            z = config.Down == DownKind.Depthwise ? Depthwise($"{name}.depthwise", z, tensors[$"{name}.depthwise.weight"], new float[weight.Shape[1]], stride: 2) : z;
            z = NormedConv($"{name}.proj", $"{name}.norm", z, weight, new float[channels], stride: weight.Shape[2]);
            return _graph.Position(name, z, Data($"{name}.position_embeddings"), channels);
        }

        ConvWindow window = config.Down == DownKind.Conv3 ? new ConvWindow(Kernel: 3, Stride: 2, Padding: 1, Dilation: 1) : ConvWindow.Tiling(2);
        string sign = _graph.ShiftSign($"{name}.sign", z, Data($"{name}.move"));
        float[] data = weight.Data;
        string product = NormedProduct(
            $"{name}.proj", $"{name}.norm", SignPacking.RowMagnitudes(data, channels), (value, affine) =>
                _graph.BinaryConv(value, sign, SignPacking.ChannelsLast(data, weight.Shape[0], weight.Shape[1], window.Kernel), affine, window));
        string pooled = _graph.AvgPool2d($"{name}.pool", z, 2, 2, everyPosition: false);
        string sum = _graph.Add($"{name}.sum", product, _graph.TileChannels($"{name}.tile", pooled, 2));
        return _graph.Position(name, RPReLU($"{name}.rprelu", sum, $"{name}.rprelu"), Data($"{name}.position_embeddings"), channels);
    }

    /// <summary>Tokens' means, each twice along the channels, plus the attention of queries made from them to all tokens: Z [N, C] to [N / 4, C'].</summary>
    private string PooledQueries(string name, int stage, string z)
    {
        string pooled = Means(name, z);
        string wide = _graph.TileChannels($"{name}.tile", pooled, config.Stages[stage].Width / config.Stages[stage - 1].Width);
        return _graph.Add($"{name}.attention", wide, Attend(name, BinaryViTConfig.DownTo(stage), BinaryViTConfig.NoLayer, pooled, z, z, value => Means(value, value)));

        string Means(string value, string tokens) => _graph.AvgPool2d($"{value}.pool", tokens, 2, 2, everyPosition: false);
    }

    /// <summary>A float convolution of each channel by itself, padded so that a grid is divided by the stride; the weight is [C, 1, k, k].</summary>
    private string Depthwise(string name, string input, FloatTensor weight, float[] bias, int stride)
    {
        (int channels, int kernel) = (weight.Shape[0], weight.Shape[2]);
        float[] data = weight.Data;
        float[] rows = [.. Enumerable.Range(0, data.Length).Select(i => data[(i % channels * kernel * kernel) + (i / channels)])];
        return _graph.DepthwiseConv2d(name, input, rows, bias, new ConvWindow(kernel, stride, (kernel - 1) / 2, Dilation: 1));
    }
}
