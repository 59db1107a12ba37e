using static EdgeVit.Bench.Activation;

namespace EdgeVit.Bench;

/// <summary>MobileNetV3 (Howard et al., <em>Searching for MobileNetV3</em>, ICCV 2019), tables 1 and 2; accuracy of table 3.</summary>
internal static class MobileNetV3
{
    private const string Source = "https://arxiv.org/abs/1905.02244";

    /// <summary>Table 2.</summary>
    public static PeerNetwork Small { get; } = new("MobileNetV3-Small", 67.4, Source, 2_542_856)
    {
        Layers =
        [
            new Convolution(3, 16, 2, HardSwish),
            Bneck(3, 16, 16, true, Relu, 2),
            Bneck(3, 72, 24, false, Relu, 2),
            Bneck(3, 88, 24, false, Relu, 1),
            Bneck(5, 96, 40, true, HardSwish, 2),
            Bneck(5, 240, 40, true, HardSwish, 1),
            Bneck(5, 240, 40, true, HardSwish, 1),
            Bneck(5, 120, 48, true, HardSwish, 1),
            Bneck(5, 144, 48, true, HardSwish, 1),
            Bneck(5, 288, 96, true, HardSwish, 2),
            Bneck(5, 576, 96, true, HardSwish, 1),
            Bneck(5, 576, 96, true, HardSwish, 1),
            new Convolution(1, 576, 1, HardSwish),
            new GlobalPool(),
            new Convolution(1, 1024, 1, HardSwish) { Normed = false },
            new Classifier(1000),
        ],
    };

    /// <summary>Table 1.</summary>
    public static PeerNetwork Large { get; } = new("MobileNetV3-Large", 75.2, Source, 5_483_032)
    {
        Layers =
        [
            new Convolution(3, 16, 2, HardSwish),
            Bneck(3, 16, 16, false, Relu, 1),
            Bneck(3, 64, 24, false, Relu, 2),
            Bneck(3, 72, 24, false, Relu, 1),
            Bneck(5, 72, 40, true, Relu, 2),
            Bneck(5, 120, 40, true, Relu, 1),
            Bneck(5, 120, 40, true, Relu, 1),
            Bneck(3, 240, 80, false, HardSwish, 2),
            Bneck(3, 200, 80, false, HardSwish, 1),
            Bneck(3, 184, 80, false, HardSwish, 1),
            Bneck(3, 184, 80, false, HardSwish, 1),
            Bneck(3, 480, 112, true, HardSwish, 1),
            Bneck(3, 672, 112, true, HardSwish, 1),
            Bneck(5, 672, 160, true, HardSwish, 2),
            Bneck(5, 960, 160, true, HardSwish, 1),
            Bneck(5, 960, 160, true, HardSwish, 1),
            new Convolution(1, 960, 1, HardSwish),
            new GlobalPool(),
            new Convolution(1, 1280, 1, HardSwish) { Normed = false },
            new Classifier(1000),
        ],
    };

    // The paper's columns: kernel, exp size, #out, SE, NL, s.
    private static InvertedBottleneck Bneck(int kernel, int expanded, int channels, bool squeezeExcite, Activation activation, int stride) =>
        new(0, kernel, expanded, channels, stride, activation, squeezeExcite);
}
