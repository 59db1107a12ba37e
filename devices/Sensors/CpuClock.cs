namespace EdgeVit.Devices;

/// <summary>How fast the processor may and does run; null where unknown.</summary>
/// <param name="Governor">The frequency governor of the first processor, such as <c>ondemand</c>.</param>
/// <param name="CurrentMHz">The fastest core at this moment.</param>
/// <param name="MaximumMHz">The highest frequency of any core.</param>
public sealed record CpuClock(string? Governor, double? CurrentMHz, double? MaximumMHz)
{
    internal const string Cpus = "sys/devices/system/cpu";

    /// <summary>Reads <c>cpufreq</c>; where there is none, the current frequency comes from <c>/proc/cpuinfo</c>.</summary>
    public static CpuClock Read(SystemFiles? files = null)
    {
        files ??= SystemFiles.Machine;
        string[] cores = [.. Cores(files).Select(name => $"{Cpus}/{name}/cpufreq")];
        string? governor = cores.Select(core => files.Text($"{core}/scaling_governor")).FirstOrDefault(text => text is not null);
        double? current = Highest(cores.Select(core => files.Integer($"{core}/scaling_cur_freq")));
        double? maximum = Highest(cores.Select(core => files.Integer($"{core}/cpuinfo_max_freq")));
        return new CpuClock(governor, current ?? FromCpuInfo(files), maximum);
    }

    /// <summary>The folders <c>cpu0</c>, <c>cpu1</c>, ...</summary>
    internal static IReadOnlyList<string> Cores(SystemFiles files) =>
        [.. files.Folders(Cpus, "cpu").Where(name => name.Length > 3 && char.IsAsciiDigit(name[3]))];

    /// <summary>The files hold kHz.</summary>
    private static double? Highest(IEnumerable<long?> kilohertz) => kilohertz.Max() is { } value ? value / 1000.0 : null;

    internal static double? FromCpuInfo(SystemFiles files)
    {
        double highest = 0;
        foreach (string line in files.Lines("proc/cpuinfo"))
        {
            if (line.StartsWith("cpu MHz", StringComparison.Ordinal)
                && double.TryParse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..], System.Globalization.CultureInfo.InvariantCulture, out double value))
            {
                highest = Math.Max(highest, value);
            }
        }
        return highest > 0 ? highest : null;
    }
}
