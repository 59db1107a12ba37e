using System.Globalization;

namespace EdgeVit.Bench;

/// <summary>Top-1 on ImageNet as the authors of a network published it.</summary>
/// <param name="Top1">Percent; null where nothing is published for this precision.</param>
/// <param name="Source">Where.</param>
internal sealed record PublishedAccuracy(double? Top1, string Source)
{
    /// <summary>Le and Li 2023.</summary>
    public static PublishedAccuracy BinaryViTSmall { get; } = new(67.7, "https://arxiv.org/abs/2306.16678");

    /// <summary>The figure with a link, as in tables.</summary>
    public string Text => Top1 is { } top1 ? string.Create(CultureInfo.InvariantCulture, $"[{top1:F1} %]({Source})") : "–";

    /// <summary>Of ONNX Runtime's contestants, by name; null for those that nobody trains.</summary>
    public static PublishedAccuracy? Of(string contestant)
    {
        foreach (PeerNetwork network in PeerNetwork.All)
        {
            if (contestant == network.Contestant(integers: false))
            {
                return new PublishedAccuracy(network.Top1, network.Source);
            }

            if (contestant == network.Contestant(integers: true))
            {
                return new PublishedAccuracy(network.Int8Top1, network.Source);
            }
        }
        foreach (DeitSize size in (DeitSize[])[DeitSize.Tiny, DeitSize.Small])
        {
            if (contestant == OnnxContestants.DeitName(size, integers: false) || contestant == OnnxContestants.DeitName(size, integers: true))
            {
                return new PublishedAccuracy(contestant.EndsWith("fp32", StringComparison.Ordinal) ? size.Top1 : null, "https://arxiv.org/abs/2012.12877");
            }
        }
        return null;
    }
}
