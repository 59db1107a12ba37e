using System.Diagnostics;

namespace EdgeVit.Devices;

/// <summary>Measures how much of the machine other processes use between two moments.</summary>
public sealed class CpuLoad
{
    /// <summary><c>/proc/stat</c> counts in hundredths of a second on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    private readonly SystemFiles _files;
    private readonly Func<double> _ownSeconds;
    private readonly (double Busy, double Total)? _start;
    private readonly double _ownStart;

    /// <summary>Begins a measurement now.</summary>
    /// <param name="files">Where <c>/proc/stat</c> is.</param>
    /// <param name="ownSeconds">Processor time of this process so far, seconds; the real one by default.</param>
    public CpuLoad(SystemFiles? files = null, Func<double>? ownSeconds = null)
    {
        _files = files ?? SystemFiles.Machine;
        _ownSeconds = ownSeconds ?? OwnSeconds;
        _ownStart = _ownSeconds();
        _start = Counters(_files);
    }

    /// <summary>Share of the processors' time that other processes have used since the beginning, 0 to 1; null where it cannot be known.</summary>
    public double? OthersShare()
    {
        if (_start is not { } start || Counters(_files) is not { } end || end.Total <= start.Total)
        {
            return null;
        }

        double own = (_ownSeconds() - _ownStart) * TicksPerSecond;
        return Math.Clamp((end.Busy - start.Busy - own) / (end.Total - start.Total), 0, 1);
    }

    private static double OwnSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>The first line: <c>cpu user nice system idle iowait irq softirq steal ...</c>, over all processors. Time stolen by a
    /// hypervisor's other guests counts as busy.</summary>
    private static (double Busy, double Total)? Counters(SystemFiles files)
    {
        string? line = files.Lines("proc/stat").FirstOrDefault(l => l.StartsWith("cpu ", StringComparison.Ordinal));
        if (line is null)
        {
            return null;
        }

        double[] ticks = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(t => ulong.TryParse(t, System.Globalization.CultureInfo.InvariantCulture, out ulong count) ? count : double.NaN)];
        if (ticks.Length < 5 || ticks.Any(double.IsNaN))
        {
            return null;
        }

        double total = ticks.Sum();
        return (total - ticks[3] - ticks[4], total);
    }
}
