using System.Runtime.InteropServices;

namespace EdgeVit.Quantize;

/// <summary>glibc's heap, set up for tensors. A training step takes and gives back the same hundreds of megabytes; by default the larger blocks go back to
/// the system at once, which zeroes them and maps them anew page by page, a sixth of the step and more in virtual machines.</summary>
internal static partial class NativeHeap
{
    // malloc.h
    private const int TrimThreshold = -1, TopPad = -2, MmapThreshold = -3;

    /// <summary>The largest threshold that glibc takes on 64 bits.</summary>
    private const int MostMmapThreshold = 32 << 20;

    /// <summary>Keeps what is given back for the next step. Does nothing where there is no glibc, or where its variables decide.</summary>
    internal static void KeepBlocks()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(k => k.StartsWith("MALLOC_", StringComparison.Ordinal)))
        {
            return;
        }

        try
        {
            Set(MmapThreshold, MostMmapThreshold);
            Set(TrimThreshold, int.MaxValue);
            Set(TopPad, MostMmapThreshold);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library, which does as it likes.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Set(int parameter, int value);
}
