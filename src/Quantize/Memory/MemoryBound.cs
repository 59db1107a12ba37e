using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>How much memory this process may have resident in all.</summary>
/// <param name="Bytes">At most so many.</param>
/// <param name="Reason">What sets the bound, as a message says it.</param>
internal sealed record MemoryBound(long Bytes, string Reason)
{
    /// <summary>Share of the bound that is planned with: what others take meanwhile, and what no estimate sees, has the rest.</summary>
    private const double Share = 0.9;

    private const long UsualModest = 1_500_000_000;

    /// <summary>No bound is known.</summary>
    internal static MemoryBound None { get; } = new(long.MaxValue, "nothing bounds it");

    /// <summary>Whether there is a bound.</summary>
    internal bool IsKnown => Bytes != long.MaxValue;

    /// <summary>What may be planned with.</summary>
    internal long Usable => IsKnown ? (long)(Share * Bytes) : long.MaxValue;

    /// <summary>The bound of one of several processes that share this machine.</summary>
    internal MemoryBound Among(int processes) =>
        IsKnown && processes > 1 ? this with { Bytes = Bytes / processes, Reason = string.Create(CultureInfo.InvariantCulture, $"{Reason}, divided among {processes} processes") } : this;

    /// <summary>What a training keeps to where parts of a batch are large all the same, so that neither speed nor norms suffer; no bound where a user has set one.</summary>
    internal long Modest { get; init; } = long.MaxValue;

    /// <summary>The smaller of two bounds.</summary>
    internal MemoryBound And(MemoryBound other) => other.Bytes < Bytes ? other : this;

    /// <summary>The bound that a user sets, or else that of the machine.</summary>
    /// <param name="set">What <c>--memory</c> says; null where it is left out.</param>
    internal static MemoryBound Of(long? set) =>
        MachineMemory.Bound() is var machine && set is { } bytes ? machine.And(new MemoryBound(bytes, "--memory")) : machine with { Modest = UsualModest };
}
