using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>An estimate of a network's time on a Cortex-A72, scaled from that of BinaryViT-small (<c>bench/results/arm-estimates.md</c>): its cycles for binary products,
/// for float products and for everything else, each by how much of it a network has. It knows no caches, and no row lengths that fill registers badly.</summary>
internal sealed class ArmShare
{
    private const string Core = "Cortex-A72";
    private const string BinaryProducts = "NeonBitKernel.Four";
    private const string FloatProducts = "LaneRowKernel`2.MultiplyTwo";

    private readonly NodeCost _small;
    private readonly double _binaryMs;
    private readonly double _floatMs;
    private readonly double _restMs;

    /// <summary>Takes the estimate of BinaryViT-small.</summary>
    /// <param name="small">The nodes of BinaryViT-small.</param>
    /// <param name="estimates">What <c>bench/arm-estimate.sh</c> wrote for programs.</param>
    public ArmShare(IReadOnlyList<NodeFacts> small, JsonNode estimates)
    {
        _small = Work(small);
        JsonArray cores = estimates["cores"]!.AsArray();
        int core = cores.Select(c => (string)c!["core"]!).ToList().IndexOf(Core);
        double Milliseconds(string method) =>
            (double)estimates["methods"]!.AsArray().Single(m => (string)m!["method"]! == method)!["cycles"]![core]! / ((double)cores[core]!["mhz"]! * 1000);
        (_binaryMs, _floatMs) = (Milliseconds(BinaryProducts), Milliseconds(FloatProducts));
        _restMs = (double)cores[core]!["milliseconds"]! - _binaryMs - _floatMs;
    }

    /// <summary>The file of the estimates, from the repository's root.</summary>
    public static string File => Path.Combine("bench", "results", "arm-estimates.json");

    public double Milliseconds(IReadOnlyList<NodeFacts> nodes)
    {
        NodeCost cost = Work(nodes);
        return (_binaryMs * cost.BinaryMacs / _small.BinaryMacs) + (_floatMs * cost.FloatMacs / _small.FloatMacs) + (_restMs * cost.ElementOps / _small.ElementOps);
    }

    /// <summary>All work. The taps of single-channel convolutions are rows that are added up, as those of pools are; windows of pools that overlap share their rows,
    /// 24 in place of 64 (<c>EpilogueKernel.Pools</c>).</summary>
    private static NodeCost Work(IReadOnlyList<NodeFacts> nodes) => new(
        nodes.Sum(f => f.Cost.BinaryMacs),
        nodes.Sum(f => f.Node.Op == Op.DepthwiseConv2d ? 0 : f.Cost.FloatMacs),
        nodes.Sum(f => (f.Cost.ElementOps * (IsOverlapping(f.Node) ? 24.0 / 64 : 1)) + (f.Node.Op == Op.DepthwiseConv2d ? f.Cost.FloatMacs : 0)));

    private static bool IsOverlapping(GraphNode node) => node.Op == Op.AvgPool2d && node.Attributes["strideH"] == 1 && node.Attributes["strideW"] == 1;
}
