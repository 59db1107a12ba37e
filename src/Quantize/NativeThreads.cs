using System.Runtime.InteropServices;

namespace EdgeVit.Quantize;

/// <summary>libtorch's threads (GNU OpenMP). By default they spin while they wait for one another, so that a training on all processors becomes many times slower as
/// soon as another program has one of them.</summary>
internal static partial class NativeThreads
{
    private const string Policy = "OMP_WAIT_POLICY";

    /// <summary>Lets them sleep, unless the environment says otherwise. To be called before libtorch is loaded, which reads the process's own environment
    /// once.</summary>
    internal static void SleepWhileWaiting()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            Set(Policy, "passive", overwrite: 0);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library: threads wait as it likes.
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string name, string value, int overwrite);
}
