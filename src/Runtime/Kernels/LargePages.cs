using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What Linux is told of large memory (madvise); elsewhere nothing is.</summary>
internal static unsafe partial class LargePages
{
    /// <summary>Bytes of a large page where pages are of 4 KiB.</summary>
    internal const int Size = 2 << 20;

    private const int HugePages = 14;
    private const int NotNeeded = 4;
    private const long LargestPage = 1 << 16;

    /// <summary>Asks for large pages where whole ones fit: where the system gives them, one fault stands for hundreds. Untouched memory only.</summary>
    internal static void Ask(void* start, long bytes)
    {
        nint first = (nint)(((nuint)start + Size - 1) & ~(nuint)(Size - 1));
        long whole = ((byte*)start + bytes - (byte*)first) & ~(Size - 1L);
        if (OperatingSystem.IsLinux() && whole > 0)
        {
            _ = Advise(first, (nuint)whole, HugePages);
        }
    }

    /// <summary>The same for a large array, which stays where it is.</summary>
    internal static void Ask(byte[] bytes)
    {
        if (bytes.Length >= 2 * Size)
        {
            fixed (byte* start = bytes)
            {
                Ask(start, bytes.Length);
            }
        }
    }

    /// <summary>Gives the memory behind an address, the start of a page, back to the system: it reads as zeros.</summary>
    internal static void GiveBack(void* start, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise((nint)start, (nuint)(bytes & ~(LargestPage - 1)), NotNeeded);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
