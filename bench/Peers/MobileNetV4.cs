using static EdgeVit.Bench.Activation;

namespace EdgeVit.Bench;

/// <summary>MobileNetV4 (Qin et al., <em>MobileNetV4: Universal Models for the Mobile Ecosystem</em>, ECCV 2024).</summary>
internal static class MobileNetV4
{
    /// <summary>The paper's specification of MNv4-Conv-S; a fused bottleneck is its two convolutions.</summary>
    public static PeerNetwork ConvSmall { get; } = new("MobileNetV4-Conv-S", 73.8, "https://arxiv.org/abs/2404.10518", 3_774_024)
    {
        Layers =
        [
            new Convolution(3, 32, 2, Relu),
            new Convolution(3, 32, 2, Relu),
            new Convolution(1, 32, 1, Relu),
            new Convolution(3, 96, 2, Relu),
            new Convolution(1, 64, 1, Relu),
            Uib(5, 5, 192, 96, 2),
            Uib(0, 3, 192, 96, 1),
            Uib(0, 3, 192, 96, 1),
            Uib(0, 3, 192, 96, 1),
            Uib(0, 3, 192, 96, 1),
            Uib(3, 0, 384, 96, 1),
            Uib(3, 3, 576, 128, 2),
            Uib(5, 5, 512, 128, 1),
            Uib(0, 5, 512, 128, 1),
            Uib(0, 5, 384, 128, 1),
            Uib(0, 3, 512, 128, 1),
            Uib(0, 3, 512, 128, 1),
            new Convolution(1, 960, 1, Relu),
            new GlobalPool(),
            new Convolution(1, 1280, 1, Relu),
            new Classifier(1000),
        ],
    };

    // The paper's columns: DW K1, DW K2, expanded dim, output dim, stride.
    private static InvertedBottleneck Uib(int firstKernel, int kernel, int expanded, int channels, int stride) =>
        new(firstKernel, kernel, expanded, channels, stride, Relu);
}
