using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>What this machine, or the control group (version 1 or 2) that it keeps this process in, has of memory for it.</summary>
internal static class MachineMemory
{
    /// <summary>What this process may have resident now: what it has, and what is free.</summary>
    internal static MemoryBound Bound() => OperatingSystem.IsLinux() ? Linux("/", ResidentMemory.Now()) : Elsewhere();

    /// <summary>The same from the files of a Linux system.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
    /// <param name="own">Bytes that this process has resident.</param>
    internal static MemoryBound Linux(string root, long own)
    {
        MemoryBound bound = MemoryBound.None;
        if (Kilobytes(Lines(Path.Combine(root, "proc/meminfo")), "MemAvailable:") is { } free)
        {
            bound = new MemoryBound(own + free, "what is free on this machine");
        }

        foreach (string folder in ControlGroups(root))
        {
            if (ControlGroup(folder) is { } left)
            {
                bound = bound.And(new MemoryBound(own + left, "what its control group leaves"));
            }
        }
        return bound;
    }

    private static MemoryBound Elsewhere()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        long total = info.TotalAvailableMemoryBytes, used = info.MemoryLoadBytes;
        return total > 0 ? new MemoryBound(Math.Max(0, total - used) + Environment.WorkingSet, "what is free on this machine") : MemoryBound.None;
    }

    /// <summary>Folders of the groups that account for this process's memory, from its own up to the root: a bound of any of them holds. In a container, whose
    /// own path is not seen from inside, the root is its group.</summary>
    private static IEnumerable<string> ControlGroups(string root)
    {
        foreach (string line in Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3 || !(parts[1].Length == 0 || parts[1].Split(',').Contains("memory")))
            {
                continue;
            }

            string mount = Path.Combine(root, parts[1].Length == 0 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
            for (string path = parts[2].Trim('/'); path.Length > 0; path = Path.GetDirectoryName(path) ?? "")
            {
                yield return Path.Combine(mount, path);
            }

            yield return mount;
        }
    }

    /// <summary>Bytes that a group has left; null where it has no bound, or is not there. Cached pages of files that are not in use are given back when asked for.</summary>
    private static long? ControlGroup(string folder)
    {
        (string Limit, string Usage, string Cached)[] versions =
            [("memory.max", "memory.current", "inactive_file"), ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")];
        foreach ((string limitFile, string usageFile, string cached) in versions)
        {
            // A group without a bound says "max", or, in version 1, about 2^63.
            if (Number(Path.Combine(folder, limitFile)) is { } limit and < 1L << 60 && Number(Path.Combine(folder, usageFile)) is { } usage)
            {
                string? line = Lines(Path.Combine(folder, "memory.stat")).FirstOrDefault(l => l.StartsWith(cached + " ", StringComparison.Ordinal));
                long reclaimable = line is not null && long.TryParse(line.AsSpan(cached.Length + 1), CultureInfo.InvariantCulture, out long bytes) ? bytes : 0;
                return Math.Max(0, limit - usage + Math.Clamp(reclaimable, 0, usage));
            }
        }
        return null;
    }

    private static long? Number(string file) =>
        Lines(file) is [{ } first, ..] && long.TryParse(first, CultureInfo.InvariantCulture, out long value) && value >= 0 ? value : null;

    /// <summary>The bytes of a line such as <c>VmRSS: 12 kB</c>.</summary>
    internal static long? Kilobytes(IEnumerable<string> lines, string name)
    {
        string? line = lines.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line is not null && long.TryParse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture, out long value) ? value << 10 : null;
    }

    internal static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
