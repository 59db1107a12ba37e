namespace EdgeVit.Runtime;

/// <summary>One pass over a row.</summary>
internal abstract record RowPass;

/// <summary>A pass over blocks of channels in registers, by slots of one fixed order.</summary>
/// <param name="Channels">Channels, padded to whole words of bits, or where none are written to 32.</param>
/// <param name="Items">What is in each of the <see cref="Slots"/>.</param>
/// <param name="Neighbours">The geometry of the slots that sum rows of other tokens; null elsewhere.</param>
internal sealed record Epilogue(int Channels, Slot[] Items, NeighbourRows?[] Neighbours) : RowPass
{
    private const uint Written = (1U << Slots.Store) | (1U << Slots.NormStore) | (((1U << Slots.MostSigns) - 1) << Slots.Sign) | (1U << Slots.Mean);

    /// <summary>Which slots are present: bit i for slot i.</summary>
    internal uint Present => RowKernel.Present(Items);

    internal bool Has(int slot) => Items[slot].IsPresent;

    /// <summary>True where something leaves the registers.</summary>
    internal bool Writes => (Present & Written) != 0;

    /// <summary>A row that only goes to memory, such as the logits: a copy, which needs no kernel.</summary>
    internal bool IsCopy => Present == ((1U << Slots.Source) | (1U << Slots.Store)) && Items[Slots.Source] is { Modulo: 0 } source && IsRow(source);

    private static unsafe bool IsRow(in Slot source) => source.Places == null && source.P0 == null;
}

/// <summary>A pass from one row in memory to another.</summary>
/// <param name="From">The row that is read.</param>
/// <param name="To">The row that is written.</param>
/// <param name="Channels">Real channels of the shorter row.</param>
/// <param name="Factor">Adjacent channels of a mean, or how often the row is repeated.</param>
/// <param name="IsMean">True for means of adjacent channels; false to repeat the row (for channels that are no multiple of 64, and once for a mere
/// copy).</param>
internal sealed record RowToRow(Slot From, Slot To, int Channels, int Factor, bool IsMean) : RowPass;
