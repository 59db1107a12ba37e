using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp.Distributed;

/// <summary>Collective operations of processes: every process calls the same ones in the same order. Gloo for memory of the processor; for that of
/// a CUDA device NCCL where this build has it, Gloo over copies otherwise.</summary>
public sealed unsafe class ProcessGroup : IDisposable
{
    private nint _handle;

    /// <summary>Joins a group; returns when all others have come.</summary>
    /// <param name="store">Through which they find one another; must live as long.</param>
    /// <param name="rank">Which process this is, from 0.</param>
    /// <param name="size">How many there are.</param>
    /// <param name="timeout">How long an operation may wait for the others.</param>
    /// <param name="address">Address of the network card to use; empty for the one that the host's name means. <c>GLOO_SOCKET_IFNAME</c> goes first.</param>
    /// <param name="cuda">Index of this process's CUDA device; negative for none.</param>
    /// <exception cref="ExternalException">The others did not come in time.</exception>
    public ProcessGroup(Store store, int rank, int size, TimeSpan timeout, string address, int cuda)
    {
        _handle = Native.ev_group_open(store.Handle, rank, size, (long)timeout.TotalMilliseconds, address, cuda);
        if (_handle == 0)
            throw Native.Error();
    }

    /// <summary>Frees what a group that was forgotten holds.</summary>
    ~ProcessGroup() => Close();

    /// <summary>Whether this build can do it at all.</summary>
    public static bool IsAvailable => Native.ev_distributed_backends() != 0;

    /// <summary>Whether CUDA devices talk to one another without copies through the processor's memory.</summary>
    public static bool HasNccl => (Native.ev_distributed_backends() & 2) != 0;

    private nint Handle => _handle == 0 ? throw new ObjectDisposedException(nameof(ProcessGroup)) : _handle;

    /// <summary>Replaces tensors by their sums over all processes.</summary>
    /// <exception cref="ExternalException">Another process has gone, or did not come in time.</exception>
    public void Sum(IReadOnlyList<torch.Tensor> tensors) => Apply(tensors, sum: true);

    /// <summary>Replaces tensors by those of rank 0.</summary>
    /// <exception cref="ExternalException">Another process has gone, or did not come in time.</exception>
    public void Broadcast(IReadOnlyList<torch.Tensor> tensors) => Apply(tensors, sum: false);

    /// <summary>Replaces numbers by their sums over all processes.</summary>
    /// <exception cref="ExternalException">Another process has gone, or did not come in time.</exception>
    public void Sum(Span<double> values)
    {
        fixed (double* p = values)
            Native.Check(Native.ev_group_sum(Handle, p, values.Length));
        GC.KeepAlive(this);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    private void Apply(IReadOnlyList<torch.Tensor> tensors, bool sum)
    {
        if (tensors.Count == 0)
            return;
        nint[] handles = [.. tensors.Select(t => t.Handle)];
        fixed (nint* p = handles)
            Native.Check(Native.ev_group_apply(Handle, p, handles.Length, Native.Flag(sum)));
        GC.KeepAlive(tensors);
        GC.KeepAlive(this);
    }

    private void Close()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
            Native.ev_group_free(handle);
    }
}
