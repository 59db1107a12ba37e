using TorchSharp.Distributed;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Processes joined by libtorch: a TCP store, Gloo, and NCCL for CUDA devices.</summary>
internal sealed class TorchConnection : IConnection
{
    private readonly WorldVariables _variables;
    private readonly int _cuda;
    private readonly Store _store;
    private ProcessGroup? _group;

    internal TorchConnection(WorldVariables variables, int cuda)
    {
        (_variables, _cuda) = (variables, cuda);
        _store = new Store(variables.Address, variables.Port, variables.Rank == 0 && !variables.Served, variables.Timeout, $"edgevit/{variables.Attempt}/");
    }

    /// <summary>Whether this build can do it.</summary>
    internal static bool IsAvailable => ProcessGroup.IsAvailable;

    private ProcessGroup Group => _group ?? throw new InvalidOperationException("the processes have not met");

    /// <inheritdoc/>
    public void Set(string key, string value) => _store.Set(key, value);

    /// <inheritdoc/>
    public string? Get(string key) => _store.Get(key);

    /// <inheritdoc/>
    public long Add(string key, long value) => _store.Add(key, value);

    /// <inheritdoc/>
    public void Meet() =>
        _group = new ProcessGroup(_store, _variables.Rank, _variables.Size, _variables.Timeout, _variables.IsLocal ? "127.0.0.1" : "", _cuda);

    /// <inheritdoc/>
    public void Sum(Span<double> values) => Group.Sum(values);

    /// <inheritdoc/>
    public void Sum(IReadOnlyList<Tensor> tensors) => Group.Sum(tensors);

    /// <inheritdoc/>
    public void Broadcast(IReadOnlyList<Tensor> tensors) => Group.Broadcast(tensors);

    /// <inheritdoc/>
    public void Leave() => _group?.Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        Leave();
        _store.Dispose();
    }
}
