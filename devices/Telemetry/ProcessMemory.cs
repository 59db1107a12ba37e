namespace EdgeVit.Devices;

/// <summary>This process's memory as the kernel counts it.</summary>
/// <param name="ResidentBytes">Resident now.</param>
/// <param name="PeakBytes">The most that was ever resident.</param>
public sealed record ProcessMemory(long ResidentBytes, long PeakBytes)
{
    /// <summary>Reads <c>/proc/self/status</c>; zeros where there is none.</summary>
    public static ProcessMemory Read(SystemFiles? files = null)
    {
        files ??= SystemFiles.Machine;
        IReadOnlyList<string> lines = files.Lines("proc/self/status");
        return new ProcessMemory(Bytes(lines, "VmRSS:"), Bytes(lines, "VmHWM:"));
    }

    private static long Bytes(IReadOnlyList<string> lines, string key)
    {
        string? line = lines.FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return line is not null && long.TryParse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), out long kibibytes) ? kibibytes * 1024 : 0;
    }
}
