namespace EdgeVit.Runtime;

/// <content>The epilogue that is being filled.</content>
internal sealed unsafe partial class EpilogueBuilder
{
    /// <summary>Fills the first of some slots that may still change what is in registers; where there is none, in an epilogue of its own.</summary>
    private void Change(int first, int count, Slot slot, NeighbourRows? neighbours = null)
    {
        if (!TryChange(first, count, slot, neighbours))
        {
            Reload();
            Set(first, slot, neighbours);
        }
    }

    private bool TryChange(int first, int count, Slot slot, NeighbourRows? neighbours)
    {
        uint present = RowKernel.Present(_slots);
        for (int at = first; at < first + count; at++)
        {
            if (present >> at == 0)
            {
                Set(at, slot, neighbours);
                return true;
            }
        }

        return false;
    }

    /// <summary>Fills the first free one of some slots that leave alone what is in registers.</summary>
    private void Finish(int first, int count, Slot slot)
    {
        int at = first;
        while (at < first + count && _slots[at].IsPresent)
        {
            at++;
        }

        if (at == first + count)
        {
            Reload();
            at = first;
        }

        Set(at, slot, null);
    }

    private void Set(int at, Slot slot, NeighbourRows? neighbours)
    {
        _slots[at] = slot;
        _neighbours[at] = neighbours;
    }

    /// <summary>Writes what is in registers to its place.</summary>
    private void Store() => Set(_slots[Slots.Norm].IsPresent ? Slots.NormStore : Slots.Store, Place(_register!, _channels), null);

    /// <summary>Goes on in an epilogue of its own.</summary>
    private void Reload()
    {
        string value = _register!;
        Store();
        Open(_channels, Place(value, _channels), null);
        _register = value;
    }

    private void InRegister(string value)
    {
        if (_register != value)
        {
            (Slot row, NeighbourRows? neighbours) = Row(value);
            Open(shapes[value].Channels, row, neighbours);
            _register = value;
        }
    }

    private void Load(GraphNode node, NeighbourRows rows) => Open(shapes[node.Output].Channels, Sum(rows), rows);

    /// <summary>Loads a sum of rows that have weights.</summary>
    private void Weighted(GraphNode node, NeighbourRows rows)
    {
        int channels = shapes[node.Output].Channels;
        Open(channels, Sum(rows) with { P1 = weights.Bias(node, channels), P2 = weights.Rows(node.Tensors["weight"], channels) }, rows);
    }

    /// <summary>Whether bits leave the registers, of which words are whole; floats of a padding that nobody reads are left out.</summary>
    private bool WritesBits => draft.All.Any(node => node.Op is Op.ShiftSign or Op.GroupMeanChannels or Op.TileChannels or Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention);

    private void Open(int channels, Slot source, NeighbourRows? neighbours)
    {
        Close();
        _channels = WritesBits ? ValueShape.Pad(channels) : (channels + NarrowBlock - 1) / NarrowBlock * NarrowBlock;
        _slots = new Slot[Slots.Count];
        _neighbours = new NeighbourRows?[Slots.Count];
        Set(Slots.Source, source, neighbours);
    }

    private void Close()
    {
        if (_slots.Length > 0)
        {
            var epilogue = new Epilogue(_channels, _slots, _neighbours);
            if (epilogue.IsCopy && !compiled)
            {
                _passes.Add(new RowToRow(_slots[Slots.Source], _slots[Slots.Store], _channels, 1, false));
            }
            else if (epilogue.Writes || _slots[Slots.Source].Space == RowSpace.Tile)
            {
                _passes.Add(epilogue);
            }
        }

        _slots = [];
        _register = null;
    }

    /// <summary>The row of a value, through the view that it may be.</summary>
    private (Slot Slot, NeighbourRows? Neighbours) Row(string value)
    {
        string stored = grouping.Base(value);
        if (grouping.View(value) is not { } view)
        {
            return (Place(stored), null);
        }

        if (view.Op == Op.TileChannels)
        {
            return (Place(stored) with { Modulo = shapes[stored].Channels }, null);
        }

        var rows = NeighbourRows.UpSampled(places.Offset(stored), shapes[stored], view.Attributes["factor"]);
        return (Sum(rows), rows);
    }

    private Slot Sum(NeighbourRows rows) => new()
    {
        Space = RowSpace.Arena,
        Offset = rows.Offset,
        Reach = rows.Reach(draft.Width),
        Places = rows.Places(weights, places.ZeroRows, draft.Height * draft.Width, draft.Width),
        Rows = rows.Rows.Length / rows.Parts,
        Parts = rows.Parts,
        Factor = rows.Factor,
    };

    private Slot Place(string value) => Place(value, shapes[value].Channels);

    private Slot Place(string value, int channels)
    {
        if (places.IsStored(value))
        {
            return new Slot { Space = RowSpace.Arena, Offset = places.Offset(value), Stride = ValuePlaces.Stride(shapes[value]) };
        }

        if (!_scratch.TryGetValue(value, out long offset))
        {
            offset = _rowBytes;
            _scratch[value] = offset;
            _rowBytes += ValueShape.Pad(channels) * (long)sizeof(float);
        }

        return new Slot { Space = RowSpace.Scratch, Offset = offset };
    }
}
