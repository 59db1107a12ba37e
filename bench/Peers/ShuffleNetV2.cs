using static EdgeVit.Bench.Activation;

namespace EdgeVit.Bench;

/// <summary>ShuffleNetV2 (Ma et al., <em>ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design</em>, ECCV 2018).</summary>
internal static class ShuffleNetV2
{
    /// <summary>Table 5, 1x.</summary>
    public static PeerNetwork X1 { get; } = new("ShuffleNetV2 1.0x", 69.4, "https://arxiv.org/abs/1807.11164", 2_278_604)
    {
        Layers =
        [
            new Convolution(3, 24, 2, Relu),
            new MaxPool(),
            .. Stage(116, 4),
            .. Stage(232, 8),
            .. Stage(464, 4),
            new Convolution(1, 1024, 1, Relu),
            new GlobalPool(),
            new Classifier(1000),
        ],
    };

    private static IEnumerable<PeerLayer> Stage(int channels, int repeats) =>
        Enumerable.Range(0, repeats).Select(i => new ShuffleUnit(channels, i == 0 ? 2 : 1));
}
