using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A network ready to be written: the graph and the tensors that its nodes name.</summary>
/// <param name="Graph">In execution order.</param>
/// <param name="Tensors">By name; exactly those that the graph uses.</param>
internal sealed record LoweredModel(ModelGraph Graph, IReadOnlyDictionary<string, StoredTensor> Tensors)
{
    /// <summary>Bytes of all tensors.</summary>
    public long TensorBytes => Tensors.Values.Sum(t => (long)t.Bytes.Length);
}
