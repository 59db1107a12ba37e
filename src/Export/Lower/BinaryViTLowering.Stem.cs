namespace EdgeVit.Export;

/// <content>Convolutions before the patches.</content>
internal sealed partial class BinaryViTLowering
{
    /// <summary>The image to the tokens that patches are cut from; the image itself where there is no stem.</summary>
    private string Stem()
    {
        string x = Lowering.InputName;
        foreach ((int i, StemLayer layer) in config.StemLayers().Index())
        {
            string name = StemLayer.Name(i);
            x = RPReLU(name, StemConv(name, layer, x), $"{name}.rprelu");
        }

        return x;
    }

    private string StemConv(string name, StemLayer layer, string x)
    {
        if (layer.Depthwise)
        {
            return NormedDepthwise(name, x, layer.Stride);
        }

        FloatTensor weight = tensors[$"{name}.weight"];
        return NormedConv($"{name}.norm", $"{name}.norm", x, weight, new float[weight.Shape[0]], layer.Stride, layer.Window.Padding);
    }

    /// <summary>A float convolution of each channel by itself with its batch norm, <c>{name}.norm</c>.</summary>
    private string NormedDepthwise(string name, string x, int stride)
    {
        FloatTensor weight = tensors[$"{name}.weight"];
        ChannelAffine norm = Norm($"{name}.norm");
        return Depthwise($"{name}.norm", x, new FloatTensor(weight.Name, weight.Shape, ScaledRows(weight.Data, norm)), Folded(norm, new float[weight.Shape[0]]), stride);
    }
}
