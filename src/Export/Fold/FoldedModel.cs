using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A network as it is stored and runs, its constants moved to where they cost nothing (see <c>docs/format.md</c>), and how its values relate
/// to those of the network that was lowered.</summary>
/// <param name="Model">Graph and tensors.</param>
/// <param name="Values">The values that are not the lowered network's, by name. A value of that network which is missing here and in the graph has
/// gone into others.</param>
internal sealed record FoldedModel(LoweredModel Model, IReadOnlyDictionary<string, FoldedValue> Values)
{
    /// <summary>Whether a graph holds a form that only folding makes, and so is no lowered network's.</summary>
    public static bool IsFolded(ModelGraph graph) => graph.Nodes.Any(GraphFolding.IsFolded);

    /// <summary>Moves a lowered network's constants and joins its sums; of a graph of version 3, whose constants are where they belong, only the
    /// latter.</summary>
    /// <exception cref="ArgumentException">It is folded already.</exception>
    /// <exception cref="EvitFormatException">Its graph is not valid.</exception>
    public static FoldedModel Of(LoweredModel lowered)
    {
        FoldedModel folded = AsRun(lowered);
        return folded with { Model = folded.Model with { Graph = JoinedSums.Of(folded.Model.Graph) } };
    }

    /// <summary>A model with its constants moved, as versions 2 and 3 ran it.</summary>
    internal static FoldedModel AsRun(LoweredModel lowered) => lowered.Graph.Version == ModelGraph.FoldedSince
        ? new FoldedModel(lowered, new Dictionary<string, FoldedValue>()) : GraphFolding.Fold(lowered);
}

/// <summary>A value of a folded graph: the lowered graph's less a constant for each channel, times a factor.</summary>
/// <param name="Missing">What the lowered value has more, <c>[C]</c>; null for nothing.</param>
/// <param name="Factor">How many times as large the value is: the count of a window that is summed up in place of averaged.</param>
internal sealed record FoldedValue(double[]? Missing, double Factor = 1)
{
    /// <summary>The folded value <c>[N, C]</c> of a lowered one.</summary>
    public float[] Of(ReadOnlySpan<float> lowered)
    {
        var folded = new float[lowered.Length];
        for (int i = 0; i < folded.Length; i++)
        {
            folded[i] = (float)((lowered[i] - (Missing is null ? 0 : Missing[i % Missing.Length])) * Factor);
        }

        return folded;
    }
}
