namespace EdgeVit.Export;

/// <content>What tokens are made with: patches, and the convolutions before them.</content>
internal static partial class NetworkRecogniser
{
    private static (int Patch, int Channels, int Stride, int StemWidth, IReadOnlyList<StemLayer>? Stem) Tokenizer(
        IReadOnlyDictionary<string, FloatTensor> tensors, NetworkForm form, List<string> assumed)
    {
        (int patch, int channels) = TensorSizes.Patch(tensors, "vit.embeddings.patch_embeddings.projection.weight");
        if (!form.Stem)
        {
            return (patch, channels, 1, 0, null);
        }

        IReadOnlyList<StemLayer>? layers = StemLayers(tensors, assumed);
        int image = TensorSizes.Patch(tensors, "vit.embeddings.stem.weight").Channels;
        return layers is null ? (patch, image, 1, channels, null) : (patch, image, layers.Aggregate(1, (stride, layer) => stride * layer.Stride), 0, layers);
    }

    /// <summary>The layers; null for none and for the usual one. Their strides are not visible: that of a window larger than a token is taken to be 2.</summary>
    private static IReadOnlyList<StemLayer>? StemLayers(IReadOnlyDictionary<string, FloatTensor> tensors, List<string> assumed)
    {
        var layers = new List<StemLayer>();
        for (int channels = 0; tensors.TryGetValue($"{StemLayer.Name(layers.Count)}.weight", out FloatTensor? weight) && weight.Shape is [var outputs, var inputs, var kernel, _];
            channels = outputs)
        {
            bool isDepthwise = inputs == 1 && outputs == channels;
            layers.Add(new StemLayer(kernel, kernel > 1 ? 2 : 1, isDepthwise ? 0 : outputs, isDepthwise));
        }

        if (layers is [] or [{ Kernel: 3 }])
        {
            return null;
        }

        assumed.Add($"strides {string.Join(", ", layers.Select(l => l.Stride))} of the stem's {layers.Count} layers; the tensors do not show them, and only the checkpoint that convert wrote says so");
        return layers;
    }
}
