using System.Diagnostics;

namespace EdgeVit.Quantize;

/// <summary>A conversion: what is asked for, and who follows it and takes part.</summary>
/// <param name="Options">Checked and completed options.</param>
/// <param name="Group">The processes that train together; null for this one alone.</param>
internal sealed record RunContext(ConvertOptions Options, IConvertProgress Progress, CancellationToken Cancel, ProcessGroup? Group)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    internal RunFolder Folder { get; } = new(Options.Out);

    internal Deadline Deadline { get; } = Options.StopAfter is { } time ? Deadline.In(time) : default;

    /// <summary>Whether this process writes and decides.</summary>
    internal bool Leads => ProcessGroup.Leads(Group);

    /// <summary>How much memory this process may have.</summary>
    internal MemoryBound Memory { get; } = MemoryBound.Of(Options.Memory).Among(Group?.Sharers ?? 1);

    /// <summary>Time since the start.</summary>
    internal TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>The most memory that the process had resident, bytes.</summary>
    internal static long PeakMemory() => ResidentMemory.Most();

    /// <summary>Says who trains together.</summary>
    internal void Introduce()
    {
        if (Group is null)
        {
            return;
        }

        Progress.Report(new Note(Group.Text));
        if (Group.Warning is { } warning)
        {
            Progress.Report(new Warned(warning));
        }
    }
}
