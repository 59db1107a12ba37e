using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>Priority and processor time of the calling thread.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;
    private const int Low = 10;

    /// <summary>What <see cref="Thread.Priority"/> does not do on Linux: there a nice value belongs to a thread, 0 is the calling one.</summary>
    public static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(0, 0, Low);
        }
    }

    /// <summary>Zero where it is not known.</summary>
    public static TimeSpan CpuTime
    {
        get
        {
            Timespec time = default;
            return OperatingSystem.IsLinux() && GetTime(ThreadCpuTime, ref time) == 0
                ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick) : default;
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, ref Timespec time);

    private struct Timespec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
