using System.Text;
using TorchSharp.Interop;

namespace TorchSharp.Distributed;

/// <summary>Keys and values that processes share through a socket: one of them serves, all of them connect. libtorch's TCPStore.</summary>
public sealed unsafe class Store : IDisposable
{
    private nint _handle;

    /// <summary>Serves the store, or connects to it.</summary>
    /// <param name="host">Where it is served.</param>
    /// <param name="port">The port there.</param>
    /// <param name="serve">Whether this process serves it.</param>
    /// <param name="timeout">How long to try to connect.</param>
    /// <param name="prefix">Put before all keys.</param>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The port is in use, or nobody serves there in time.</exception>
    public Store(string host, int port, bool serve, TimeSpan timeout, string prefix)
    {
        _handle = Native.ev_store_open(host, port, Native.Flag(serve), (long)timeout.TotalMilliseconds, prefix);
        if (_handle == 0)
            throw Native.Error();
    }

    /// <summary>Frees what a store that was forgotten holds.</summary>
    ~Store() => Close();

    internal nint Handle => _handle == 0 ? throw new ObjectDisposedException(nameof(Store)) : _handle;

    /// <summary>Sets a value.</summary>
    public void Set(string key, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        fixed (byte* p = bytes)
            Native.Check(Native.ev_store_set(Handle, key, p, bytes.Length));
        GC.KeepAlive(this);
    }

    /// <summary>Adds to a number, which begins at 0, and returns it.</summary>
    public long Add(string key, long value)
    {
        long result;
        Native.Check(Native.ev_store_add(Handle, key, value, &result));
        GC.KeepAlive(this);
        return result;
    }

    /// <summary>The value of a key, or null where it is not set; never waits.</summary>
    public string? Get(string key)
    {
        int there = Native.ev_store_has(Handle, key);
        Native.Check(there);
        if (there == 0)
            return null;
        nint value = Native.ev_store_get(Handle, key);
        if (value == 0)
            throw Native.Error();
        using var bytes = new torch.Tensor(value);
        GC.KeepAlive(this);
        return Encoding.UTF8.GetString(bytes.bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    private void Close()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
            Native.ev_store_free(handle);
    }
}
