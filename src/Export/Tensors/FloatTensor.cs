namespace EdgeVit.Export;

/// <summary>A trained tensor by its state_dict name, such as <c>vit.encoder.layer.0.intermediate.dense.weight</c>.</summary>
/// <param name="Name">The state_dict name.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Data">The elements, row-major; their number is the product of the shape.</param>
public sealed record FloatTensor(string Name, int[] Shape, float[] Data)
{
    /// <summary>The shape as people write it: <c>[64, 3, 4, 4]</c>.</summary>
    public string ShapeText => Text(Shape);

    internal static string Text(IReadOnlyList<int> shape) => $"[{string.Join(", ", shape)}]";

    internal static long Count(IReadOnlyList<int> shape) => shape.Aggregate(1L, (product, size) => product * size);
}
