using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>Zeroed memory outside the garbage collector's heap, aligned to a cache line. Freed by <see cref="Dispose"/> or, where that was
/// forgotten, by the finalizer.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Alignment = 64;

    private void* _start;

    internal NativeBuffer(long bytes)
    {
        Bytes = Math.Max(bytes, Alignment);

        // Large memory comes zeroed from the system, untouched; clearing it would bring every page into the process.
        _start = NativeMemory.AllocZeroed((nuint)(Bytes + Alignment - 1));
        Pointer = (byte*)(((nuint)_start + (Alignment - 1)) & ~(nuint)(Alignment - 1));
    }

    ~NativeBuffer() => Free();

    internal byte* Pointer { get; private set; }

    internal long Bytes { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>For tables that live as long as the process.</summary>
    internal static byte* AllocateForever(int bytes)
    {
        byte* pointer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        NativeMemory.Clear(pointer, (nuint)bytes);
        return pointer;
    }

    private void Free()
    {
        NativeMemory.Free(_start);
        _start = null;
        Pointer = null;
    }
}
