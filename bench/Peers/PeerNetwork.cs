namespace EdgeVit.Bench;

/// <summary>A network that a user would pick instead, as the table of its paper.</summary>
/// <param name="Name">As in the paper.</param>
/// <param name="Top1">Published top-1 on ImageNet in floats, percent; null for a network of other images.</param>
/// <param name="Source">Where that is published.</param>
/// <param name="Parameters">Weights with batch norms, as libraries of models count them.</param>
internal sealed record PeerNetwork(string Name, double? Top1, string Source, long Parameters)
{
    /// <summary>Side of the input image.</summary>
    public int Side { get; init; } = 224;

    /// <summary>Those for photographs, smallest first.</summary>
    public static IReadOnlyList<PeerNetwork> All { get; } =
        [MobileNetV3.Small, ShuffleNetV2.X1, MobileNetV4.ConvSmall, MobileNetV3.Large, EfficientNetLite.Lite0];

    /// <summary>Published top-1 of the 8-bit network by the same source, percent; null where it names none.</summary>
    public double? Int8Top1 { get; init; }

    /// <summary>From the image <c>[3, Side, Side]</c> to the logits.</summary>
    public required IReadOnlyList<PeerLayer> Layers { get; init; }

    /// <summary>Name of a contestant.</summary>
    public string Contestant(bool integers) => $"{Name} {(integers ? "int8" : "fp32")}";
}
