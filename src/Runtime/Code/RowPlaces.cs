namespace EdgeVit.Runtime;

/// <summary>How code reaches a row.</summary>
internal enum RowAccess
{
    /// <summary>The slot has no row.</summary>
    None,

    /// <summary>A pointer that moves on with the tokens.</summary>
    Pointer,

    /// <summary>The thread's scratch, one row for each token of the tile.</summary>
    Scratch,

    /// <summary>A table of arena offsets, by token.</summary>
    Table,
}

/// <summary>Where a slot's row and parameters are.</summary>
/// <param name="Access">How the row is reached.</param>
/// <param name="Slot">Its pointer, or its table's.</param>
/// <param name="Offset">Scratch: bytes to token 0's row.</param>
/// <param name="Stride">Bytes from token to token within a tile.</param>
/// <param name="Index">Register that counts the bytes within the row.</param>
/// <param name="Literal">First of the literals that point at parameter vectors.</param>
/// <param name="MaskLiteral">Literal that points at the bits of the real channels; -1 where all are real.</param>
internal readonly record struct RowPlace(RowAccess Access, int Slot, int Offset, int Stride, Gpr Index, int Literal, int MaskLiteral);

/// <summary>The places of all slots of a step.</summary>
internal sealed unsafe class RowPlaces
{
    private readonly ValueList<RowPlace> _places = new(Slots.Count);
    private readonly RowPointers _pointers;
    private readonly OffsetTables _tables;
    private readonly int _scratchRowBytes;

    internal RowPlaces(RowPointers pointers, OffsetTables tables, int scratchRowBytes)
    {
        _pointers = pointers;
        _tables = tables;
        _scratchRowBytes = scratchRowBytes;
    }

    internal RowPlace this[int pass, int slot] => _places[(pass * Slots.Count) + slot];

    /// <summary>Finds the places of the next pass' slots.</summary>
    internal void Add(Epilogue pass, StepGrid grid)
    {
        for (int slot = 0; slot < Slots.Count; slot++)
        {
            Add(slot, pass.Items[slot], pass.Neighbours[slot], grid);
        }
    }

    private void Add(int slot, in Slot s, NeighbourRows? rows, StepGrid grid)
    {
        int literal = -1;
        if (rows is { IsSum: true })
        {
            literal = _pointers.Literal(s.Factor);
        }

        foreach (nint parameter in (ReadOnlySpan<nint>)[(nint)s.P0, (nint)s.P1, (nint)s.P2])
        {
            if (parameter != 0)
            {
                int place = _pointers.Literal(parameter);
                literal = literal < 0 ? place : literal;
            }
        }

        int mask = slot is >= Slots.Sign and < Slots.Mean && (s.Number & 63) != 0 ? _pointers.Literal((long)_tables.RealChannels(s.Number)) : -1;
        Gpr index = s.Modulo != 0 ? Registers.Repeating : Registers.Channel;
        _places.Add(s switch
        {
            { Places: not null } when rows is { IsSum: false } => Table(s.Places, rows.Rows.Length * sizeof(int)),
            { Places: not null } => slot == Slots.Source ? Table(_tables.Places(rows!, grid), sizeof(int)) : Table(_tables.Neighbours(rows!, grid), 7 * sizeof(int)),
            { Space: RowSpace.Scratch } => new RowPlace(RowAccess.Scratch, -1, (int)s.Offset, _scratchRowBytes, index, literal, mask),
            { Space: RowSpace.Arena or RowSpace.Weights } =>
                new RowPlace(RowAccess.Pointer, _pointers.Add(s.Space == RowSpace.Arena, s.Offset, s.Stride), 0, (int)s.Stride, index, literal, mask),
            _ => new RowPlace(RowAccess.None, -1, 0, 0, index, literal, mask),
        });

        RowPlace Table(int* table, int stride) =>
            new(RowAccess.Table, _pointers.Add(false, (long)table, stride), 0, stride, index, literal, mask);
    }

    /// <summary>What decides the code, beside the slots' own numbers.</summary>
    internal void Describe(ValueList<int> form)
    {
        foreach (RowPlace p in _places)
        {
            form.AddRange([(int)p.Access, p.Slot, p.Offset, p.Stride, (int)p.Index, p.Literal, p.MaskLiteral]);
        }
    }
}
