namespace EdgeVit.Cli;

/// <summary>A network that a user could take instead: its published top-1 on ImageNet-1k in percent, and its latency on one core in
/// floats and as 8-bit integers (null where not measured), the size of its file, and who published it.</summary>
internal sealed record Peer(string Name, double Top1, double Milliseconds, double? Int8, double Megabytes, string Source);

/// <summary>A published latency of a network on a board, whose name begins so, on one core.</summary>
internal sealed record BoardPeer(string Board, string Name, double Top1, double Milliseconds);

/// <summary>Published anchors for accuracy and latency.</summary>
internal static class Peers
{
    public const string X64Protocol = "one thread, batch of one, floats of 32 bits, ONNX Runtime 1.31.1 on a virtual machine with an AMD Zen 4, "
        + "measured by EdgeVit's authors on 2026-11-28 turn by turn with EdgeVit; top-1 on ImageNet-1k as published with each network's weights "
        + "(papers and collections of weights differ by some tenths)";

    public const string BoardProtocol = "one core, published in the benchmark tables of ncnn (github.com/Tencent/ncnn, benchmark/README.md); top-1 as above";

    public static IReadOnlyList<Peer> X64 { get; } =
    [
        new("MobileNetV3-Small", 67.6, 1.75, 2.06, 10.2, "Howard et al. 2019, arXiv:1905.02244"),
        new("LCNet-1.0", 72.1, 3.87, 3.28, 11.8, "Cui et al. 2021, arXiv:2109.15099"),
        new("MobileNetV4-Conv-S", 73.8, 3.93, 1.75, 15.1, "Qin et al. 2024, arXiv:2404.10518"),
        new("ShuffleNetV2 x1", 69.4, 4.39, 2.82, 9.1, "Ma et al. 2018, arXiv:1807.11164"),
        new("EfficientViT-M2", 70.8, 5.31, 2.46, 16.9, "Liu et al. 2023, arXiv:2305.07027"),
        new("MobileNetV3-Large", 75.8, 6.22, 4.72, 21.9, "Howard et al. 2019, arXiv:1905.02244"),
        new("LeViT-128S", 76.5, 8.24, 4.30, 31.5, "Graham et al. 2021, arXiv:2104.01136"),
        new("EfficientNet-Lite0", 75.5, 9.33, 4.00, 18.6, "Tan and Le 2019, arXiv:1905.11946 (Lite: TensorFlow, 2020)"),
        new("MobileViT-XXS", 68.9, 12.5, 10.9, 5.2, "Mehta and Rastegari 2021, arXiv:2110.02178"),
        new("DeiT-Ti", 72.2, 27.9, 13.8, 22.9, "Touvron et al. 2020, arXiv:2012.12877"),
        new("ResNet-18", 69.8, 33.9, 9.94, 46.7, "He et al. 2015, arXiv:1512.03385"),
        new("DeiT-S", 79.9, 94.5, 38.9, 88.1, "Touvron et al. 2020, arXiv:2012.12877"),
        new("Swin-T", 81.4, 108, 49.4, 116, "Liu et al. 2021, arXiv:2103.14030"),
    ];

    /// <summary>BinaryViT-small as EdgeVit runs it, on the machine of <see cref="X64"/>.</summary>
    public static Peer BinaryViTSmall { get; } =
        new("BinaryViT-small (EdgeVit, 1-bit)", 67.7, 7.60, null, 5.57, "Le and Li 2023, CVPR Workshops; kernels avx512-popcnt");

    public static IReadOnlyList<BoardPeer> Boards { get; } =
    [
        new("Raspberry Pi 5", "ShuffleNetV2 x1", 69.4, 7.1),
        new("Raspberry Pi 5", "MobileNetV3-Large", 75.8, 11.8),
        new("Raspberry Pi 4", "ShuffleNetV2 x1", 69.4, 42),
        new("Raspberry Pi 4", "MobileNetV3-Large", 75.8, 73),
        new("Raspberry Pi 3", "ShuffleNetV2 x1", 69.4, 74),
        new("Raspberry Pi 3", "MobileNetV3-Large", 75.8, 127),
    ];
}
