using System.Globalization;
using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>The process that writes a run folder, as the folder says it.</summary>
/// <param name="Machine">The machine's name.</param>
/// <param name="Space">Where the number of the process means something: hashes of this start of this machine, and of the container on it.</param>
/// <param name="Started">When the process began to write, UTC.</param>
/// <param name="Ticks">When the process began, in ticks since the start of the machine, which no setting of a clock changes; 0 where that is not known.</param>
internal sealed record RunOwner(int Process, string Machine, string Space, DateTime Started, long Ticks = 0)
{
    internal static RunOwner Here() => new(Environment.ProcessId, Environment.MachineName, SpaceHere(), DateTime.UtcNow, ProcessSpace.StartTicks(Environment.ProcessId) ?? 0);

    /// <summary>The owner that a text names; null where it names none.</summary>
    internal static RunOwner? Parse(string text) =>
        text.Trim().Split('\t') is [var process, var machine, var space, var started, .. var more] && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && DateTime.TryParse(started, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time)
            ? new RunOwner(number, machine, space, time, more is [var last] && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long ticks) ? ticks : 0) : null;

    /// <summary>Whether it certainly was a process of this machine, or container, that is no more. Of another machine's nothing is known.</summary>
    internal bool IsGone()
    {
        if (Machine != Environment.MachineName || Space.Length == 0 || Space != SpaceHere())
        {
            return false;
        }

        // Numbers are given again: who began at another time is another.
        return ProcessSpace.StartTicks(Process) is { } ticks ? Ticks != 0 && ticks != Ticks : ProcessSpace.IsNone(Process);
    }

    /// <summary>Whether it certainly is a process of this machine, or container, that runs.</summary>
    internal bool Lives() => Ticks != 0 && Machine == Environment.MachineName && Space.Length > 0 && Space == SpaceHere() && ProcessSpace.StartTicks(Process) == Ticks;

    /// <summary>Whether it was a process of this start of this machine, in whichever container: locks then tell the truth.</summary>
    internal bool SharesKernel() => Space.Length == 0 ? Machine == Environment.MachineName : Space.Split('-')[0] == SpaceHere().Split('-')[0];

    internal string Text => string.Create(CultureInfo.InvariantCulture, $"process {Process} on {Machine} since {Started:yyyy-MM-dd HH:mm:ss} UTC");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Process}\t{Machine}\t{Space}\t{Started:O}\t{Ticks}\n");

    private static string SpaceHere() => ProcessSpace.Here() is ({ Length: > 0 } machine, var container) ? $"{machine}-{container}" : "";
}
