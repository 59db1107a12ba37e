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

    /// <summary>Blocks from this size on go back to the system as soon as they are free.</summary>
    private const int ReturnedBlock = 1 << 20;

    private static bool s_returns;

    /// <summary>Keeps what is given back for the next step. Does nothing where there is no glibc, or where its variables decide.</summary>
    internal static void KeepBlocks()
    {
        s_returns = false;
        Set(mmapThreshold: MostMmapThreshold, trimThreshold: int.MaxValue, topPad: MostMmapThreshold);
    }

    /// <summary>Gives back at once what is no longer used, from now on: slower, and the process is no larger than what it uses. Where glibc's variables decide,
    /// it does so when it is asked alone, see <see cref="TrimWhereShort"/>.</summary>
    internal static void ReturnBlocks()
    {
        s_returns = true;
        Set(mmapThreshold: ReturnedBlock, trimThreshold: MostMmapThreshold, topPad: 0);
        Trim();
    }

    /// <summary>Sets the heap's limits, where there is glibc and its variables do not decide.</summary>
    private static void Set(int mmapThreshold, int trimThreshold, int topPad)
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(k => k.StartsWith("MALLOC_", StringComparison.Ordinal)))
        {
            return;
        }

        try
        {
            Set(MmapThreshold, mmapThreshold);
            Set(TrimThreshold, trimThreshold);
            Set(TopPad, topPad);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library, which does as it likes.
        }
    }

    /// <summary>Gives back what is not used at this moment, where memory is short.</summary>
    internal static void TrimWhereShort()
    {
        if (s_returns)
        {
            Trim();
        }
    }

    /// <summary>Gives back what is not used at this moment.</summary>
    internal static void Trim()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            GiveBack(0);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library, which does as it likes.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int GiveBack(nint pad);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Set(int parameter, int value);
}
