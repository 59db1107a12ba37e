namespace EdgeVit.Export;

/// <summary>A trained tensor by its state_dict name, such as <c>vit.encoder.layer.0.intermediate.dense.weight</c>.</summary>
internal sealed record FloatTensor
{
    private readonly float[]? _data;
    private readonly Func<float[]>? _read;

    /// <summary>A tensor in memory, its elements row-major.</summary>
    public FloatTensor(string name, int[] shape, float[] data) => (Name, Shape, _data) = (name, shape, data);

    /// <summary>A tensor that stays in its file: <paramref name="read"/> gives the elements, row-major, in a new array each time.</summary>
    internal FloatTensor(string name, int[] shape, Func<float[]> read) => (Name, Shape, _read) = (name, shape, read);

    public string Name { get; init; }

    /// <summary>Sizes, outermost first; empty for a scalar.</summary>
    public int[] Shape { get; init; }

    /// <summary>The elements, row-major. Large tensors of a checkpoint are read from the file each time: ask once.</summary>
    /// <exception cref="CheckpointException">The file can no longer be read.</exception>
    public float[] Data
    {
        get => _data ?? _read!();
        init => _data = value;
    }

    /// <summary>The shape as people write it: <c>[64, 3, 4, 4]</c>.</summary>
    public string ShapeText => Text(Shape);

    /// <summary>The number of elements that are there; nothing is read for it.</summary>
    internal long Length => _data?.Length ?? Count(Shape);

    internal static string Text(IReadOnlyList<int> shape) => $"[{string.Join(", ", shape)}]";

    internal static long Count(IReadOnlyList<int> shape) => shape.Aggregate(1L, (product, size) => product * size);
}
