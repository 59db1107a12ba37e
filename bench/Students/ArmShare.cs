using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>An estimate of a network's time on a Cortex-A72, scaled from that of BinaryViT-small (<c>bench/results/arm-estimates.md</c>): its cycles for binary products,
/// for float products and for everything else, each by how much of it a network has. It knows no caches, and no row lengths that fill registers badly.</summary>
/// <param name="small">The nodes of BinaryViT-small.</param>
internal sealed class ArmShare(IReadOnlyList<NodeFacts> small)
{
    private const double MillionCyclesAMillisecond = 1.8;
    private const double BinaryCycles = 46.2;
    private const double FloatCycles = 3.0;
    private const double AllCycles = 143.4;

    private readonly NodeCost _small = Work(small);

    public double Milliseconds(IReadOnlyList<NodeFacts> nodes)
    {
        NodeCost cost = Work(nodes);
        return ((BinaryCycles * cost.BinaryMacs / _small.BinaryMacs) + (FloatCycles * cost.FloatMacs / _small.FloatMacs)
            + ((AllCycles - BinaryCycles - FloatCycles) * cost.ElementOps / _small.ElementOps)) / MillionCyclesAMillisecond;
    }

    /// <summary>All work. The taps of single-channel convolutions are rows that are added up, as those of pools are.</summary>
    private static NodeCost Work(IReadOnlyList<NodeFacts> nodes) => new(
        nodes.Sum(f => f.Cost.BinaryMacs),
        nodes.Sum(f => f.Node.Op == Op.DepthwiseConv2d ? 0 : f.Cost.FloatMacs),
        nodes.Sum(f => f.Cost.ElementOps + (f.Node.Op == Op.DepthwiseConv2d ? f.Cost.FloatMacs : 0)));
}
