using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EdgeVit.Export;

/// <summary>Where numbers of processes mean something, and whether a number is still that of the process that wrote it down.</summary>
internal static class ProcessSpace
{
    /// <summary>Hashes of this start of this machine, and of that and the container on it; empty where they cannot be known.</summary>
    internal static (string Machine, string Container) Here()
    {
        const string Boot = "/proc/sys/kernel/random/boot_id", Numbers = "/proc/self/ns/pid";
        static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];
        try
        {
            string boot = File.ReadAllText(Boot);
            return (Hash(boot), Hash($"{boot}{new FileInfo(Numbers).LinkTarget}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ("", "");
        }
    }

    /// <summary>When a process began, in ticks since the start of the machine, field 22 of proc_pid_stat(5); null where that is not to be seen.</summary>
    internal static long? StartTicks(int process)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            // The name, in brackets, may hold anything.
            string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > 19 && long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out long ticks) ? ticks : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether certainly no process has a number; one of another user, whom a system may hide, has it.</summary>
    internal static bool IsNone(int process)
    {
        if (process <= 0)
        {
            return false;
        }

        try
        {
            // It asks kill(2), to which processes of others that proc hides are there.
            using var found = Process.GetProcessById(process);
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
