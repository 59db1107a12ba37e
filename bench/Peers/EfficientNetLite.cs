using static EdgeVit.Bench.Activation;

namespace EdgeVit.Bench;

/// <summary>EfficientNet (Tan and Le, ICML 2019, table 1) without squeeze and excitation and with ReLU6, as its authors published it for devices.</summary>
internal static class EfficientNetLite
{
    private static readonly (int Expansion, int Kernel, int Stride, int Channels, int Repeats)[] s_stages =
    [
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    ];

    /// <summary>The smallest.</summary>
    public static PeerNetwork Lite0 { get; } =
        new("EfficientNet-Lite0", 75.1, "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite", 4_652_008)
        {
            Int8Top1 = 74.4,
            Layers = [new Convolution(3, 32, 2, Relu6), .. Stages(32), new Convolution(1, 1280, 1, Relu6), new GlobalPool(), new Classifier(1000)],
        };

    // MBConv: the first of a stage has its stride and widens.
    private static IEnumerable<PeerLayer> Stages(int channels)
    {
        foreach ((int expansion, int kernel, int stride, int width, int repeats) in s_stages)
        {
            for (int i = 0; i < repeats; i++)
            {
                yield return new InvertedBottleneck(0, kernel, expansion * channels, width, i == 0 ? stride : 1, Relu6);
                channels = width;
            }
        }
    }
}
