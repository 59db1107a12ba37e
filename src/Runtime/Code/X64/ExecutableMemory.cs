using System.ComponentModel;
using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>Machine code in memory of its own: written first, then made executable and no longer writable.</summary>
internal sealed unsafe partial class ExecutableMemory : IDisposable
{
    private const int ProtectRead = 1;
    private const int ProtectWrite = 2;
    private const int ProtectExecute = 4;
    private const int MapPrivate = 2;
    private const uint CommitAndReserve = 0x3000;
    private const uint Release = 0x8000;
    private const uint PageReadWrite = 0x04;
    private const uint PageExecuteRead = 0x20;

    private readonly nuint _bytes;
    private nint _pointer;

    private ExecutableMemory(nint pointer, nuint bytes)
    {
        _pointer = pointer;
        _bytes = bytes;
    }

    ~ExecutableMemory() => Free();

    /// <summary>Address of the first byte.</summary>
    internal nint Pointer => _pointer;

    /// <summary>True where this process may run code that it wrote; hardened systems forbid it.</summary>
    internal static bool IsAllowed { get; } = Probe();

    /// <summary>Makes code executable.</summary>
    /// <exception cref="Win32Exception">The system refused.</exception>
    internal static ExecutableMemory Of(ReadOnlySpan<byte> code)
    {
        var bytes = (nuint)code.Length;
        nint pointer;
        bool executable;
        if (OperatingSystem.IsWindows())
        {
            pointer = VirtualAlloc(0, bytes, CommitAndReserve, PageReadWrite);
            if (pointer == 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }

            code.CopyTo(new Span<byte>((void*)pointer, code.Length));
            executable = VirtualProtect(pointer, bytes, PageExecuteRead, out _) != 0;
        }
        else
        {
            int anonymous = OperatingSystem.IsMacOS() ? 0x1000 : 0x20;
            pointer = Map(0, bytes, ProtectRead | ProtectWrite, MapPrivate | anonymous, -1, 0);
            if (pointer == -1)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }

            code.CopyTo(new Span<byte>((void*)pointer, code.Length));
            executable = Protect(pointer, bytes, ProtectRead | ProtectExecute) == 0;
        }

        int error = Marshal.GetLastPInvokeError();
        var memory = new ExecutableMemory(pointer, bytes);
        if (!executable)
        {
            memory.Dispose();
            throw new Win32Exception(error);
        }

        return memory;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static bool Probe()
    {
        try
        {
            using ExecutableMemory memory = Of([0xC3]);
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private void Free()
    {
        nint pointer = Interlocked.Exchange(ref _pointer, 0);
        if (pointer == 0)
        {
            return;
        }

        _ = OperatingSystem.IsWindows() ? VirtualFree(pointer, 0, Release) : Unmap(pointer, _bytes);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nint VirtualAlloc(nint address, nuint size, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(nint address, nuint size, uint protection, out uint old);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(nint address, nuint size, uint type);
}
