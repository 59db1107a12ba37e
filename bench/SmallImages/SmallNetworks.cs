using EdgeVit.Export;
using static EdgeVit.Bench.Activation;

namespace EdgeVit.Bench;

/// <summary>The float networks for small images that <c>edgevit convert</c> trains, as graphs of their checkpoints.</summary>
internal static class SmallNetworks
{
    private const string Prefix = "model.";
    private const double LogitScale = 1.0 / 9;

    /// <summary>The network of a checkpoint, with its weights.</summary>
    /// <param name="path">A safetensors file: <c>teacher/best.safetensors</c> of a run.</param>
    /// <param name="side">Of the images.</param>
    /// <exception cref="ModelFormatException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is of neither kind.</exception>
    public static (PeerNetwork Network, Func<IPeerWeights> Weights) Of(string path, int side)
    {
        Dictionary<string, FloatTensor> tensors = NamedTensorsReader.ReadSafetensors(path)
            .ToDictionary(t => t.Key.StartsWith(Prefix, StringComparison.Ordinal) ? t.Key[Prefix.Length..] : t.Key, t => t.Value, StringComparer.Ordinal);
        if (tensors.ContainsKey("whitening"))
        {
            return (ConvNet(tensors, side), () => new TrainedWeights(ConvNetWeights(tensors)));
        }

        return tensors.TryGetValue("conv1.weight", out FloatTensor? stem) && stem.Shape is [16, 3, 3, 3]
            ? (ResNet8(tensors["fc.weight"].Shape[0], side), () => new TrainedWeights(ResNet8Weights(tensors)))
            : throw new InvalidDataException($"{path} is a checkpoint of neither resnet8 nor convnet, the teachers of 'edgevit convert' whose graphs are known here.");
    }

    /// <summary>ResNet-8 of MLPerf Tiny (Banbury et al. 2021).</summary>
    public static PeerNetwork ResNet8(int classes, int side = 32) => new("ResNet-8", null, "https://arxiv.org/abs/2106.07597", 78_666)
    {
        Side = side,
        Layers = [new Convolution(3, 16, 1, Relu), new ResidualBlock(16, 1), new ResidualBlock(32, 2), new ResidualBlock(64, 2), new GlobalPool(), new Classifier(classes)],
    };

    // A norm without a scale keeps what is greatest, so it may be folded past the max-pool behind its convolution.
    private static PeerNetwork ConvNet(Dictionary<string, FloatTensor> tensors, int side)
    {
        FloatTensor whitening = tensors["whitening"], classifier = tensors["fc.weight"];
        int kernel = whitening.Shape[2], blocks = Blocks(tensors).Count();
        List<PeerLayer> layers = [new Convolution(kernel, whitening.Shape[0], kernel - 1, Gelu) { Padding = 0, Normed = false }];
        int grid = ((side - kernel) / (kernel - 1)) + 1;
        for (int b = 0; b < blocks; b++, grid /= 2)
        {
            int channels = tensors[$"blocks.{b}.conv1.weight"].Shape[0];
            layers.AddRange([new Convolution(3, channels, 1, None), .. grid >= 2 ? (PeerLayer[])[new MaxPool(2)] : [], new Activate(Gelu), new Convolution(3, channels, 1, Gelu)]);
        }

        return new PeerNetwork($"ConvNet-{tensors["blocks.0.conv1.weight"].Shape[0]}", null, "https://arxiv.org/abs/2404.00498", tensors.Where(t => !t.Key.Contains("running", StringComparison.Ordinal)).Sum(t => (long)t.Value.Data.Length))
        {
            Side = side,
            Layers = [.. layers, new GlobalPool(Greatest: true), new Classifier(classifier.Shape[0])],
        };
    }

    private static IEnumerable<FoldedWeights> ConvNetWeights(Dictionary<string, FloatTensor> tensors) =>
    [
        FoldedWeights.Plain(tensors, "whitening"),
        .. Blocks(tensors).SelectMany(b => (FoldedWeights[])[FoldedWeights.Normed(tensors, $"{b}.conv1", $"{b}.norm1"), FoldedWeights.Normed(tensors, $"{b}.conv2", $"{b}.norm2")]),
        FoldedWeights.Plain(tensors, "fc", LogitScale),
    ];

    private static IEnumerable<FoldedWeights> ResNet8Weights(Dictionary<string, FloatTensor> tensors)
    {
        yield return FoldedWeights.Normed(tensors, "conv1", "bn1");
        for (int b = 0; b < 3; b++)
        {
            string block = $"layers.{b}";
            yield return FoldedWeights.Normed(tensors, $"{block}.conv1", $"{block}.bn1");
            yield return FoldedWeights.Normed(tensors, $"{block}.conv2", $"{block}.bn2");
            if (tensors.ContainsKey($"{block}.downsample.weight"))
            {
                yield return FoldedWeights.Plain(tensors, $"{block}.downsample");
            }
        }

        yield return FoldedWeights.Plain(tensors, "fc");
    }

    private static IEnumerable<string> Blocks(Dictionary<string, FloatTensor> tensors) =>
        Enumerable.Range(0, int.MaxValue).Select(b => $"blocks.{b}").TakeWhile(b => tensors.ContainsKey($"{b}.conv1.weight"));
}
