using System.Diagnostics;

namespace EdgeVit.Quantize;

/// <summary>The memory that this process has resident, bytes.</summary>
internal static class ResidentMemory
{
    private const string Status = "/proc/self/status";

    private static long s_most;

    /// <summary>What it has now.</summary>
    internal static long Now() => Linux("VmRSS:") ?? Environment.WorkingSet;

    /// <summary>The most that it has had, whatever was measured meanwhile.</summary>
    internal static long Most() => Math.Max(s_most, Peak());

    /// <summary>The most that it has had since <see cref="Restart"/>.</summary>
    internal static long Peak()
    {
        if (Linux("VmHWM:") is { } most)
        {
            return most;
        }

        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    /// <summary>Gives unused memory back to the system and lets <see cref="Peak"/> begin anew.</summary>
    /// <returns>Whether this system can do that.</returns>
    internal static bool Restart()
    {
        s_most = Most();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        NativeHeap.Trim();
        try
        {
            // Linux, proc(5): 5 sets the high-water mark to what is resident now.
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long? Linux(string name) => OperatingSystem.IsLinux() ? MachineMemory.Kilobytes(MachineMemory.Lines(Status), name) : null;
}
