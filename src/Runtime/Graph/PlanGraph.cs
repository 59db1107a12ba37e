namespace EdgeVit.Runtime;

/// <summary>A graph as it runs: that of a file, folded where its version says so (see <see cref="GraphFolding"/>). Besides what files may hold
/// it has <see cref="Op.ScaledSum"/>, an RPReLU without shift and offset, and the attributes below.</summary>
/// <param name="Graph">In execution order.</param>
/// <param name="Shapes">The shape of every value.</param>
/// <param name="Tensors">By name.</param>
internal sealed record PlanGraph(ModelGraph Graph, IReadOnlyDictionary<string, ValueShape> Shapes, IReadOnlyDictionary<string, StoredTensor> Tensors)
{
    /// <summary>Attribute of a binary product that is <c>scale * d + offset</c>, d the number of differing bits.</summary>
    internal const string Counts = "counts";

    /// <summary>Attribute of a pool that does not divide.</summary>
    internal const string Sum = "sum";

    /// <summary>Role of the scale of a sum's input.</summary>
    internal static string Scale(int input) => $"scale{input}";

    /// <summary>A file's graph.</summary>
    internal static PlanGraph Of(EvitFile file) => GraphFolding.Fold(file.Graph, file.Tensors, file.Shapes);
}
