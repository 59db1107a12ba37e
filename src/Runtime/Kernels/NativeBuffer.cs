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

        // Large memory comes zeroed from the system, untouched; clearing it would bring every page into the process. Where the system gives
        // large pages when asked, a few faults stand for hundreds.
        bool huge = OperatingSystem.IsLinux() && Bytes >= LargePages.Size;
        nuint alignment = huge ? LargePages.Size : (nuint)Alignment;
        _start = NativeMemory.AllocZeroed((nuint)Bytes + alignment - 1);
        Pointer = (byte*)(((nuint)_start + (alignment - 1)) & ~(alignment - 1));
        if (huge)
        {
            LargePages.Ask(Pointer, Bytes);
        }
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

    /// <summary>The allocator may keep freed memory for later; large buffers give theirs back to the system at once.</summary>
    private void Free()
    {
        if (_start is not null && OperatingSystem.IsLinux() && Bytes >= LargePages.Size)
        {
            LargePages.GiveBack(Pointer, Bytes);
        }

        NativeMemory.Free(_start);
        _start = null;
        Pointer = null;
    }
}
