using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A network ready to be written: the graph in execution order and exactly the tensors that it uses, by name.</summary>
internal sealed record LoweredModel(ModelGraph Graph, IReadOnlyDictionary<string, StoredTensor> Tensors)
{
    public long TensorBytes => Tensors.Values.Sum(t => (long)t.Bytes.Length);
}
